"""The crowd: how everybody else scores, from a sample whose cost does not grow with the votes."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Connection
from typing import Final

from storage.image_stages import COUNTS
from storage.votes import SCALES

SAMPLE: Final = 2_000
"""Votes that are looked at, evenly from the first to the last: a share of 10 % is known to 0.7 %
then, and reading them takes some 70 ms at a million votes or a hundred."""

Histogram = Mapping[int, int]
"""How often each score was given."""


def histograms(
    connection: Connection, *, without: int, sample: int = SAMPLE
) -> dict[str, Histogram]:
    """Return the histogram of each scale over votes that count, but for one rater's.

    All votes as long as there are no more than `sample`, else that many at even steps. Gold is
    left out: its images are at the ends of a scale on purpose.
    """
    first, last = connection.execute("SELECT min(id), max(id) FROM votes").fetchone()
    counted: dict[str, dict[int, int]] = {scale: {} for scale in SCALES}
    if first is None:
        return dict(counted)
    step = max(1.0, (last - first + 1) / sample)
    rows = connection.execute(
        _SAMPLED, {"first": first, "last": last, "step": step, "without": without}
    )
    for row in rows:
        for scale, score in zip(SCALES, row, strict=True):
            counted[scale][score] = counted[scale].get(score, 0) + 1
    return dict(counted)


# Ids are looked up one by one: where votes were erased the sample is smaller, never slower.
_SAMPLED: Final = f"""
    WITH RECURSIVE points (number) AS (
        SELECT 0 UNION ALL
        SELECT number + 1 FROM points WHERE :first + (number + 1) * :step <= :last
    )
    SELECT {", ".join(f"v.{scale}" for scale in SCALES)}
    FROM points CROSS JOIN votes v ON v.id = :first + CAST(number * :step AS INTEGER)
    WHERE {COUNTS} AND v.rater <> :without
"""  # noqa: S608 - constants
