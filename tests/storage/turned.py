"""Time that stands still until a test turns it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class TurnedClock:
    """A clock whose sleepers wake when `turn` reaches their moment."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        self._sleepers.append((self.moment + timedelta(seconds=seconds), awake))
        await awake.wait()

    def turn(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        for moment, awake in self._sleepers:
            if moment <= self.moment:
                awake.set()
        self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[1].is_set()]
