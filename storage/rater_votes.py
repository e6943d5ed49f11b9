"""What a rater's votes tell, for a moderator's eyes. Bounded: the newest of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, NamedTuple

from storage.image_stages import COUNTS
from storage.times import from_microseconds, to_microseconds
from storage.votes import SCALES

RECENT: Final = 5_000
"""The newest complete votes of a rater that histograms are made of."""


@dataclass(frozen=True, slots=True)
class VoteCounts:
    """A rater's votes by what became of them. `gold` are among the complete ones."""

    complete: int
    half: int
    undone: int
    void: int


class Compared(NamedTuple):
    """One vote beside what `others` counted votes say of its image, the means of the scales."""

    aesthetic: int
    artifacts: int
    others_aesthetic: float
    others_artifacts: float
    others: int


def count_votes(connection: Connection, rater: int) -> VoteCounts:
    """Count a rater's votes; by the index alone."""
    return VoteCounts(*connection.execute(_COUNTS, (rater,)).fetchone())


def histograms(connection: Connection, rater: int) -> dict[str, dict[int, int]]:
    """Return how often the rater gave each score of each scale, void votes included."""
    counted: dict[str, Counter[int]] = {scale: Counter() for scale in SCALES}
    for row in connection.execute(_RECENT_SCORES, (rater, RECENT)):
        for scale, score in zip(SCALES, row, strict=True):
            counted[scale][score] += 1
    return {scale: dict(histogram) for scale, histogram in counted.items()}


def compared(connection: Connection, rater: int, *, limit: int, others: int) -> list[Compared]:
    """Return the newest `limit` votes, those whose images have votes of at least `others` others.

    The newest first. Votes on gold are left out.
    """
    values = {"rater": rater, "limit": limit, "others": others}
    return [Compared(*row) for row in connection.execute(_COMPARED, values)]


def completed_at(connection: Connection, rater: int, limit: int) -> list[datetime]:
    """Return when the newest `limit` votes were complete, the newest first."""
    rows = connection.execute(_COMPLETED_AT, (rater, limit))
    return [from_microseconds(at) for (at,) in rows]


def completed_since(connection: Connection, rater: int, moment: datetime) -> int:
    """Count the votes that are complete since a moment, void ones included."""
    (number,) = connection.execute(_COMPLETED_SINCE, (rater, to_microseconds(moment))).fetchone()
    return int(number)


def by_day(connection: Connection, rater: int, since: datetime) -> dict[int, int]:
    """Return the complete votes on each UTC day with any, in days since 1970-01-01."""
    return dict(connection.execute(_BY_DAY, (rater, to_microseconds(since))).fetchall())


_COUNTS: Final = """
    SELECT count(*) FILTER (WHERE state = 'given' AND completed_at IS NOT NULL),
        count(*) FILTER (WHERE state = 'given' AND completed_at IS NULL),
        count(*) FILTER (WHERE state = 'undone'),
        count(*) FILTER (WHERE state = 'void')
    FROM votes WHERE rater = ?
"""
_RECENT_SCORES: Final = f"""
    SELECT {", ".join(SCALES)} FROM votes
    WHERE rater = ? AND completed_at IS NOT NULL AND gold = 0 ORDER BY completed_at DESC LIMIT ?
"""  # noqa: S608 - constants
_COMPARED: Final = f"""
    WITH own AS (
        SELECT image_id, completed_at, {", ".join(SCALES)} FROM votes
        WHERE rater = :rater AND completed_at IS NOT NULL AND gold = 0
        ORDER BY completed_at DESC LIMIT :limit
    )
    SELECT {", ".join(f"own.{scale}" for scale in SCALES)},
        {", ".join(f"avg(v.{scale})" for scale in SCALES)}, count(*)
    FROM own CROSS JOIN votes v ON v.image_id = own.image_id
    WHERE v.rater <> :rater AND {COUNTS}
    GROUP BY own.image_id HAVING count(*) >= :others ORDER BY own.completed_at DESC
"""  # noqa: S608 - constants
_COMPLETED_AT: Final = """
    SELECT completed_at FROM votes WHERE rater = ? AND completed_at IS NOT NULL
    ORDER BY completed_at DESC LIMIT ?
"""
_COMPLETED_SINCE: Final = "SELECT count(*) FROM votes WHERE rater = ? AND completed_at >= ?"
_BY_DAY: Final = """
    SELECT completed_at / 86400000000, count(*) FROM votes
    WHERE rater = ? AND completed_at >= ? GROUP BY 1
"""
