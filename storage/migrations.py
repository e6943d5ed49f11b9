"""The numbered migrations: which exist, which a database lacks, and applying them."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from storage.connections import BUSY_TIMEOUT_SECONDS, connect, explain, is_busy
from storage.errors import (
    DiskError,
    ForeignDatabaseError,
    NewerSchemaError,
    NoDatabaseError,
    StorageError,
)
from storage.times import to_microseconds

APPLICATION_ID = 0x4A555259
"""`JURY` in the file's header tells our databases from other SQLite files."""

LEAST_SQLITE = (3, 39)
"""The first with IS DISTINCT FROM: https://sqlite.org/releaselog/3_39_0.html"""

_LOCK_RETRY_SECONDS = 0.02

_RECORD_TABLE = """
CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered script: `0001_core.sql` is version 1 with the name `core`."""

    version: int
    name: str
    script: str


def known_migrations() -> tuple[Migration, ...]:
    """Return the migrations that this program brings, by rising version."""
    found = []
    for file in files("storage").joinpath("migrations").iterdir():
        if file.name.endswith(".sql"):
            version, _, name = file.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(version), name, file.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.version))


def pending(path: Path, known: Sequence[Migration] | None = None) -> tuple[Migration, ...]:
    """Return the migrations that the database at `path` lacks; all of them where no file is.

    Changes nothing. Raises NewerSchemaError, ForeignDatabaseError, DiskError.
    """
    known = known_migrations() if known is None else known
    if not _is_ours(path):
        return tuple(known)
    with _plain_errors(), closing(connect(path)) as connection:
        return _missing(connection, known)


def upgrade(
    path: Path,
    *,
    create: bool = True,
    known: Sequence[Migration] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> tuple[Migration, ...]:
    """Bring the database at `path` to this program's schema and return what was applied.

    Each migration is one transaction with its own record, so a killed upgrade goes on where it
    stopped, and two processes may do it at once. Raises a StorageError with nothing changed for
    a newer schema, a foreign or damaged file, a read-only or full disk, and where `create` is
    False and there is no database.
    """
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        raise StorageError(
            f"this Python has SQLite {sqlite3.sqlite_version}; 3.39 or newer is needed"
        )
    known = known_migrations() if known is None else known
    if not _is_ours(path):
        if not create:
            raise NoDatabaseError(path)
        _make_file(path)
    applied = []
    with _plain_errors(), closing(connect(path, create=create)) as connection:
        _mark_as_ours(connection)
        _missing(connection, known)
        _prove_writable(connection)
        _use_write_ahead_log(connection)
        while migration := _apply_next(connection, known, now):
            applied.append(migration)
    return tuple(applied)


def _is_ours(path: Path) -> bool:
    """Say whether `path` is a database of this program; False for a missing or empty file.

    Looks at the file alone, or SQLite would make files beside a foreign database in WAL mode. Not
    so where there is a write-ahead log: while it is brought into the file, and where a full disk or
    a crash ended that, the two make sense only together. And through SQLite, for to open and close
    the file by hand drops the locks of this process on it.
    """
    if not path.exists():
        return False
    if not path.is_file():
        raise DiskError(f"{path.absolute()} is not a file")
    alone = not path.with_name(f"{path.name}-wal").exists()
    with _plain_errors(), closing(connect(path, read_only=True, immutable=alone)) as connection:
        if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
            return False
        if _application_id(connection) != APPLICATION_ID:
            raise ForeignDatabaseError(f"{path} is a database of another program")
    return True


def _make_file(path: Path) -> None:
    """Make an empty file for its owner alone; SQLite gives its other files the same mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if not path.exists():
            raise DiskError(f"the database cannot be made at {path}") from None
    except OSError as error:
        raise DiskError(f"the database cannot be made: {error}") from error


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error) or StorageError(f"the database cannot be upgraded: {error}") from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _mark_as_ours(connection: sqlite3.Connection) -> None:
    """Write the application id into a new file, before WAL mode keeps it out of the header."""
    if _application_id(connection) == APPLICATION_ID:
        return
    with _transaction(connection):
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if _application_id(connection) == 0 and tables == 0:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    if _application_id(connection) != APPLICATION_ID:
        raise ForeignDatabaseError("the file became a database of another program just now")


def _application_id(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA application_id").fetchone()[0]
    return found


def _prove_writable(connection: sqlite3.Connection) -> None:
    """Raise where the file is read-only, which SQLite opens without a word."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    finally:
        connection.execute("ROLLBACK")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite does not wait by itself for others that hold the file just then."""
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(_LOCK_RETRY_SECONDS)


def _missing(connection: sqlite3.Connection, known: Sequence[Migration]) -> tuple[Migration, ...]:
    has_record = connection.execute(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'"
    ).fetchone()[0]
    if not has_record:
        return tuple(known)
    applied = {version for (version,) in connection.execute("SELECT version FROM migrations")}
    unknown = applied - {migration.version for migration in known}
    if unknown:
        raise NewerSchemaError(
            f"the database has schema {max(unknown)}, which this version of the program does "
            "not know; use the newer version"
        )
    return tuple(migration for migration in known if migration.version not in applied)


def _apply_next(
    connection: sqlite3.Connection, known: Sequence[Migration], now: Callable[[], datetime]
) -> Migration | None:
    """Apply the first missing migration and its record in one transaction."""
    if not _missing(connection, known):
        return None
    with _transaction(connection):
        missing = _missing(connection, known)
        if not missing:
            return None
        migration = missing[0]
        for statement in _statements(migration.script):
            connection.execute(statement)
        connection.execute(_RECORD_TABLE)
        connection.execute(
            "INSERT INTO migrations (version, name, applied_at) VALUES (?, ?, ?)",
            (migration.version, migration.name, to_microseconds(now())),
        )
    return migration


def _statements(script: str) -> Iterator[str]:
    """Split a script into its statements; `executescript` would commit before it began."""
    statement = ""
    for piece in script.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
