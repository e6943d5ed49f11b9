"""SQLite connections: how they are opened, on which thread they live, what their errors mean."""

from __future__ import annotations

import inspect
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import aiosqlite

from storage.errors import (
    DatabaseBusyError,
    DiskError,
    ForeignDatabaseError,
    StorageError,
)

T = TypeVar("T")

BUSY_TIMEOUT_SECONDS = 5.0
CACHED_STATEMENTS = 512

_DISK_TEXTS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened or made",
    sqlite3.SQLITE_PERM: "the file may not be used",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
}
_BUSY_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}


def is_busy(error: sqlite3.Error) -> bool:
    """Say whether `error` means that another connection holds a lock."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY_CODES


def explain(error: sqlite3.Error) -> StorageError | None:
    """Return what `error` means to an operator; None for an error of the statement itself.

    https://sqlite.org/rescode.html: the low byte is the primary result code.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DISK_TEXTS:
        return DiskError(f"the database cannot be used: {_DISK_TEXTS[code]} ({error})")
    if is_busy(error):
        return DatabaseBusyError(f"another process keeps the database locked ({error})")
    if code == sqlite3.SQLITE_NOTADB:
        return ForeignDatabaseError("the file is not a database of this program")
    return None


def connect(
    path: Path,
    *,
    query_only: bool = False,
    create: bool = False,
    read_only: bool = False,
    immutable: bool = False,
    for_units: bool = False,
) -> sqlite3.Connection:
    """Open `path` with the settings that every connection of this program has.

    No transaction is ever begun implicitly. `read_only` changes neither the file nor its
    write-ahead log. `immutable` looks at the file as it lies there, with no lock, no log and no
    file made beside it; where there is a log the file alone may be nonsense. `for_units` is what a
    `Writer` needs: it waits for nobody's lock by itself, and undoes a savepoint from memory.
    Raises sqlite3.Error; see `explain`.
    """
    mode = "ro" if read_only or immutable else "rwc" if create else "rw"
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}&immutable={int(immutable)}",
        uri=True,
        timeout=0 if for_units else BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        cached_statements=CACHED_STATEMENTS,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        if query_only:
            connection.execute("PRAGMA query_only = ON")
        if for_units:
            # A vote changes more pages than the 64 KiB after which SQLite writes what a savepoint
            # would undo to a temporary file, in two system calls a page.
            connection.execute("PRAGMA temp_store = MEMORY")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class ThreadedConnection:
    """One SQLite connection that lives on a thread of its own.

    aiosqlite keeps the thread. It offers no public way to run several statements there in one
    go, so `run` alone uses its `_execute`, and `open` checks that this still does what we need.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        self._connector = connector
        self._raw: sqlite3.Connection | None = None
        self._lent = aiosqlite.Connection(self._remember, iter_chunk_size=64)

    def _remember(self) -> sqlite3.Connection:
        self._raw = self._connector()
        return self._raw

    @classmethod
    async def open(
        cls, path: Path, *, query_only: bool = False, for_units: bool = False
    ) -> ThreadedConnection:
        """Open `path` on a new thread, as `connect` does; raises StorageError."""
        if not inspect.iscoroutinefunction(getattr(aiosqlite.Connection, "_execute", None)):
            raise StorageError("this version of aiosqlite cannot be used: it has no _execute")
        threaded = cls(partial(connect, path, query_only=query_only, for_units=for_units))
        try:
            await threaded._lent
        except sqlite3.Error as error:
            raise explain(error) or StorageError(str(error)) from error
        if await threaded.run(lambda _: threading.get_ident()) == threading.get_ident():
            await threaded.close()
            raise StorageError("this version of aiosqlite cannot be used: it has no thread")
        return threaded

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on the connection's thread and return what it returned or raise its error.

        A cancelled caller does not stop the work.
        """
        # The one touch of aiosqlite's inside.
        result: Any = await self._lent._execute(work, self._raw)  # type: ignore[no-untyped-call]  # noqa: SLF001
        return result  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Finish the queued work, close the connection and end its thread."""
        await self._lent.close()
