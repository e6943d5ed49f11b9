"""A rule of solitude: nobody else can tell whether somebody looks, and gold does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.trust.rules.answers import ENOUGH, HALF, UNRELATED, Gold
from bot.trust.rules.rule import SHOWN_FROM, Act, Before, Figure, Finding, Measure, Sight, acts


@dataclass(frozen=True, slots=True)
class Alone:
    """Too few answers could be compared, and they are one button, or fail gold.

    Where fewer people rate than an image needs, hardly any image closes: what cannot be compared
    is not for that beyond doubt. A person looks, unless answers on gold go along with what is
    right; nothing is held.
    """

    name: ClassVar = "alone"
    reads: ClassVar = frozenset({Measure.BUTTONS, Measure.GOLD, Measure.AGREEMENT})
    figure: ClassVar = Figure(100)

    votes: int = SHOWN_FROM
    share: float = 0.85
    wrong: float = HALF
    gold_percent: int = 20

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the share of answers that are one button, or wrong on gold; the larger one."""
        del before
        gold = sight.gold
        if sight.votes < self.votes or sight.is_comparable():
            return None
        if gold.speaks_for(sight.main) and not gold.is_failed:
            return None
        button = sight.button_share(self.votes)
        if button < self.share and not self._fails(gold):
            return None
        return Finding(self.name, max(button, gold.most_wrong(ENOUGH)), acts(Act.LOOK))

    def _fails(self, gold: Gold) -> bool:
        """Tell whether enough of gold was asked, and half is wrong or all has nothing to do."""
        correlation = gold.correlation(ENOUGH)
        unrelated = correlation is not None and correlation < UNRELATED
        wrong = gold.most_wrong(ENOUGH) >= self.wrong
        return gold.images >= ENOUGH and (unrelated or wrong)
