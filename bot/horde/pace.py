"""The Horde's limits of transfers from one account: 1 a second and 90 an hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.clock import Clock


class TransferPace:
    """When the next transfer may start, for all senders of the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def remember(self, moments: Iterable[datetime]) -> None:
        """Count transfers that were sent before this process started."""
        raise NotImplementedError

    def next_turn(self) -> datetime:
        """Return when the next transfer may start: now, or later."""
        raise NotImplementedError

    async def turn(self) -> None:
        """Wait until a transfer may start, and count it as started."""
        raise NotImplementedError

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take from an answer to a transfer what the server says of its limits."""
        raise NotImplementedError

    def not_before(self, moment: datetime) -> None:
        """Start nothing before `moment`."""
        raise NotImplementedError
