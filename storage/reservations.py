"""Reservations: a place of an image that is kept for one rater while they look."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection

from storage.times import to_microseconds


def keep(
    connection: Connection, image_id: int, rater: int, post_id: int, expires_at: datetime
) -> None:
    """Reserve a place for the rater, or keep theirs for longer."""
    connection.execute(
        "INSERT INTO reservations (image_id, rater, post_id, expires_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (image_id, rater) DO UPDATE"
        " SET post_id = excluded.post_id, expires_at = excluded.expires_at",
        (image_id, rater, post_id, to_microseconds(expires_at)),
    )


def release(connection: Connection, image_id: int, rater: int) -> None:
    """Give the rater's place back."""
    connection.execute(
        "DELETE FROM reservations WHERE image_id = ? AND rater = ?", (image_id, rater)
    )


def release_expired(connection: Connection, now: datetime) -> None:
    """Delete what is void already."""
    connection.execute("DELETE FROM reservations WHERE expires_at <= ?", (to_microseconds(now),))


def of_others(connection: Connection, image_id: int, rater: int, now: datetime) -> int:
    """Count the places of the image that are kept for anybody but the rater."""
    (number,) = connection.execute(
        "SELECT count(*) FROM reservations WHERE image_id = ? AND rater <> ? AND expires_at > ?",
        (image_id, rater, to_microseconds(now)),
    ).fetchone()
    return int(number)
