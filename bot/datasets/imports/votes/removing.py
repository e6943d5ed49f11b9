"""`jury import remove-votes`: a collection of imported votes out again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from sqlite3 import Connection

from bot.clock import Clock
from bot.datasets.imports.pace import Pace
from bot.datasets.imports.summary import Progress, no_progress
from bot.errors import ImportRefusedError, UnknownDataSetError
from storage import audit, data_sets, imported_collections, imported_removal
from storage.database import Database
from storage.imported_collections import ImportedCollection
from storage.imported_removal import Step


async def remove_votes(
    database: Database,
    data_set: str,
    collection: str,
    clock: Clock,
    progress: Progress = no_progress,
) -> int:
    """Take a collection out of a data set; return how many votes and histograms were taken out.

    Rows go a few at a time, the collection itself last, so that the same call goes on where an
    earlier one was killed. Raises UnknownDataSetError, ImportRefusedError, StorageError.
    """
    found = await database.read(partial(_find, data_set=data_set, name=collection))
    pace = Pace(database, clock)
    removed = 0
    for table in (*imported_removal.VOTES, *imported_removal.NAMES):
        some = partial(imported_removal.remove_some, table=table, collection_id=found.id)
        async for count in _steps(database, pace, some):
            removed += count if table in imported_removal.VOTES else 0
            progress(removed, None)
    images = partial(imported_removal.remove_images, data_set_id=found.data_set_id)
    async for _ in _steps(database, pace, images):
        progress(removed, None)
    await database.write(partial(_finish, data_set=data_set, found=found, clock=clock))
    return removed


async def _steps(database: Database, pace: Pace, some: Callable[..., Step]) -> AsyncIterator[int]:
    """Go through a table and yield how many rows each step took out."""
    last: int | None = 0
    while last is not None:
        step = await database.write(partial(some, after=last, most=await pace.rows()))
        last = step.last
        yield step.removed


def _find(connection: Connection, *, data_set: str, name: str) -> ImportedCollection:
    known = data_sets.by_name(connection, data_set)
    if known is None:
        raise UnknownDataSetError(name=data_set)
    found = imported_collections.by_name(connection, known.id, name)
    if found is None:
        there = ", ".join(imported_collections.names(connection, known.id)) or "none"
        raise ImportRefusedError(f"{data_set} has no imported collection {name}; there is: {there}")
    return found


def _finish(
    connection: Connection, *, data_set: str, found: ImportedCollection, clock: Clock
) -> None:
    imported_removal.remove_collection(connection, found.id)
    audit.record(
        connection,
        at=clock.now(),
        actor="operator",
        rater=None,
        action="data_set.remove_votes",
        subject=f"data_set:{data_set}",
        details={"collection": found.name},
    )
