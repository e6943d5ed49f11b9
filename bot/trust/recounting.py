"""Counting images anew after a target changed, or votes left, a batch at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from sqlite3 import Connection
from typing import Final, Literal

from bot.clock import Clock
from bot.settings import Settings
from storage import image_scores, image_stages, personal_data, remembered
from storage.database import Database

BATCH: Final = 200
"""Images counted in one unit: presses wait for no more than that."""

PAUSE_SECONDS: Final = 0.005
"""Between two units, for a bot in another process that waits for its turn."""

_PENDING: Final = "recount"

Whose = Literal["rater", "data_set"]


class Recounting:
    """Brings counters and stages of images in line; survives a restart.

    Owed are all images of a data set with another target, or all that a rater judged: an earlier
    version may have been stopped while it did that for a ban.
    """

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._delay = timedelta(seconds=settings.close_delay_seconds)

    @staticmethod
    def owe(connection: Connection, data_set: int) -> None:
        """Note, in the unit that changes its target, that a data set's images must be counted."""
        _owe(connection, {**_owed(connection), ("data_set", data_set): 0})

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
        (whose, number), after = next(iter(owed.items()))
        count = self._of_rater if whose == "rater" else self._of_data_set
        last = count(connection, number, after)
        if last is None:
            del owed[whose, number]
        else:
            owed[whose, number] = last
        _owe(connection, owed)
        return True

    def _of_rater(self, connection: Connection, number: int, after: int) -> int | None:
        images = personal_data.judged_images(connection, number, after=after, limit=BATCH)
        self.images(connection, images)
        return images[-1] if images else None

    def _of_data_set(self, connection: Connection, number: int, after: int) -> int | None:
        return image_stages.follow_target(
            connection, number, self._clock.now(), self._delay, after=after
        )


def _owed(connection: Connection) -> dict[tuple[Whose, int], int]:
    """Return how far the images of each rater and data set are counted."""
    kept = remembered.recall(connection, _PENDING) or ""
    owed: dict[tuple[Whose, int], int] = {}
    for entry in kept.split():
        whose, number, after = entry.split(":")
        owed["rater" if whose == "rater" else "data_set", int(number)] = int(after)
    return owed


def _owe(connection: Connection, owed: dict[tuple[Whose, int], int]) -> None:
    if owed:
        kept = " ".join(f"{whose}:{number}:{after}" for (whose, number), after in owed.items())
        remembered.remember(connection, _PENDING, kept)
    else:
        remembered.forget(connection, _PENDING)
