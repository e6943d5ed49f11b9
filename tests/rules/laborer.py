"""A process that reads the queue until it is killed."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

from bot.clock import SystemClock
from storage.database import Database
from tests.rules.reading import worker_of


def live(path: Path, steps: Connection) -> None:
    """Work without a pause, and say so after each unit."""
    asyncio.run(_work(path, steps))


async def _work(path: Path, steps: Connection) -> None:
    database = await Database.open(path)
    worker = worker_of(database, SystemClock())
    while await worker.step() is not None:
        steps.send_bytes(b"step")
    await database.close()
