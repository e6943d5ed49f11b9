"""The database: durable writes in groups, reads beside them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from storage.connections import ThreadedConnection, explain
from storage.errors import StorageError
from storage.migrations import upgrade
from storage.writer import Unit, Writer

T = TypeVar("T")

READERS = 2


class Database:
    """One SQLite file: a writer that commits in groups and readers that work beside it.

    Belongs to the event loop it was opened on. What units and queries do is up to the table
    modules; they get a plain `sqlite3.Connection` on its own thread and must not end its
    transaction.
    """

    def __init__(
        self, path: Path, writing: ThreadedConnection, readers: Sequence[ThreadedConnection]
    ) -> None:
        self.path = path
        self._writing = writing
        self._writer = Writer(writing)
        self._readers = tuple(readers)
        self._queued = [0] * len(self._readers)
        self._closed = False

    @classmethod
    async def open(cls, path: Path, *, create: bool = True) -> Database:
        """Bring the database at `path` to this program's schema and open it.

        Raises a StorageError for what cannot be used; see `storage.migrations.upgrade`.
        """
        await asyncio.to_thread(upgrade, path, create=create)
        opened: list[ThreadedConnection] = []
        try:
            opened.append(await ThreadedConnection.open(path, for_units=True))
            while len(opened) < 1 + READERS:
                opened.append(await ThreadedConnection.open(path, query_only=True))
        except BaseException:
            for connection in opened:
                await connection.close()
            raise
        return cls(path, opened[0], opened[1:])

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` on the writer and return its result once it is durable.

        The unit is undone alone when it raises, and its exception is raised here. StorageError:
        nothing of it was written. A cancelled caller cannot know whether it was.
        """
        return await self._writer.write(unit)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` in one read-only snapshot on a reader's thread and return its result.

        It sees every write that had returned before. Raises StorageError.
        """
        if self._closed:
            raise StorageError("the database is closed")
        number = min(range(len(self._readers)), key=self._queued.__getitem__)
        self._queued[number] += 1
        try:
            return await self._readers[number].run(partial(_in_snapshot, query))
        except sqlite3.Error as error:
            explained = explain(error)
            if explained is None:
                raise
            raise explained from error
        finally:
            self._queued[number] -= 1

    async def close(self) -> None:
        """Finish what waits and close the file; later writes and reads are refused."""
        self._closed = True
        await self._writer.close()
        for reader in self._readers:
            await reader.close()
        await self._writing.close()


def _in_snapshot(query: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    connection.execute("BEGIN")
    try:
        return query(connection)
    finally:
        connection.execute("ROLLBACK")
