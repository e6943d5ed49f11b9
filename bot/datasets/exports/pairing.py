"""Which of two images of a prompt is the better one, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import erf, hypot, sqrt
from typing import Any, Final

from bot.rating.scales import Scale

Image = Mapping[str, Any]
"""A row of `by_prompt`."""

NEIGHBOURS: Final = 9
"""With so many of the next images an image is paired: all of a prompt that has ten, and no flood
where one prompt has thousands."""

TIE_DECIMALS: Final = 2
"""Scores that are the same to so many decimals are a tie, which is no pair."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images; `difference` in points of the scale, `probability` (.5 to 1) that it is so."""

    better: Image
    worse: Image
    difference: float
    probability: float


def neighbours(images: Sequence[Image]) -> Iterator[tuple[Image, Image]]:
    """Yield which images of a prompt are paired."""
    for place, one in enumerate(images):
        for other in images[place + 1 : place + 1 + NEIGHBOURS]:
            yield one, other


def compare(one: Image, other: Image, scale: Scale) -> Pair | None:
    """Return the pair by their scores on a scale; None where they tie, or one has no score.

    The probability takes both scores as normal with their standard errors.
    """
    first, second = tied(one, scale), tied(other, scale)
    if first is None or second is None or first == second:
        return None
    better, worse = (one, other) if (first > second) == scale.higher_is_better else (other, one)
    difference = abs(first - second)
    error = hypot(one[f"{scale.name}_error"], other[f"{scale.name}_error"])
    probability = (1 + erf(difference / (error * sqrt(2)))) / 2
    return Pair(better, worse, round(difference, TIE_DECIMALS), probability)


def tied(image: Image, scale: Scale) -> float | None:
    """Return a score so rounded that ties are equal, or None where there is none."""
    score: float | None = image[scale.name]
    return None if score is None else round(score, TIE_DECIMALS)
