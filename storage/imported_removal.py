"""Taking a collection of imported votes out again, a few rows at a time."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Final, NamedTuple

VOTES: Final = ("imported_votes", "imported_histograms")
NAMES: Final = ("imported_raters", "imported_client_agents")
"""What belongs to one collection alone; votes are taken out before the names that they have."""


class Step(NamedTuple):
    """How far a table was gone through: its last row looked at, and how many rows were taken out.

    `last` is None where the table is done.
    """

    last: int | None
    removed: int


def remove_some(
    connection: Connection, *, table: str, collection_id: int, after: int, most: int
) -> Step:
    """Take out the next rows of a collection, at most so many, with an id above `after`."""
    ids = connection.execute(
        f"SELECT id FROM {table} WHERE id > ? AND collection_id = ? ORDER BY id LIMIT ?",  # noqa: S608 - one of those above
        (after, collection_id, most),
    ).fetchall()
    connection.executemany(f"DELETE FROM {table} WHERE id = ?", ids)  # noqa: S608 - one of those above
    return Step(ids[-1][0] if ids else None, len(ids))


def remove_images(connection: Connection, *, data_set_id: int, after: int, most: int) -> Step:
    """Take out those of the next image keys, at most so many, that no vote is left of."""
    ids = connection.execute(
        "SELECT id FROM imported_images WHERE id > ? AND data_set_id = ? ORDER BY id LIMIT ?",
        (after, data_set_id, most),
    ).fetchall()
    before = connection.total_changes
    connection.executemany(_REMOVE_IMAGE, ids)
    return Step(ids[-1][0] if ids else None, connection.total_changes - before)


def remove_collection(connection: Connection, collection_id: int) -> None:
    """Take out a collection of which nothing is left, and the memory of its files."""
    connection.execute("DELETE FROM imported_files WHERE collection_id = ?", (collection_id,))
    connection.execute("DELETE FROM imported_collections WHERE id = ?", (collection_id,))


_REMOVE_IMAGE: Final = """
    DELETE FROM imported_images WHERE id = ?1
    AND NOT EXISTS (SELECT 1 FROM imported_votes WHERE image_id = ?1)
    AND NOT EXISTS (SELECT 1 FROM imported_histograms WHERE image_id = ?1)
"""
