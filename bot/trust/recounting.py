"""Counting images anew after a rater's votes came or went, a batch at a time."""

from __future__ import annotations

from datetime import timedelta
from sqlite3 import Connection
from typing import Final

from bot.clock import Clock
from bot.settings import Settings
from storage import image_stages, personal_data, remembered
from storage.database import Database

BATCH: Final = 200
"""Images counted in one unit: presses wait for no more than that."""

_PENDING: Final = "recount"


class Recounting:
    """Brings the counters of every image that a rater judged in line; survives a restart."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._delay = timedelta(seconds=settings.close_delay_seconds)

    @staticmethod
    def owe(connection: Connection, number: int) -> None:
        """Note, in the unit that changes what counts, that the rater's images must be counted."""
        owed = _owed(connection)
        _owe(connection, {**owed, number: 0})

    async def settle(self) -> None:
        """Count all that is owed; called after the unit, and at every start."""
        while await self._database.write(self._batch):
            pass

    def images(self, connection: Connection, image_ids: list[int]) -> None:
        """Count these images now, inside a unit."""
        now = self._clock.now()
        for image_id in image_ids:
            image_stages.recount(connection, image_id, now, self._delay)

    def _batch(self, connection: Connection) -> bool:
        owed = _owed(connection)
        if not owed:
            return False
        number, after = next(iter(owed.items()))
        images = personal_data.judged_images(connection, number, after=after, limit=BATCH)
        self.images(connection, images)
        if images:
            owed[number] = images[-1]
        else:
            del owed[number]
        _owe(connection, owed)
        return True


def _owed(connection: Connection) -> dict[int, int]:
    """Return how far each rater's images are counted."""
    kept = remembered.recall(connection, _PENDING) or ""
    pairs = (pair.split(":") for pair in kept.split())
    return {int(number): int(after) for number, after in pairs}


def _owe(connection: Connection, owed: dict[int, int]) -> None:
    if owed:
        kept = " ".join(f"{number}:{after}" for number, after in owed.items())
        remembered.remember(connection, _PENDING, kept)
    else:
        remembered.forget(connection, _PENDING)
