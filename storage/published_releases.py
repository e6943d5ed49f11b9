"""Releases of the data: which there are, until when they have rows, what the next compares with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Final

from storage.times import from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class Release:
    """A release: finished, or being made.

    `read_at`: no later than then it read the votes; None where it may not have begun to. `counts`
    is what was counted in a finished one.
    """

    number: int
    identity: str
    folder: str
    read_at: datetime | None
    counts: Mapping[str, Any]


def begin(connection: Connection, identity: str, folder: str, now: datetime) -> int:
    """Begin a release and return its number, the next after the last.

    From then until `note_reading` each row that there is may be in it. Nothing else may be
    unfinished.
    """
    if last(connection) is None:
        # No release had them, so that none needs to tell.
        connection.execute("DELETE FROM removed_rows")
    (number,) = connection.execute(
        "INSERT INTO releases (number, identity, folder, begun_at)"
        " VALUES ((SELECT coalesce(max(number), 0) + 1 FROM releases), ?, ?, ?) RETURNING number",
        (identity, folder, to_microseconds(now)),
    ).fetchone()
    return int(number)


def note_reading(connection: Connection, number: int, now: datetime) -> None:
    """Note that what the release has stood in the database before `now`."""
    connection.execute(
        "UPDATE releases SET read_at = coalesce(read_at, ?) WHERE number = ?",
        (to_microseconds(now), number),
    )


def give_up(connection: Connection, number: int) -> None:
    """Forget a release that came to nothing; its number is free again."""
    connection.execute("DELETE FROM releases WHERE number = ? AND finished_at IS NULL", (number,))


def finish(
    connection: Connection,
    number: int,
    counts: Mapping[str, Any],
    told: Iterable[bytes],
    now: datetime,
) -> None:
    """Note that a release is in its place, and which removed rows it `told` of."""
    note_reading(connection, number, now)
    connection.execute(
        "UPDATE releases SET finished_at = ?, counts = ? WHERE number = ?",
        (to_microseconds(now), json.dumps(counts), number),
    )
    connection.executemany(
        "UPDATE removed_rows SET told_in = ? WHERE row_id = ?", ((number, row) for row in told)
    )


def last(connection: Connection) -> Release | None:
    """Return the newest finished release."""
    return _one(connection, "finished_at IS NOT NULL ORDER BY number DESC LIMIT 1")


def unfinished(connection: Connection) -> Release | None:
    """Return the release that is being made, or was when its process ended."""
    return _one(connection, "finished_at IS NULL")


def _one(connection: Connection, condition: str) -> Release | None:
    row = connection.execute(f"{_SELECT} WHERE {condition}").fetchone()
    if row is None:
        return None
    number, identity, folder, read_at, counts = row
    return Release(
        number,
        identity,
        folder,
        None if read_at is None else from_microseconds(read_at),
        json.loads(counts or "{}"),
    )


_SELECT: Final = "SELECT number, identity, folder, read_at, counts FROM releases"
