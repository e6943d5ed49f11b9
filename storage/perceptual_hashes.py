"""Near-duplicates: images of a data set whose perceptual hash is almost the same."""

from __future__ import annotations

from sqlite3 import Connection

DISTANCE = 3
"""In how many of their 64 bits near-duplicates differ at most.

With one more, the four quarters of which one must be the same would no longer find them all.
"""
CANDIDATES = 5_000
"""How many images of the same quarter are compared at most.

Of 14 million pictures some 400 share one. Where a data set's pictures are all drawn alike, so many
may that an import would never end.
"""

_MASK = 2**64 - 1


def nearest(connection: Connection, data_set_id: int, perceptual_hash: int) -> str | None:
    """Return the key of the image most alike, the first of several; None where none is near."""
    found: list[tuple[int, int]] = []
    for quarter in _QUARTERS:
        for image_id, other in connection.execute(quarter, (data_set_id, perceptual_hash)):
            distance = _distance(other, perceptual_hash)
            if distance <= DISTANCE:
                found.append((distance, image_id))
    if not found:
        return None
    (key,) = connection.execute("SELECT key FROM images WHERE id = ?", (min(found)[1],)).fetchone()
    return str(key)


def are_near(one: int, other: int) -> bool:
    """Tell whether two hashes are of near-duplicates."""
    return _distance(one, other) <= DISTANCE


def store(connection: Connection, image_id: int, perceptual_hash: int) -> None:
    """Store the hash of an image that has none yet."""
    connection.execute(
        "UPDATE images SET perceptual_hash = ? WHERE id = ? AND perceptual_hash IS NULL",
        (perceptual_hash, image_id),
    )


def _distance(one: int, other: int) -> int:
    return ((one ^ other) & _MASK).bit_count()


_QUARTERS = tuple(
    f"""
    SELECT id, perceptual_hash FROM images
    WHERE data_set_id = ?1 AND (perceptual_hash >> {bits}) & 65535 = (?2 >> {bits}) & 65535
        AND perceptual_hash IS NOT NULL
    LIMIT {CANDIDATES}
    """  # noqa: S608 - numbers of this module
    for bits in (0, 16, 32, 48)
)
