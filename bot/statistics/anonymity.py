"""What is told of raters without telling who they are: nothing of fewer than five of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FEWEST: Final = 5
"""Raters of whom a figure may be told: one of fewer could be recognised by who knows the others."""


@dataclass(frozen=True, slots=True)
class Band:
    """So many `raters` gave `low` to `high` votes, both included; no upper end where it is None."""

    low: int
    high: int | None
    raters: int


def coarse(bands: Sequence[Band]) -> tuple[Band, ...]:
    """Join neighbouring bands until each has no rater or at least FEWEST.

    The most active are joined with the less active ones below them. Nothing is left of fewer than
    FEWEST raters in all.
    """
    if sum(band.raters for band in bands) < FEWEST:
        return ()
    kept = list(bands)
    place = len(kept) - 1
    while place >= 0:
        if 0 < kept[place].raters < FEWEST:
            lower = max(place - 1, 0)
            kept[lower : lower + 2] = [_joined(kept[lower], kept[lower + 1])]
            place = lower
        else:
            place -= 1
    return tuple(kept)


def _joined(below: Band, above: Band) -> Band:
    return Band(below.low, above.high, below.raters + above.raters)
