"""Rules of dependence: whether the answers have anything to do with the images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.trust.rules.rule import (
    DOUBTED,
    HELD_FROM,
    STILL_DOUBTED,
    TELLING_FROM,
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
class Disagreement:
    """Agreement is so low that not looking is likelier than looking.

    It may be taste: 2 to 15 % of honest raters come here. So more gold, and nothing else.
    """

    name: ClassVar = "disagreement"
    reads: ClassVar = frozenset({Measure.AGREEMENT})
    figure: ClassVar = Figure(100)

    honest: float = 0.5
    still: float = 0.6
    gold_percent: int = 20

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the probability that the answers depend on the images."""
        belief = sight.belief(sight.main)
        if not belief.known or belief.honest >= (self.still if before.found else self.honest):
            return None
        return Finding(self.name, belief.honest, acts())


@dataclass(frozen=True, slots=True)
class Independence:
    """The answers do not depend on the images: by agreement, and by the LLR.

    The LLR must be below 0, which speaks against looking, and below that of 99 % of sound raters.
    Who is found at two looks is held: five more answers clear many by whom nothing was meant.
    Whose gold is right is not held: then it may be the others who do not look. From 100 votes on
    a person looks at these too, for gold may have been told to somebody. An answer on gold ends a
    hold at once; by itself it begins nothing, and is no second look.
    """

    name: ClassVar = "independence"
    reads: ClassVar = frozenset({Measure.AGREEMENT, Measure.GOLD})
    figure: ClassVar = Figure(1, 2)

    slack: float = 0.02
    gold_percent: int = 20

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the least evidence a vote over the scales on which both signals agree."""
        if not (sight.compared_anew or before.found):
            return None
        found = self._scales(sight)
        held = before.held or (bool(found) and before.found and sight.compared_anew)
        if not found and before.found:
            found = self._scales(sight, still=True)
        if not found:
            return None
        wanted = held_acts(sight.votes) if held else acts()
        if all(sight.gold.speaks_for(name) for name in found):
            wanted -= acts(Act.HOLD)
        if sight.compared_anew:
            wanted |= acts(Act.CAPTCHA)
        return Finding(self.name, min(found.values()), wanted)

    def _scales(self, sight: Sight, *, still: bool = False) -> dict[str, float]:
        """Return the evidence by scale where both signals agree."""
        every = ((name, self._found(sight, name, still=still)) for name in sight.agreement)
        return {name: llr for name, llr in every if llr is not None}

    def _found(self, sight: Sight, name: str, *, still: bool = False) -> float | None:
        """Return the evidence on a scale where both signals agree, None elsewhere."""
        belief = sight.belief(name)
        if belief.answers < HELD_FROM or belief.shown < TELLING_FROM:
            return None
        if belief.honest >= (STILL_DOUBTED if still else DOUBTED):
            return None
        low, llr = sight.crowd(name).llr_low, sight.llr(name)
        limit = min(0.0, 0.0 if low is None else low) + (self.slack if still else 0.0)
        return llr if llr < limit else None


@dataclass(frozen=True, slots=True)
class Lapse:
    """The newest 40 answers do not depend on the images, whatever those before did.

    Every answer ends such a row of 40, so that chance has many tries: it asks and holds nothing.
    """

    name: ClassVar = "lapse"
    reads: ClassVar = frozenset({Measure.AGREEMENT})
    figure: ClassVar = Figure(1, 2)

    honest: float = 0.5
    llr: float = -0.05
    slack: float = 0.05
    gold_percent: int = 20

    def finding(self, sight: Sight, before: Before) -> Finding | None:
        """Find the evidence a vote of the newest answers on the main scale."""
        newest = sight.newest(sight.main)
        if newest is None or newest.honest >= self.honest:
            return None
        low = sight.crowd(sight.main).recent_low
        limit = min(self.llr, self.llr if low is None else low)
        llr = sight.newest_llr(sight.main, newest)
        if llr >= limit + (self.slack if before.found else 0.0):
            return None
        return Finding(self.name, llr, acts(Act.CAPTCHA))
