"""The Horde's API: reading accounts and shared keys, and sending kudos."""

from __future__ import annotations

from random import Random

from pydantic import SecretStr

from bot.clock import Clock
from bot.horde.pace import TransferPace
from bot.horde.records import Account, Heartbeat, SharedKey


class HordeClient:
    """One connection pool and one pace for all senders of the process.

    Reading is tried again after failures that may pass; a transfer never is.
    """

    def __init__(
        self, api_url: str, api_key: SecretStr | None, clock: Clock, random: Random
    ) -> None:
        self.pace = TransferPace(clock)
        raise NotImplementedError

    @property
    def server(self) -> str:
        """The origin of the API, such as `https://aihorde.net`."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close all connections; calls after this raise NotSentError."""
        raise NotImplementedError

    async def heartbeat(self) -> Heartbeat:
        """Ask how the server is. Raises HordeError."""
        raise NotImplementedError

    async def own_account(self) -> Account:
        """Read the account that pays. Raises UnfitKeyError or another HordeError."""
        raise NotImplementedError

    async def account(self, horde_id: int) -> Account:
        """Read any account. Raises RefusedForGoodError (UserNotFound) or another HordeError."""
        raise NotImplementedError

    async def shared_key(self, uuid: str) -> SharedKey:
        """Read a shared key, without any key of ours.

        Raises RefusedForGoodError (InvalidAPIKey) where there is none, or another HordeError;
        ValueError where `uuid` is no UUID.
        """
        raise NotImplementedError

    async def transfer(self, payee_id: int, amount: int, key: str) -> None:
        """Send `amount` whole kudos to an account: one attempt, when the pace allows it.

        Returns when the Horde says that it is paid, now or earlier under the same `key`. Raises
        HordeError, and ValueError for what must never be sent.
        """
        raise NotImplementedError
