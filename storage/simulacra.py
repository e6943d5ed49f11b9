"""The SQLite file of Simulacra Aesthetic Captions, which somebody else made.

https://github.com/JD-P/simulacra-aesthetic-captions: tables ratings (sid, iid, rating, verified)
and paths (iid, path). Nothing of it is trusted: the file is looked at as it lies there, and nothing
but these columns can be read, so no view, trigger or expression of the file's own ever runs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from storage.foreign import open_foreign

TABLES: Final = {
    "ratings": frozenset({"sid", "iid", "rating", "verified"}),
    "paths": frozenset({"iid", "path"}),
}
_SCHEMA: Final = frozenset({"sqlite_master", "sqlite_schema"})


class Rating(NamedTuple):
    """A rating as the file has it: any of them may be of any type, or None."""

    sid: object
    path: object
    rating: object
    verified: object


class WrongTablesError(Exception):
    """The file lacks a table or column, or has something else in its place."""


class SimulacraFile:
    """An opened file, to be closed after use; may be read on any thread, by one at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file and check its tables; raises sqlite3.Error, WrongTablesError."""
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise WrongTablesError(f"it is in use, or was not closed: there is {log.name}")
        self._connection = open_foreign(path)
        try:
            self._connection.set_authorizer(_authorize)
            for table, columns in TABLES.items():
                self._check(table, columns)
            (self.count,) = self._connection.execute("SELECT count(*) FROM ratings").fetchone()
        except BaseException:
            self._connection.close()
            raise

    def ratings(self, size: int) -> Iterator[list[Rating]]:
        """Yield the ratings in the file's order, at most `size` at a time, each with its path.

        Raises sqlite3.Error where the file is damaged.
        """
        cursor = self._connection.execute(_RATINGS)
        while rows := cursor.fetchmany(size):
            yield [Rating(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _check(self, table: str, columns: frozenset[str]) -> None:
        found = self._connection.execute(
            "SELECT type, sql FROM sqlite_master WHERE name = ?", (table,)
        ).fetchall()
        if [kind for kind, _ in found] != ["table"]:
            raise WrongTablesError(f"there is no table {table}")
        if "virtual" in str(found[0][1]).split("(")[0].lower().split():
            raise WrongTablesError(f"{table} is a virtual table")
        # Of a hidden column the value is an expression of the file's own.
        plain = {
            name
            for _, name, *_, hidden in self._connection.execute(f"PRAGMA table_xinfo({table})")
            if not hidden
        }
        for column in sorted(columns - plain):
            raise WrongTablesError(f"the table {table} has no column {column}")


# Of a picture that has several paths the first in the alphabet.
_RATINGS: Final = """
    SELECT r.sid, p.path, r.rating, r.verified
    FROM ratings r LEFT JOIN (SELECT iid, min(path) AS path FROM paths GROUP BY iid) p
        ON p.iid = r.iid
"""


def _authorize(
    action: int, first: str | None, second: str | None, database: str | None, source: str | None
) -> int:
    """Tell SQLite whether a statement may do what it is about to do."""
    del database, source
    allowed = {
        sqlite3.SQLITE_SELECT: True,
        sqlite3.SQLITE_PRAGMA: first == "table_xinfo",
        sqlite3.SQLITE_FUNCTION: second in {"min", "count"},
        # Whoever only counts rows reads a column without a name.
        sqlite3.SQLITE_READ: first in _SCHEMA or second in {"", *TABLES.get(first or "", ())},
    }
    return sqlite3.SQLITE_OK if allowed.get(action, False) else sqlite3.SQLITE_DENY
