"""The votes that scores are made of, read in bulk: one row a vote, in no order."""

from __future__ import annotations

from collections.abc import Iterator
from sqlite3 import Connection
from typing import Final

from storage.votes import SCALES

Row = tuple[int, ...]

SCORED: Final = "v.state = 'given' AND v.gold = 0"
"""Condition under which the given scores of a row `v` of votes make scores: half votes too, and
votes after the scores were shown, but none on an image whose score was known before."""


def votes(connection: Connection) -> Iterator[Row]:
    """Yield rows of image, rater, and a score a scale in the order of SCALES; -1: not given."""
    return connection.execute(_VOTES)


def data_sets(connection: Connection) -> Iterator[Row]:
    """Yield rows of image and data set, by rising image: all images that have any vote."""
    return connection.execute(_DATA_SETS)


def position(connection: Connection) -> int:
    """Return the last entry of the history: what changes a vote that counts adds one."""
    (last,) = connection.execute("SELECT max(id) FROM vote_history").fetchone()
    return last or 0


def touched(connection: Connection, position: int) -> tuple[set[int], int]:
    """Return the images whose votes changed since a position, and the position now."""
    rows = connection.execute(
        "SELECT id, image_id FROM vote_history WHERE id > ? ORDER BY id", (position,)
    ).fetchall()
    return {image for _, image in rows}, rows[-1][0] if rows else position


_VOTES: Final = f"""
    SELECT v.image_id, v.rater, {", ".join(f"coalesce(v.{scale}, -1)" for scale in SCALES)}
    FROM votes v WHERE {SCORED}
"""  # noqa: S608 - constants
_DATA_SETS: Final = """
    SELECT i.id, i.data_set_id
    FROM (SELECT DISTINCT image_id FROM votes) AS touched CROSS JOIN images i
    WHERE i.id = touched.image_id ORDER BY touched.image_id
"""
