"""Rate limits: one theoretical arrival time a rater and kind, so that restarts reset nothing."""

from __future__ import annotations

from sqlite3 import Connection


def arrival(connection: Connection, rater: int, kind: str) -> int | None:
    """Return the stored arrival time in microseconds."""
    row = connection.execute(
        "SELECT arrival_at FROM rate_limits WHERE rater = ? AND kind = ?", (rater, kind)
    ).fetchone()
    return row[0] if row else None


def set_arrival(connection: Connection, rater: int, kind: str, arrival_at: int) -> None:
    """Store the arrival time in microseconds."""
    connection.execute(
        "INSERT INTO rate_limits (rater, kind, arrival_at) VALUES (?, ?, ?)"
        " ON CONFLICT (rater, kind) DO UPDATE SET arrival_at = excluded.arrival_at",
        (rater, kind, arrival_at),
    )
