"""Sets: images made from one prompt."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection


@dataclass(frozen=True, slots=True)
class ImageSet:
    """Images of one data set that were made from one prompt, under a key."""

    id: int
    data_set_id: int
    key: str
    prompt: str | None


def create(connection: Connection, data_set_id: int, key: str, prompt: str | None) -> ImageSet:
    """Return the data set's set `key`; made where it does not exist yet.

    The prompt that came first stays; a missing one is filled in.
    """
    connection.execute(
        "INSERT INTO sets (data_set_id, key, prompt) VALUES (?, ?, ?)"
        " ON CONFLICT (data_set_id, key) DO UPDATE SET prompt = coalesce(prompt, excluded.prompt)",
        (data_set_id, key, prompt),
    )
    row = connection.execute(
        "SELECT id, data_set_id, key, prompt FROM sets WHERE data_set_id = ? AND key = ?",
        (data_set_id, key),
    ).fetchone()
    return ImageSet(*row)


def by_id(connection: Connection, set_id: int) -> ImageSet | None:
    """Return the set with this id."""
    row = connection.execute(
        "SELECT id, data_set_id, key, prompt FROM sets WHERE id = ?", (set_id,)
    ).fetchone()
    return ImageSet(*row) if row else None


def image_ids(connection: Connection, set_id: int) -> list[int]:
    """Return the images of a set in the order of their import."""
    rows = connection.execute("SELECT id FROM images WHERE set_id = ? ORDER BY id", (set_id,))
    return [image_id for (image_id,) in rows]
