"""A rule of company: raters who deviate from everybody else in the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.trust.rules.rule import SHOWN_FROM, Act, Before, Figure, Finding, Measure, Sight, acts


@dataclass(frozen=True, slots=True)
class Pair:
    """The closest partners deviate alike on the same images (PAIR), found once a night.

    The limit is the night's: far above the median, and above what chance gives.
    """

    name: ClassVar = "pair"
    reads: ClassVar = frozenset({Measure.PAIRS})
    figure: ClassVar = Figure(1, 1)

    votes: int = SHOWN_FROM
    gold_percent: int = 0

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find how closely the rater goes with others."""
        del before
        if sight.pair is None or sight.votes < self.votes or sight.pair.score < sight.pair.limit:
            return None
        return Finding(self.name, sight.pair.score, acts(Act.LOOK))
