"""Data sets, and the servers that may use them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection, IntegrityError
from typing import Any

from storage.times import from_microseconds, to_microseconds
from storage.votes import SCALES

COLUMNS = "id, name, target, begun_images, full_images, created_at, " + ", ".join(
    f"kudos_{scale}" for scale in SCALES
)


@dataclass(frozen=True, slots=True)
class DataSet:
    """A named collection of images; `target` is the complete votes that each of them is to get.

    `prices`: kudos for a score of each scale, None where the settings say.
    """

    id: int
    name: str
    target: int
    begun_images: int
    full_images: int
    created_at: datetime
    prices: Mapping[str, int | None]


def create(connection: Connection, name: str, *, target: int, now: datetime) -> DataSet:
    """Return the data set `name`; made with `target` where it does not exist yet."""
    connection.execute(
        "INSERT INTO data_sets (name, target, created_at) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO NOTHING",
        (name, target, to_microseconds(now)),
    )
    data_set = by_name(connection, name)
    assert data_set is not None  # noqa: S101 - the row was written by the statement above
    return data_set


def remove_unused(connection: Connection, name: str) -> None:
    """Remove a data set that nothing refers to: no image, no vote, no server that may use it."""
    with suppress(IntegrityError):
        connection.execute("DELETE FROM data_sets WHERE name = ?", (name,))


def by_id(connection: Connection, data_set_id: int) -> DataSet | None:
    """Return the data set with this id."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM data_sets WHERE id = ?",  # noqa: S608 - a constant of this module
        (data_set_id,),
    ).fetchone()
    return _data_set(row) if row else None


def by_name(connection: Connection, name: str) -> DataSet | None:
    """Return the data set of this name."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM data_sets WHERE name = ?",  # noqa: S608 - a constant of this module
        (name,),
    ).fetchone()
    return _data_set(row) if row else None


def every(connection: Connection) -> list[DataSet]:
    """Return all data sets by name."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM data_sets ORDER BY name"  # noqa: S608 - a constant of this module
    )
    return [_data_set(row) for row in rows]


def size(connection: Connection, data_set_id: int) -> tuple[int, int]:
    """Return how many images the data set has, and how many of them are safe.

    One walk over `images_by_stage`, which has both: about a second for 14 million images.
    """
    images, safe = connection.execute(
        "SELECT count(*), coalesce(sum(safe), 0) FROM images WHERE data_set_id = ?", (data_set_id,)
    ).fetchone()
    return images, safe


def set_target(connection: Connection, data_set_id: int, target: int) -> None:
    """Store a new target; the stages of the images are recomputed by `storage.image_stages`."""
    connection.execute("UPDATE data_sets SET target = ? WHERE id = ?", (target, data_set_id))


def set_prices(connection: Connection, data_set_id: int, prices: Mapping[str, int | None]) -> None:
    """Store what a score of each scale earns, in kudos 0-1000; None: what the settings say."""
    connection.execute(_SET_PRICES, (*(prices[scale] for scale in SCALES), data_set_id))


def grant(connection: Connection, data_set_id: int, guild_id: int, now: datetime) -> bool:
    """Let a server use the data set; False where it already may."""
    cursor = connection.execute(
        "INSERT INTO grants (data_set_id, guild_id, granted_at) VALUES (?, ?, ?)"
        " ON CONFLICT (data_set_id, guild_id) DO NOTHING",
        (data_set_id, guild_id, to_microseconds(now)),
    )
    return cursor.rowcount == 1


def revoke(connection: Connection, data_set_id: int, guild_id: int) -> bool:
    """Take the data set from a server; False where it was not granted."""
    cursor = connection.execute(
        "DELETE FROM grants WHERE data_set_id = ? AND guild_id = ?", (data_set_id, guild_id)
    )
    return cursor.rowcount == 1


def granted_guilds(connection: Connection, data_set_id: int) -> list[int]:
    """Return the servers to which the data set was granted."""
    rows = connection.execute(
        "SELECT guild_id FROM grants WHERE data_set_id = ? ORDER BY guild_id", (data_set_id,)
    )
    return [guild_id for (guild_id,) in rows]


def every_granted_guild(connection: Connection) -> list[int]:
    """Return each server that was granted any data set."""
    return [guild_id for (guild_id,) in connection.execute("SELECT DISTINCT guild_id FROM grants")]


def is_granted(connection: Connection, data_set_id: int, guild_ids: Collection[int]) -> bool:
    """Tell whether the data set was granted to any of the servers."""
    return any(
        connection.execute(
            "SELECT 1 FROM grants WHERE data_set_id = ? AND guild_id = ?", (data_set_id, guild_id)
        ).fetchone()
        for guild_id in guild_ids
    )


def usable(
    connection: Connection, guild_ids: Collection[int], home_guild_id: int | None
) -> list[DataSet]:
    """Return the data sets usable in any of the servers: in the home server all, else the granted.

    A stranger's server gets none.
    """
    data_sets = every(connection)
    if home_guild_id is not None and home_guild_id in guild_ids:
        return data_sets
    return [each for each in data_sets if is_granted(connection, each.id, guild_ids)]


def _data_set(row: tuple[Any, ...]) -> DataSet:
    number, name, target, begun, full, created_at, *prices = row
    return DataSet(
        number,
        name,
        target,
        begun,
        full,
        from_microseconds(created_at),
        dict(zip(SCALES, prices, strict=True)),
    )


_SET_PRICES = f"""
    UPDATE data_sets SET {", ".join(f"kudos_{scale} = ?" for scale in SCALES)} WHERE id = ?
"""  # noqa: S608 - constants
