"""Raters of imported collections, and under which names exports tell of them.

The name of a rater is their key, so that what was exported comes back as it was, unless somebody
else has that name already. It is decided when they come, and stays: files that were handed out name
them so, whoever comes later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from sqlite3 import Connection
from typing import Final

from storage.imported_collections import ImportedCollection


def ids(
    connection: Connection,
    collection: ImportedCollection,
    keys: Sequence[str],
    *,
    ours: Collection[str],
    other_name: Callable[[str], str],
) -> list[int]:
    """Return the id of each rater key of the collection; new keys are added, each with its name.

    That is `other_name` where the key is the pseudonym of one of `ours`, or the name of somebody in
    the data set's collections of this format.
    """
    found = []
    for key in keys:
        row = connection.execute(_FIND, (collection.id, key)).fetchone()
        if row is None:
            others = (key, collection.data_set_id, collection.format)
            taken = key in ours or connection.execute(_NAMED, others).fetchone() is not None
            name = other_name(key) if taken else key
            row = connection.execute(_INSERT, (collection.id, key, name)).fetchone()
        found.append(row[0])
    return found


def is_name(connection: Connection, name: str) -> bool:
    """Tell whether an imported rater of any data set has this name."""
    return connection.execute(_IS_NAME, (name,)).fetchone() is not None


def count(connection: Connection, collection_id: int) -> int:
    """Return how many raters the collection has."""
    (number,) = connection.execute(
        "SELECT count(*) FROM imported_raters WHERE collection_id = ?", (collection_id,)
    ).fetchone()
    return int(number)


_FIND: Final = "SELECT id FROM imported_raters WHERE collection_id = ? AND key = ?"
_NAMED: Final = """
    SELECT 1 FROM imported_raters r JOIN imported_collections c ON c.id = r.collection_id
    WHERE r.name = ? AND c.data_set_id = ? AND c.format = ? LIMIT 1
"""
_INSERT: Final = """
    INSERT INTO imported_raters (collection_id, key, name) VALUES (?, ?, ?) RETURNING id
"""
_IS_NAME: Final = "SELECT 1 FROM imported_raters WHERE name = ? LIMIT 1"
