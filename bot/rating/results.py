"""What a closed post shows: the distribution of the scores of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScaleResult:
    """The scores of one scale: how many raters gave each value, mean and median."""

    counts: Mapping[int, int]
    """Every value of the scale from low to high, zeros included."""
    mean: float
    median: float
    raters: int


@dataclass(frozen=True, slots=True)
class Result:
    """The complete votes that count for one image; `scales` holds every scale by its name."""

    raters: int
    scales: Mapping[str, ScaleResult]
