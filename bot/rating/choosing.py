"""Which image is shown next: finish what was begun, and begin little at a time."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection

from storage import choosing, data_sets
from storage.choosing import Seeker

LEAST_POOL = 20
"""Begun images that even a small data set may have, so that raters get differing ones."""
POOL_SHARE = 0.03
"""Begun images as a share of all that were touched: what is left unfinished at worst."""


def choose(
    connection: Connection, seeker: Seeker, start: int, now: datetime, pool_size: int
) -> int | None:
    """Return the id of an image to show to the seeker, None if nothing is left for them.

    `start` is the random key from which images are met. Raises LookupError for an unknown data
    set.
    """
    fresh_first = _pool_has_room(connection, seeker.data_set_id, pool_size)
    if fresh_first:
        found = choosing.waiting(connection, seeker, start)
        if found is not None:
            return found
    found = choosing.begun(connection, seeker, start, now)
    if found is None and not fresh_first:
        found = choosing.waiting(connection, seeker, start)
    if found is None:
        found = choosing.begun(connection, seeker, start, now, window=choosing.EVERY)
    return found


def _pool_has_room(connection: Connection, data_set_id: int, pool_size: int) -> bool:
    data_set = data_sets.by_id(connection, data_set_id)
    if data_set is None:
        raise LookupError(f"there is no data set {data_set_id}")
    touched = data_set.begun_images + data_set.full_images
    return data_set.begun_images < min(pool_size, max(LEAST_POOL, POOL_SHARE * touched))
