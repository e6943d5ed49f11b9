"""Finding images by what people have at hand: a message, a key, or how a key begins."""

from __future__ import annotations

from sqlite3 import Connection

from storage import data_sets, images
from storage.images import Image

_LAST = "\U0010ffff"
"""Sorts behind whatever follows the beginning of a key."""


def by_message(connection: Connection, message_id: int) -> Image | None:
    """Return the image that a public post's message shows."""
    row = connection.execute(
        "SELECT image_id FROM posts WHERE message_id = ?", (message_id,)
    ).fetchone()
    return None if row is None else images.by_id(connection, row[0])


def by_key(connection: Connection, key: str) -> list[Image]:
    """Return the images of this key, at most one a data set."""
    found = (images.by_key(connection, each.id, key) for each in data_sets.every(connection))
    return [image for image in found if image is not None]


def beginning_with(connection: Connection, beginning: str, limit: int) -> list[Image]:
    """Return at most `limit` images whose key begins so, by data set and key."""
    found: list[Image] = []
    for data_set in data_sets.every(connection):
        rows = connection.execute(
            "SELECT id FROM images WHERE data_set_id = ? AND key >= ? AND key < ? "
            "ORDER BY key LIMIT ?",
            (data_set.id, beginning, beginning + _LAST, limit - len(found)),
        ).fetchall()
        found += [image for (number,) in rows if (image := images.by_id(connection, number))]
        if len(found) >= limit:
            break
    return found
