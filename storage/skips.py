"""Skips: images that a rater passed over; they are not served to them again."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection
from typing import Literal

from storage.times import to_microseconds

SkipReason = Literal["not_loading", "cannot_judge", "not_for_me"]


def add(
    connection: Connection, rater: int, image_id: int, reason: SkipReason, now: datetime
) -> None:
    """Note that the rater passed over the image; the first reason stays."""
    connection.execute(
        "INSERT INTO skips (rater, image_id, reason, skipped_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (rater, image_id) DO NOTHING",
        (rater, image_id, reason, to_microseconds(now)),
    )


def remove(connection: Connection, rater: int, image_id: int) -> None:
    """Forget that the rater passed over the image."""
    connection.execute("DELETE FROM skips WHERE rater = ? AND image_id = ?", (rater, image_id))
