"""Images: what is known of each picture, and where its bytes are.

Who changes `images.stage` after the insert is `storage.image_stages`, and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, NamedTuple

from storage.times import from_microseconds, to_microseconds

# A random key is at least 0 and below 2 ** RANDOM_KEY_BITS: six bytes in SQLite's row format, and
# wide enough that 14 million images hardly ever share one.
RANDOM_KEY_BITS = 47

NEAR = 500
"""How many ids to each side count as imported next to an image."""

COLUMNS = (
    "id, data_set_id, key, source_id, member, sha256, set_id, prompt, parameters, width, height, "
    "perceptual_hash, safe, stage, random_key, complete_votes, closes_at, revealed_at, imported_at"
)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture to be judged.

    `member` is its path inside its source, `parameters` a JSON object of how it was generated,
    `width` and `height` are pixels of the original. `sha256` is of the original's bytes, None
    where the import did not read them. `perceptual_hash` says what the picture looks like; see
    `storage.perceptual_hashes`.
    """

    id: int
    data_set_id: int
    key: str
    source_id: int
    member: str
    sha256: bytes | None
    set_id: int | None
    prompt: str | None
    parameters: str | None
    width: int | None
    height: int | None
    perceptual_hash: int | None
    safe: bool
    stage: str
    random_key: int
    complete_votes: int
    closes_at: datetime | None
    revealed_at: datetime | None
    imported_at: datetime


class NewImage(NamedTuple):
    """A row to insert; a tuple because imports make millions of them."""

    data_set_id: int
    key: str
    source_id: int
    member: str
    safe: bool
    random_key: int
    sha256: bytes | None = None
    set_id: int | None = None
    prompt: str | None = None
    parameters: str | None = None
    width: int | None = None
    height: int | None = None
    perceptual_hash: int | None = None


class KnownImage(NamedTuple):
    """What an import compares a file with."""

    id: int
    key: str
    source_id: int
    member: str
    sha256: bytes | None
    perceptual_hash: int | None


def insert(connection: Connection, image: NewImage, now: datetime) -> int:
    """Insert one image and return its id; sqlite3.IntegrityError where its key is taken."""
    cursor = connection.execute(_INSERT, (*image, to_microseconds(now)))
    assert cursor.lastrowid is not None  # noqa: S101 - an insert that did not raise has a row id
    return cursor.lastrowid


def insert_new(connection: Connection, images: Iterable[NewImage], now: datetime) -> int:
    """Insert those whose key is not in their data set yet; return how many those were."""
    imported_at = to_microseconds(now)
    rows = [(*image, imported_at) for image in images]
    if not rows:
        return 0
    return connection.executemany(
        f"{_INSERT} ON CONFLICT (data_set_id, key) DO NOTHING", rows
    ).rowcount


def by_id(connection: Connection, image_id: int) -> Image | None:
    """Return the image with this id."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM images WHERE id = ?",  # noqa: S608 - a constant of this module
        (image_id,),
    ).fetchone()
    return image_of(row) if row else None


def neighbours(connection: Connection, image: Image) -> list[str]:
    """Return members of the same source that were imported next to an image, at most 20."""
    rows = connection.execute(
        "SELECT member FROM images WHERE id BETWEEN ? AND ? AND source_id = ? AND id <> ?"
        " AND stage <> 'broken' LIMIT 20",
        (image.id - NEAR, image.id + NEAR, image.source_id, image.id),
    )
    return [member for (member,) in rows]


def by_key(connection: Connection, data_set_id: int, key: str) -> Image | None:
    """Return the image that has this key in the data set."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM images WHERE data_set_id = ? AND key = ?",  # noqa: S608 - a constant of this module
        (data_set_id, key),
    ).fetchone()
    return image_of(row) if row else None


def known_by_keys(
    connection: Connection, data_set_id: int, keys: Sequence[str]
) -> dict[str, KnownImage]:
    """Return those of the `keys` that the data set already has."""
    known = {}
    for key in keys:
        row = connection.execute(
            "SELECT id, key, source_id, member, sha256, perceptual_hash FROM images"
            " WHERE data_set_id = ? AND key = ?",
            (data_set_id, key),
        ).fetchone()
        if row:
            known[key] = KnownImage(*row)
    return known


def move(connection: Connection, image_id: int, source_id: int, member: str) -> None:
    """Store that the bytes of an image are now read from elsewhere."""
    connection.execute(
        "UPDATE images SET source_id = ?, member = ? WHERE id = ?", (source_id, member, image_id)
    )


def set_safe(connection: Connection, image_id: int, *, safe: bool) -> bool:
    """Store whether an image may be shown to everybody; False where it is so already."""
    cursor = connection.execute(
        "UPDATE images SET safe = ? WHERE id = ? AND safe <> ?", (safe, image_id, safe)
    )
    return cursor.rowcount == 1


def count(connection: Connection, data_set_id: int) -> int:
    """Return how many images the data set has, of any stage."""
    (number,) = connection.execute(
        "SELECT count(*) FROM images WHERE data_set_id = ?", (data_set_id,)
    ).fetchone()
    return int(number)


def image_of(row: tuple[Any, ...]) -> Image:
    """Build the record from a row of COLUMNS."""
    values = list(row)
    values[_SAFE] = bool(row[_SAFE])
    for column in _MOMENTS:
        values[column] = None if row[column] is None else from_microseconds(row[column])
    return Image(*values)


_INSERT = f"""
    INSERT INTO images ({", ".join(NewImage._fields)}, imported_at)
    VALUES ({", ".join("?" * len(NewImage._fields))}, ?)
"""  # noqa: S608 - the names are this module's own
_NAMES = COLUMNS.split(", ")
_SAFE = _NAMES.index("safe")
_MOMENTS = [_NAMES.index(name) for name in ("closes_at", "revealed_at", "imported_at")]
