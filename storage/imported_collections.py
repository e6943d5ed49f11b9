"""Collections of votes that were made elsewhere, and the files in which they came."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection, IntegrityError

from storage.times import to_microseconds

_COLUMNS = "id, data_set_id, name, format, low, high"


@dataclass(frozen=True, slots=True)
class ImportedCollection:
    """Votes of one origin in a data set; raters are told apart within it.

    `format` is that of its files, `low` and `high` are the ends of its score.
    """

    id: int
    data_set_id: int
    name: str
    format: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ListedCollection:
    """A collection as operators name it, and the votes and histograms that it has."""

    data_set: str
    name: str
    format: str
    low: float
    high: float
    votes: int
    histograms: int


def create(
    connection: Connection, data_set_id: int, name: str, *, format_: str, low: float, high: float
) -> ImportedCollection:
    """Return the data set's collection `name`; made where it does not exist yet.

    One that exists is returned as it is: its format and ends may be others.
    """
    connection.execute(
        "INSERT INTO imported_collections (data_set_id, name, format, low, high)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (data_set_id, name) DO NOTHING",
        (data_set_id, name, format_, low, high),
    )
    collection = by_name(connection, data_set_id, name)
    assert collection is not None  # noqa: S101 - the row was written by the statement above
    return collection


def by_name(connection: Connection, data_set_id: int, name: str) -> ImportedCollection | None:
    """Return the data set's collection of this name."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM imported_collections WHERE data_set_id = ? AND name = ?",  # noqa: S608 - a constant of this module
        (data_set_id, name),
    ).fetchone()
    return ImportedCollection(*row) if row else None


def names(connection: Connection, data_set_id: int) -> list[str]:
    """Return the names of the data set's collections in their order."""
    rows = connection.execute(
        "SELECT name FROM imported_collections WHERE data_set_id = ? ORDER BY name", (data_set_id,)
    )
    return [name for (name,) in rows]


def every(connection: Connection) -> list[ListedCollection]:
    """Return all collections in the order of their data sets' names and their own."""
    rows = connection.execute(
        "SELECT d.name, c.name, c.format, c.low, c.high,"
        " coalesce(v.number, 0), coalesce(h.number, 0)"
        " FROM imported_collections c JOIN data_sets d ON d.id = c.data_set_id"
        " LEFT JOIN (SELECT collection_id, count(*) AS number FROM imported_votes"
        " GROUP BY collection_id) v ON v.collection_id = c.id"
        " LEFT JOIN (SELECT collection_id, count(*) AS number FROM imported_histograms"
        " GROUP BY collection_id) h ON h.collection_id = c.id"
        " ORDER BY d.name, c.name"
    )
    return [ListedCollection(*row) for row in rows]


def begin_file(
    connection: Connection,
    collection_id: int,
    name: str,
    *,
    sha256: bytes,
    columns: Collection[str],
    now: datetime,
) -> int:
    """Return the id of a file of the collection; the same bytes are the same file again."""
    connection.execute(
        "INSERT INTO imported_files (collection_id, name, sha256, columns, imported_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (collection_id, sha256) DO NOTHING",
        (collection_id, name, sha256, json.dumps(sorted(columns)), to_microseconds(now)),
    )
    (file_id,) = connection.execute(
        "SELECT id FROM imported_files WHERE collection_id = ? AND sha256 = ?",
        (collection_id, sha256),
    ).fetchone()
    return int(file_id)


def finish_file(connection: Connection, file_id: int, now: datetime) -> None:
    """Store that all of a file is here; the first time stays."""
    connection.execute(
        "UPDATE imported_files SET finished_at = ? WHERE id = ? AND finished_at IS NULL",
        (to_microseconds(now), file_id),
    )


def remove_unused(connection: Connection, collection_id: int, file_id: int) -> None:
    """Remove a file of a collection that has no vote, and the collection if it has no other."""
    for table in ("imported_votes", "imported_histograms"):
        any_row = f"SELECT 1 FROM {table} WHERE collection_id = ? LIMIT 1"  # noqa: S608 - one of those above
        if connection.execute(any_row, (collection_id,)).fetchone():
            return
    connection.execute("DELETE FROM imported_files WHERE id = ?", (file_id,))
    with suppress(IntegrityError):
        connection.execute("DELETE FROM imported_collections WHERE id = ?", (collection_id,))


def lacked(connection: Connection, collection_id: int, columns: Collection[str]) -> bool:
    """Tell whether an earlier file of the collection lacked one of the columns."""
    rows = connection.execute(
        "SELECT columns FROM imported_files WHERE collection_id = ?", (collection_id,)
    )
    return any(not set(columns) <= set(json.loads(found)) for (found,) in rows)
