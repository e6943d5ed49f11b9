"""Holds: why a rater's awards wait although their images are done."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection

from storage.times import to_microseconds


def place(connection: Connection, rater: int, reason: str, now: datetime) -> bool:
    """Let the rater's awards wait for this reason too; False where they already do."""
    cursor = connection.execute(
        "INSERT INTO holds (rater, reason, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (rater, reason, to_microseconds(now)),
    )
    return cursor.rowcount == 1


def lift(connection: Connection, rater: int, reason: str | None = None) -> list[str]:
    """Take this reason away, or all; return which ones there were."""
    rows = connection.execute(
        "DELETE FROM holds WHERE rater = ? AND reason = coalesce(?, reason) RETURNING reason",
        (rater, reason),
    ).fetchall()
    return sorted(gone for (gone,) in rows)


def of_rater(connection: Connection, rater: int) -> list[str]:
    """Return the reasons that stand, in the order of their names."""
    rows = connection.execute("SELECT reason FROM holds WHERE rater = ? ORDER BY reason", (rater,))
    return [reason for (reason,) in rows]
