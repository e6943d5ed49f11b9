"""Rules of habit: what somebody presses, whatever there is to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.trust.rules.rule import (
    HELD_FROM,
    Act,
    Before,
    Figure,
    Finding,
    Measure,
    Sight,
    acts,
    held_acts,
)


@dataclass(frozen=True, slots=True)
class SameButton:
    """One button in nearly all answers on a scale (MODE of the facts).

    Of 2,513 real raters of faces 3 % press one button in 85 % of 100 answers, so the kudos are
    held only where a second signal agrees: the answers hardly depend on the images; or they are
    suspected of that, and half of the gold is wrong. That alone says nothing: whoever looks and
    likes little presses the lowest button and has the good half of the gold wrong. Where such
    answers go along with gold, nothing is held.
    """

    name: ClassVar = "same_button"
    reads: ClassVar = frozenset({Measure.BUTTONS, Measure.AGREEMENT, Measure.GOLD})
    figure: ClassVar = Figure(100)

    share: float = 0.85
    still: float = 0.8
    answers: int = 20
    gold_images: int = 5
    gold_wrong: float = 0.5
    suspected: float = 0.5
    gold_percent: int = 20

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the largest share of one button over the scales."""
        share = sight.button_share(self.answers)
        if share < (self.still if before.found else self.share):
            return None
        wanted = acts(Act.CAPTCHA)
        if sight.votes >= HELD_FROM and self._is_doubted(sight, before):
            wanted |= held_acts(sight.votes)
        return Finding(self.name, share, wanted)

    def _is_doubted(self, sight: Sight, before: Before) -> bool:
        gold, belief = sight.gold, sight.belief(sight.main)
        fails = gold.images >= self.gold_images and gold.share_wrong >= self.gold_wrong
        suspected = belief.known and belief.honest < self.suspected
        suspected = suspected and not gold.speaks_for(sight.main)
        return (fails and suspected) or sight.is_doubted(still=before.held)


@dataclass(frozen=True, slots=True)
class SameInARow:
    """One button many times in a row; noticed for some answers after it ended.

    Real raters do that too: 8 % of those of faces, once in 100 answers.
    """

    name: ClassVar = "same_in_a_row"
    reads: ClassVar = frozenset({Measure.BUTTONS})
    figure: ClassVar = Figure()

    answers: int = 20
    noticed_for: int = 20
    gold_percent: int = 20

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the longest run that is not too long ago."""
        del before
        runs = [
            buttons.long_run
            for name, buttons in sight.buttons.items()
            if buttons.answers >= self.answers
            and buttons.long_run
            and buttons.answers - buttons.long_run_at < self.noticed_for
        ]
        if not runs:
            return None
        return Finding(self.name, max(runs), acts(Act.CAPTCHA))


@dataclass(frozen=True, slots=True)
class FewValues:
    """Few of a scale's buttons for everything, such as 1, 4, 7 and 10 alone.

    Not where one button is right for most images.
    """

    name: ClassVar = "few_values"
    reads: ClassVar = frozenset({Measure.BUTTONS})
    figure: ClassVar = Figure()

    share_of_buttons: float = 0.4
    share_of_answers: float = 0.02
    answers: int = 50
    gold_percent: int = 20

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find how many buttons have more than a slip's share of the answers."""
        del before
        for name, buttons in sight.buttons.items():
            if sight.scale(name).usual is not None or buttons.answers < self.answers:
                continue
            used = buttons.used(self.share_of_answers)
            if used <= self.share_of_buttons * len(buttons.pressed):
                return Finding(self.name, used, acts(Act.CAPTCHA))
        return None
