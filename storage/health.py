"""Whether a database file can be worked with, for `jury doctor`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storage.connections import connect, explain
from storage.errors import StorageError
from storage.migrations import pending


@dataclass(frozen=True, slots=True)
class Health:
    """What was found: the schema's version, migrations to come, bytes of the file, and damage.

    `damage` is what SQLite's quick check says first, empty when it finds nothing.
    """

    version: int
    pending: int
    size: int
    damage: str


def examine(path: Path) -> Health:
    """Look the database at `path` over and prove that it can be written; changes nothing.

    Raises StorageError. Reads the whole file once.
    """
    missing = pending(path)
    try:
        with closing(connect(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            (version,) = connection.execute("SELECT max(version) FROM migrations").fetchone()
    except sqlite3.Error as error:
        raise explain(error) or StorageError(f"the database cannot be used: {error}") from error
    return Health(version, len(missing), path.stat().st_size, "" if found == "ok" else found)
