"""Rules of control: images whose right scores are known, and images shown twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.trust.rules.answers import ENOUGH, HALF, UNRELATED
from bot.trust.rules.rule import (
    HELD_FROM,
    SHOWN_FROM,
    Act,
    Before,
    Figure,
    Finding,
    Measure,
    Sight,
    acts,
)


@dataclass(frozen=True, slots=True)
class GoldFailures:
    """Gold images are answered as if unseen: no correlation, or half of the answers wrong.

    Each scale is paid, so each counts by itself: who looks for liking alone and presses flaws at
    random, or never sees any, has half of them wrong there.

    A person looks where there is no correlation and the reliability is below .05 at two looks;
    from 100 votes on also where there is none on a scale and half of its answers are wrong,
    whatever others say: who presses the same at random is reliable to each other. The .2 is
    judgement, not measured (facts, section 5).
    """

    name: ClassVar = "gold_failures"
    reads: ClassVar = frozenset({Measure.GOLD, Measure.AGREEMENT})
    figure: ClassVar = Figure(100)

    images: int = ENOUGH
    correlation: float = UNRELATED
    wrong: float = HALF
    slack: float = 0.1
    gold_percent: int = 20

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the share of wrong answers, of all or on the scale with most of them."""
        gold, slack = sight.gold, self.slack if before.found else 0.0
        if gold.images < self.images:
            return None
        correlation = gold.correlation(self.images)
        unrelated = correlation is not None and correlation < self.correlation + slack
        wrong = gold.most_wrong(self.images)
        if not unrelated and wrong < self.wrong - slack:
            return None
        wanted = acts(Act.CAPTCHA)
        doubted = unrelated and sight.votes >= HELD_FROM and sight.is_doubted()
        if doubted or (gold.is_failed and sight.votes >= SHOWN_FROM):
            wanted |= acts(Act.LOOK)
        return Finding(self.name, wrong, wanted)


@dataclass(frozen=True, slots=True)
class OtherSecondAnswers:
    """The same image is judged quite differently the second time.

    Who presses at random is off by 37 % of a ten-button scale on average, who has an error of
    1.3 points by 16 %. The limit lies between; it is judgement, not measured.
    """

    name: ClassVar = "repeats"
    reads: ClassVar = frozenset({Measure.REPEATS})
    figure: ClassVar = Figure(100)

    images: int = 5
    off: float = 0.28
    still: float = 0.24
    gold_percent: int = 20

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the mean difference as a share of the scale."""
        repeats = sight.repeats
        if repeats.images < self.images:
            return None
        if repeats.share_off < (self.still if before.found else self.off):
            return None
        return Finding(self.name, repeats.share_off, acts())
