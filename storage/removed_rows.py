"""Rows of votes that a release had and that are gone or others since, for the next one to tell.

A row has a random name, which says nothing of rater, image or time. A row that its rater changes or
takes back is gone, and the vote goes on under a new name.
"""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

from storage.times import to_microseconds

Reason = Literal["erased", "voided", "changed"]
"""erased: with its rater. voided: by a moderator. changed: by its rater, or taken back."""


def add(connection: Connection, rater: int, image_id: int, reason: Reason, now: datetime) -> bool:
    """List the row of a vote that is about to leave, if a release may have it; tell whether.

    Releases have rows of votes that are given, half ones too, and not on gold. One that is being
    made may have any row until it says by when it has read: a row that leaves unseen is worse than
    one that is told of for nothing. Without any release nothing is listed.
    """
    row = connection.execute(_RELEASED_ROW, (rater, image_id)).fetchone()
    if row is None:
        return False
    connection.execute(
        "INSERT INTO removed_rows (row_id, reason, removed_at) VALUES (?, ?, ?)"
        " ON CONFLICT (row_id) DO NOTHING",
        (row[0], reason, to_microseconds(now)),
    )
    return True


def rename(connection: Connection, rater: int, image_id: int, now: datetime) -> None:
    """List the row of a vote that its rater is about to change; the vote gets a new one."""
    if add(connection, rater, image_id, "changed", now):
        connection.execute(
            "UPDATE votes SET row_id = randomblob(16) WHERE rater = ? AND image_id = ?",
            (rater, image_id),
        )


def take_off(connection: Connection, rater: int, image_id: int) -> None:
    """Take the row of a vote that was void off the list, for it is back."""
    connection.execute(
        "DELETE FROM removed_rows WHERE reason = 'voided' AND row_id ="
        " (SELECT row_id FROM votes WHERE rater = ? AND image_id = ?)",
        (rater, image_id),
    )


_RELEASED_ROW: Final = """
    SELECT v.row_id FROM votes v
    WHERE v.rater = ? AND v.image_id = ? AND v.row_id IS NOT NULL
    AND v.state = 'given' AND v.gold = 0
    AND v.changed_at <= (SELECT max(coalesce(read_at, 9223372036854775807)) FROM releases)
"""
