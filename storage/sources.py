"""Where bytes are read from: a folder, or a zip that is never unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Literal

Kind = Literal["folder", "zip"]


@dataclass(frozen=True, slots=True)
class Source:
    """A folder or zip by its absolute path; images name their bytes by a member of it."""

    id: int
    data_set_id: int
    kind: Kind
    path: str


def create(connection: Connection, data_set_id: int, kind: Kind, path: str) -> Source:
    """Return the data set's source at `path`; made where it does not exist yet."""
    connection.execute(
        "INSERT INTO sources (data_set_id, kind, path) VALUES (?, ?, ?)"
        " ON CONFLICT (data_set_id, path) DO UPDATE SET kind = excluded.kind",
        (data_set_id, kind, path),
    )
    source = by_path(connection, data_set_id, path)
    assert source is not None  # noqa: S101 - the row was written by the statement above
    return source


def by_id(connection: Connection, source_id: int) -> Source | None:
    """Return the source with this id."""
    row = connection.execute(
        "SELECT id, data_set_id, kind, path FROM sources WHERE id = ?", (source_id,)
    ).fetchone()
    return Source(*row) if row else None


def by_path(connection: Connection, data_set_id: int, path: str) -> Source | None:
    """Return the data set's source at this path."""
    row = connection.execute(
        "SELECT id, data_set_id, kind, path FROM sources WHERE data_set_id = ? AND path = ?",
        (data_set_id, path),
    ).fetchone()
    return Source(*row) if row else None


def of_data_set(connection: Connection, data_set_id: int) -> list[Source]:
    """Return the data set's sources in the order in which they were first imported."""
    rows = connection.execute(
        "SELECT id, data_set_id, kind, path FROM sources WHERE data_set_id = ? ORDER BY id",
        (data_set_id,),
    )
    return [Source(*row) for row in rows]


def move(connection: Connection, source_id: int, kind: Kind, path: str) -> None:
    """Store that a source is now found elsewhere; its members kept their names."""
    connection.execute(
        "UPDATE sources SET kind = ?, path = ? WHERE id = ?", (kind, path, source_id)
    )
