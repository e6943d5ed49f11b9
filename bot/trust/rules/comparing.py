"""What the other answers on an image let expect of each: leave one out, weighed by trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.trust.rules.agreement import UNIT, Compared
from bot.trust.rules.yardstick import Yardstick

MOST_OTHERS = 32
"""So many answers make what is expected of the others; more tell next to nothing more, and the
cost of an image would grow with the square of them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A rater's score of the image, the rater's bias in points, and weight in 1 / points squared.

    `counts`: whether it tells something of the image to others.
    """

    rater: int
    score: int
    bias: float
    weight: float
    counts: bool = True


def compare(
    answers: Sequence[Answer], yard: Yardstick, raters: frozenset[int] | None = None
) -> dict[int, Compared]:
    """Return the answers of these raters, or of all, beside what the others' let expect.

    The formula is that of `scoring.consensus.Sums.without_own`. Where nobody else answered there
    is nothing to compare.
    """
    crowd, scale = yard.crowd, yard.scale
    telling = [each for each in answers if each.counts][:MOST_OTHERS]
    told = {each.rater for each in telling}
    weight = sum(each.weight for each in telling)
    total = sum(each.weight * (each.score - each.bias) for each in telling)
    found = {}
    for each in answers:
        own = each.weight if each.rater in told else 0.0
        if (raters is not None and each.rater not in raters) or told <= {each.rater}:
            continue
        precision = max(weight - own, 0.0) + 1 / crowd.between
        others = total - own * (each.score - each.bias) + crowd.centre / crowd.between
        expected = min(max(others / precision, scale.low), scale.high)
        found[each.rater] = Compared(
            each.score, round(expected * UNIT), round(UNIT / precision), crowd.group(expected)
        )
    return found
