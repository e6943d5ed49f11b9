"""The Horde's API: reading accounts and shared keys, and sending kudos."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from bot.clock import Clock
from bot.horde import answers, reading
from bot.horde.errors import HordeError, NotKnownError, RefusedForNowError, UnfitKeyError
from bot.horde.headers import node_version
from bot.horde.pace import TransferPace
from bot.horde.payee import is_uuid
from bot.horde.reading import Fields
from bot.horde.records import Account, Heartbeat, SharedKey
from bot.horde.transport import Answer, Request, Timeouts, Transport
from bot.settings import ANONYMOUS_KEY

Record = TypeVar("Record")

ATTEMPTS: Final = 3
"""How often something is read before its failure is told."""
SHORTEST_PAUSE: Final = 0.5
"""Seconds before the first further attempt, at most; twice as many before the next."""
LONGEST_PATIENCE: Final = 10.0
"""Seconds that somebody who waits for an answer is let wait for the Horde's Retry-After."""

OLD_NODE_FOR: Final = timedelta(hours=2)
"""How long the Horde counts as one that may ignore keys, after one of its servers was too old."""

_SHARED = " (Shared Key"
_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}")
_CRASHED = range(500, 600)


class HordeClient:
    """One pool of connections and one pace for all senders of the process.

    Reading is tried again after failures that may pass; a transfer never is.
    """

    def __init__(
        self,
        api_url: str,
        api_key: SecretStr | None,
        clock: Clock,
        random: Random,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.pace = TransferPace(clock)
        self._timeouts = timeouts or Timeouts()
        self._transport = Transport(api_url, self._timeouts.connect)
        self._api_url = api_url
        self._api_key = api_key
        self._clock = clock
        self._random = random
        self._own_id: int | None = None
        self._old_node_at: datetime | None = None
        self._sending = asyncio.Lock()

    @property
    def server(self) -> str:
        """The origin of the API, such as `https://aihorde.net`."""
        parts = urlsplit(self._api_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()

    @property
    def honours_keys(self) -> bool:
        """Whether no server that answered lately was too old for Idempotency-Keys.

        The Horde runs several: one of another version than the heartbeat's may take a transfer.
        """
        seen = self._old_node_at
        return seen is None or abs(self._clock.now() - seen) >= OLD_NODE_FOR

    async def close(self) -> None:
        """Close all connections; every call after this raises NotSentError."""
        await self._transport.close()

    async def heartbeat(self) -> Heartbeat:
        """Ask how the server is. Raises HordeError."""
        return await self._read(Request("GET", "/v2/status/heartbeat"), reading.heartbeat)

    async def own_account(self) -> Account:
        """Read the account that pays. Raises UnfitKeyError or another HordeError."""
        request = Request("GET", "/v2/find_user", {"apikey": self._own_key()})
        account = await self._read(request, _own_account)
        self._own_id = account.id
        return account

    async def account(self, horde_id: int) -> Account:
        """Read any account, as it was at most 30 s ago.

        Raises RefusedForGoodError (UserNotFound) where there is none, or another HordeError.
        """
        _check_id(horde_id)
        return await self._read(Request("GET", f"/v2/users/{horde_id}"), reading.account)

    async def shared_key(self, uuid: str) -> SharedKey:
        """Read a shared key, without any key of ours, as it was at most 60 s ago.

        Raises ValueError where `uuid` is no UUID, RefusedForGoodError (InvalidAPIKey) where there
        is no such key, or another HordeError.
        """
        if not is_uuid(uuid):
            raise ValueError("a shared key is a UUID")
        uuid = uuid.lower()
        request = Request("GET", f"/v2/sharedkeys/{uuid}")
        return await self._read(request, lambda fields: reading.shared_key(fields, uuid))

    async def transfer(self, payee_id: int, amount: int, key: str) -> None:
        """Send `amount` whole kudos to an account: one attempt, as soon as the pace allows it.

        Returns when the Horde says that it is paid, now or earlier under the same `key`. Raises
        HordeError, and ValueError for what must never be sent: to nobody, to a shared key or to
        our own account, less than 1 kudo, without a key.
        """
        self._check_transfer(payee_id, amount, key)
        headers = {"apikey": self._own_key(), "Idempotency-Key": key}
        body = {"username": str(payee_id), "amount": amount}
        request = Request("POST", "/v2/kudos/transfer", headers, body)
        async with self._sending:
            await self.pace.turn()
            await self._send(request, amount)

    async def _send(self, request: Request, amount: int) -> None:
        try:
            answer = await self._transport.ask(request, self._timeouts.transfer)
        finally:
            self.pace.finished()
        now = self._clock.now()
        self._note_node(answer)
        if answers.own(answer) is not None:  # a proxy's limits are not those of transfers
            self.pace.learn(answer.headers)
        # Every answer has a Retry-After, that of a success for the next second.
        if answer.status == answers.TOO_MANY or answer.status in _CRASHED:
            self.pace.not_before(now + timedelta(seconds=answers.pause(answer, now)))
        paid = answers.whole(answer, now, answers.TRANSFERS_LATER).get("transferred")
        if isinstance(paid, bool) or not isinstance(paid, int | float) or paid != amount:
            raise NotKnownError("a success that does not name the amount", answer.status)

    async def _read(self, request: Request, parse: Callable[[Fields], Record]) -> Record:
        attempts = AsyncRetrying(
            sleep=self._clock.sleep,
            stop=stop_after_attempt(ATTEMPTS),
            wait=self._pause,
            retry=retry_if_exception(_may_pass),
            reraise=True,
        )
        return parse(await attempts(self._look_up, request))

    async def _look_up(self, request: Request) -> Fields:
        answer = await self._transport.ask(request, self._timeouts.lookup)
        self._note_node(answer)
        return answers.whole(answer, self._clock.now())

    def _note_node(self, answer: Answer) -> None:
        version = node_version(answer.headers)
        if version is not None and not version.idempotent:
            self._old_node_at = self._clock.now()

    def _pause(self, state: RetryCallState) -> float:
        """Return the seconds before the next attempt: random, and not before the Horde wants it."""
        error = state.outcome.exception() if state.outcome else None
        wanted = error.retry_after if isinstance(error, HordeError) else 0.0
        most = SHORTEST_PAUSE * 2.0 ** (state.attempt_number - 1)
        return wanted + self._random.uniform(0.0, most)

    def _own_key(self) -> str:
        if self._api_key is None:
            raise UnfitKeyError("missing")
        key = self._api_key.get_secret_value()
        if key == ANONYMOUS_KEY:
            raise UnfitKeyError("anonymous")
        if is_uuid(key):
            raise UnfitKeyError("shared")
        return key

    def _check_transfer(self, payee_id: int, amount: int, key: str) -> None:
        _check_id(payee_id)
        if payee_id == self._own_id:
            raise ValueError("the payee is the account that pays")
        if type(amount) is not int or amount < 1:
            raise ValueError("an amount is a whole number of kudos, at least 1")
        if not _KEY.fullmatch(key):
            raise ValueError("a transfer needs a key of letters, digits and hyphens")


def _own_account(fields: Fields) -> Account:
    """Read what `find_user` says; of a shared key it shows the owner, who is not whom it pays for.

    Only the answer to an account's own key has `sharedkey_ids`, be it empty.
    """
    if fields.get("id") == 0:
        raise UnfitKeyError("anonymous")
    if _SHARED in str(fields.get("username")) or fields.get("sharedkey_ids") is None:
        raise UnfitKeyError("shared")
    return reading.account(fields)


def _check_id(horde_id: int) -> None:
    if type(horde_id) is not int or horde_id < 1:
        raise ValueError("a registered account has a whole number, at least 1")


def _may_pass(error: BaseException) -> bool:
    """Tell whether reading again may help, within somebody's patience."""
    if not isinstance(error, NotKnownError | RefusedForNowError):
        return False
    return error.retry_after <= LONGEST_PATIENCE
