"""What is right on a gold image: pure rules over scales and ranges."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bot.errors import GoldRangeError
from bot.rating.scales import AESTHETIC, ARTIFACTS, SCALES, Scale
from storage.gold_images import Ranges

TOLERANCE: Final[Mapping[str, float]] = {AESTHETIC.name: 3, ARTIFACTS.name: 1.5}
"""How far from the expected score an answer may be, in points: a third of either scale's length.

On the fifth of London faces at either end, a third of that scale around a face's mean leaves out
13 % of the real votes and 46 % of what is pressed without a look; less leaves out more of both.
"""

NOTHING: Final = "-"
"""What a moderator types for a scale on which nothing is known, and for no explanation."""

ENDS: Final = 3
"""Into so many parts a scale falls; the outer two are its ends."""

End = Literal["low", "middle", "high"]
"""Where on its scale the right scores lie."""

Fit = Literal["fits", "low", "high"]
"""Whether a score is right, or to which side it is off."""

_TYPED: Final = re.compile(
    r"\s*([0-9]{1,3}(?:[.,][0-9]{1,2})?)\s*(?:(?:-|\u2013|to|bis|\.\.)\s*([0-9]{1,3})\s*)?"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer held against the known scores: `asked` scales have any, `wrong` miss theirs."""

    asked: int
    wrong: int


def around(scale: Scale, expected: float, tolerance: float | None = None) -> tuple[int, int]:
    """Return the scores that are right where `expected` is what most people say.

    Never empty: the nearest score is always right. Raises GoldRangeError for an expected score
    that is off the scale.
    """
    if not scale.low <= expected <= scale.high:
        raise GoldRangeError(low=scale.low, high=scale.high)
    reach = TOLERANCE[scale.name] if tolerance is None else tolerance
    nearest = math.floor(expected + 0.5)
    low = min(nearest, math.ceil(expected - reach))
    high = max(nearest, math.floor(expected + reach))
    return max(scale.low, low), min(scale.high, high)


def typed_range(scale: Scale, typed: str) -> tuple[int, int]:
    """Return the right scores that somebody typed: `8` and what is near it, or `7-10` exactly.

    Raises GoldRangeError for anything else, and for scores that are off the scale.
    """
    match = _TYPED.fullmatch(typed)
    if match is None:
        raise GoldRangeError(low=scale.low, high=scale.high)
    first, last = match.groups()
    if last is None:
        return around(scale, float(first.replace(",", ".")))
    if not first.isdecimal() or not (scale.low <= int(first) <= int(last) <= scale.high):
        raise GoldRangeError(low=scale.low, high=scale.high)
    return int(first), int(last)


def judge(ranges: Ranges, scores: Mapping[str, int]) -> Judged:
    """Hold an answer against the known scores; a scale that lacks a score is not asked."""
    asked = [scale for scale in ranges if scale in scores]
    return Judged(len(asked), sum(fit(ranges[scale], scores[scale]) != "fits" for scale in asked))


def fit(right: tuple[int, int], score: int) -> Fit:
    """Tell whether a score is right, or to which side it is off."""
    low, high = right
    return "low" if score < low else "high" if score > high else "fits"


def end_of(scale: Scale, right: tuple[int, int]) -> End:
    """Return where on the scale the middle of the right scores lies."""
    middle, part = sum(right) / 2, (scale.high - scale.low) / ENDS
    if middle <= scale.low + part:
        return "low"
    return "high" if middle >= scale.high - part else "middle"


def ends_of(ranges: Ranges) -> frozenset[tuple[str, End]]:
    """Return the clear ends that an image shows: scales whose right scores lie at one."""
    ends = ((scale, end_of(SCALES[scale], right)) for scale, right in ranges.items())
    return frozenset(each for each in ends if each[1] != "middle")


def changes(before: Ranges, after: Ranges) -> dict[str, str]:
    """Return what the log says of ranges by scale: the one from now on, after the one before."""
    return {
        scale: " → ".join(dict.fromkeys((_range(before.get(scale)), _range(after.get(scale)))))
        for scale in SCALES
        if scale in before or scale in after
    }


def _range(right: tuple[int, int] | None) -> str:
    return NOTHING if right is None else f"{right[0]}-{right[1]}"
