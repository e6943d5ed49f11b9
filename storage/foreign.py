"""SQLite files that somebody else made, looked at as they lie there; nothing of theirs is run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

LONGEST: Final = 2**20
"""Bytes of one value at most."""

LONGEST_SQL: Final = 10_000
"""Bytes of what makes a table, at most, where the tables of a file are listed."""

MOST_STEPS: Final = 20_000
"""Steps of SQLite's machine in which the list of tables must be read: enough for a thousand."""

MOST_TABLES: Final = 100


@dataclass(frozen=True, slots=True)
class ForeignTable:
    """A table: its name, its columns, and how many rows it has."""

    name: str
    columns: tuple[str, ...]
    rows: int


def open_foreign(path: Path) -> sqlite3.Connection:
    """Open a file that nobody writes, to be closed after use; raises sqlite3.Error.

    May be read on any thread, by one at a time.
    """
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        for safety in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"):
            connection.execute(f"PRAGMA {safety}")
    except BaseException:
        connection.close()
        raise
    return connection


def foreign_tables(path: Path) -> tuple[ForeignTable, ...]:
    """Return the plain tables of a file by name; raises sqlite3.Error where it is damaged.

    More than MOST_TABLES are damage, too. A file whose pages lead in circles ends as well: no more
    rows are counted than it has bytes.
    """
    size = path.stat().st_size
    with closing(open_foreign(path)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, LONGEST_SQL)
        connection.set_progress_handler(lambda: 1, MOST_STEPS)
        names = [name for (name,) in connection.execute(_NAMES, (MOST_TABLES + 1,))]
        if len(names) > MOST_TABLES:
            raise sqlite3.DatabaseError(f"it has more than {MOST_TABLES} tables")
        connection.set_progress_handler(None, 0)
        return tuple(_table(connection, name, size) for name in names)


def _table(connection: sqlite3.Connection, name: str, size: int) -> ForeignTable:
    quoted = '"' + name.replace('"', '""') + '"'
    columns = [row[1] for row in connection.execute(f"PRAGMA table_xinfo({quoted})")]
    (rows,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {quoted} LIMIT ?)",  # noqa: S608 - quoted
        (size,),
    ).fetchone()
    return ForeignTable(name, tuple(columns), rows)


# A virtual table has no root: what it has is made by code.
_NAMES: Final = """
    SELECT name FROM sqlite_schema
    WHERE type = 'table' AND rootpage > 0 AND typeof(name) = 'text' ORDER BY name LIMIT ?
"""
