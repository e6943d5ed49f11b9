"""How much an import writes at once, so that a running bot can write in between."""

from __future__ import annotations

import asyncio
from functools import partial

from bot.clock import Clock
from storage import leases
from storage.database import Database

# Fast: every write touches much of the indexes, so few large ones are cheaper than many small.
ROWS_ALONE = 50_000
# A third of a second with millions of images, so that no press waits for long.
ROWS_BESIDE = 5_000
# SQLite looks for a free lock every 0.1 s: https://sqlite.org/src/file/src/main.c, sqliteDefault-
# BusyCallback. A shorter pause could be missed again and again.
PAUSE_SECONDS = 0.15


class Pace:
    """Asks before each write whether a bot runs on the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def rows(self) -> int:
        """Return how many rows the next write may have, after a pause where a bot runs."""
        running = await self._database.read(
            partial(leases.is_held, name="run", now=self._clock.now())
        )
        if not running:
            return ROWS_ALONE
        await asyncio.sleep(PAUSE_SECONDS)
        return ROWS_BESIDE
