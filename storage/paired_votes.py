"""The newest votes on one scale, for who goes with whom; and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from sqlite3 import Connection
from typing import NamedTuple

from storage.times import to_microseconds
from storage.votes import SCALES

CHUNK_ROWS = 20_000


class Pair(NamedTuple):
    """Two raters who deviate alike on `shared` images; `rater` has the lower number."""

    rater: int
    other: int
    score: float
    shared: int


def newest(connection: Connection, scale: str, most: int) -> Iterator[list[tuple[int, ...]]]:
    """Yield rows of rater, image, data set and score, of about so many newest votes.

    Only what raters stand by, and nothing on gold. `scale` must be one of SCALES.
    """
    if scale not in SCALES:
        raise ValueError(f"there is no scale {scale}")
    cursor = connection.execute(
        f"SELECT v.rater, v.image_id, i.data_set_id, v.{scale}"  # noqa: S608 - a known column
        " FROM votes v JOIN images i ON i.id = v.image_id"
        " WHERE v.id > (SELECT coalesce(max(id), 0) FROM votes) - ?"
        f" AND v.state = 'given' AND v.gold = 0 AND v.{scale} IS NOT NULL",
        (most,),
    )
    while rows := cursor.fetchmany(CHUNK_ROWS):
        yield rows


def replace_all(connection: Connection, pairs: Iterable[Pair], now: datetime) -> None:
    """Keep these pairs in place of those that were found before; erased raters are in none."""
    at = to_microseconds(now)
    connection.execute("DELETE FROM rater_pairs")
    connection.executemany(
        "INSERT INTO rater_pairs (rater, other, score, shared, found_at) SELECT ?, ?, ?, ?, ?"
        " WHERE NOT EXISTS (SELECT 1 FROM raters WHERE number IN (?, ?) AND erased_at IS NOT NULL)",
        [(*pair, at, pair.rater, pair.other) for pair in pairs],
    )
