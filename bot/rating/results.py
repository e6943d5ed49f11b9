"""What a closed post shows: the distribution of the scores of one image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from statistics import fmean, median

from bot.rating.scales import SCALES, Scale
from storage import votes


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


def result_of(connection: Connection, image_id: int) -> Result | None:
    """Return what the raters said of the image; None if no vote counts."""
    rows = votes.counted_scores(connection, image_id)
    if not rows:
        return None
    columns = dict(zip(votes.SCALES, zip(*rows, strict=True), strict=True))
    return Result(
        raters=len(rows),
        scales={name: _on_scale(scale, columns[name]) for name, scale in SCALES.items()},
    )


def _on_scale(scale: Scale, scores: Sequence[int]) -> ScaleResult:
    counted = Counter(scores)
    return ScaleResult(
        counts={value: counted[value] for value in scale.values},
        mean=fmean(scores),
        median=median(scores),
        raters=len(scores),
    )
