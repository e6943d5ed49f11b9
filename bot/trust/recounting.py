"""Counting images anew: after a target changed a batch at a time, after votes left at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from sqlite3 import Connection
from typing import Final

from bot.clock import Clock
from bot.settings import Settings
from storage import image_scores, image_stages, remembered
from storage.database import Database

PAUSE_SECONDS: Final = 0.005
"""Between two units, for a bot in another process that waits for its turn."""

_PENDING: Final = "recount"

_DATA_SET: Final = "data_set"
"""How each entry begins; others are of a version that owed the images of raters, too."""


class Recounting:
    """Brings counters and stages of images in line; survives a restart.

    Owed are all images of a data set with another target.
    """

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._delay = timedelta(seconds=settings.close_delay_seconds)

    @staticmethod
    def owe(connection: Connection, data_set: int) -> None:
        """Note, in the unit that changes its target, that a data set's images must be counted."""
        _owe(connection, {**_owed(connection), data_set: 0})

    async def settle(self) -> None:
        """Count all that is owed; called after the unit, and at every start."""
        while await self._database.write(self._batch):  # noqa: ASYNC110 - work, no waiting
            await asyncio.sleep(PAUSE_SECONDS)

    def images(self, connection: Connection, image_ids: list[int]) -> None:
        """Count these images and score them anew now, inside a unit."""
        now = self._clock.now()
        for image_id in image_ids:
            image_stages.recount(connection, image_id, now, self._delay)
            image_scores.rescore(connection, image_id, now)

    def _batch(self, connection: Connection) -> bool:
        owed = _owed(connection)
        if not owed:
            return False
        number, after = next(iter(owed.items()))
        last = image_stages.follow_target(
            connection, number, self._clock.now(), self._delay, after=after
        )
        if last is None:
            del owed[number]
        else:
            owed[number] = last
        _owe(connection, owed)
        return True


def _owed(connection: Connection) -> dict[int, int]:
    """Return up to which image each data set is looked through."""
    kept = remembered.recall(connection, _PENDING) or ""
    entries = (entry.split(":") for entry in kept.split())
    return {int(number): int(after) for whose, number, after in entries if whose == _DATA_SET}


def _owe(connection: Connection, owed: dict[int, int]) -> None:
    if owed:
        kept = " ".join(f"{_DATA_SET}:{number}:{after}" for number, after in owed.items())
        remembered.remember(connection, _PENDING, kept)
    else:
        remembered.forget(connection, _PENDING)
