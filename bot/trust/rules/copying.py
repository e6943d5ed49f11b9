"""A rule of closeness: answers that are nearer to everybody's than people come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.trust.rules.rule import Act, Before, Figure, Finding, Measure, Sight, acts


@dataclass(frozen=True, slots=True)
class TooGood:
    """Answers lie so close to what the others let expect that they are copied (TOOGOOD).

    Below 99.5 % of sound raters; where these are too few, below half of their median.
    """

    name: ClassVar = "too_good"
    reads: ClassVar = frozenset({Measure.AGREEMENT})
    figure: ClassVar = Figure(1, 2)

    answers: int = 50
    share_of_median: float = 0.5
    still: float = 1.1
    gold_percent: int = 0

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the distance from what was expected of this rater, in points (RMS)."""
        belief, crowd = sight.belief(sight.main), sight.crowd(sight.main)
        if belief.answers < self.answers:
            return None
        limit = crowd.residual_low
        if limit is None:
            limit = self.share_of_median * (crowd.residual_middle or 0.0)
        if belief.residual >= limit * (self.still if before.found else 1.0):
            return None
        return Finding(self.name, belief.residual, acts(Act.CAPTCHA))
