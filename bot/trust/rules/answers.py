"""What somebody said of images whose right scores are known, and of images a second time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

ENOUGH: Final = 10
"""Answers on gold from which it tells anything of a rater (facts on rater quality, section 5)."""

MOST_GOLD: Final = 200
"""So many newest answers of a rater on gold count."""

RIGHT: Final = 0.5
"""Correlation with gold from which somebody looks, whatever others say; judgement, not measured.
Of who presses at random 7 % come here by chance with ten answers, 3 % with fifteen."""

UNRELATED: Final = 0.2
"""Correlation below which answers have nothing to do with gold (facts, section 5)."""

HALF: Final = 0.5
"""Share of wrong answers from which gold is failed."""


class GoldSums(NamedTuple):
    """Sums over gold answers on one scale: number, a, aa, g, gg and ag, and how many are wrong.

    a is the answer, g the sum of both ends of the right range; whole numbers.
    """

    n: int = 0
    a: int = 0
    aa: int = 0
    g: int = 0
    gg: int = 0
    ag: int = 0
    wrong: int = 0

    def after(self, answer: int, low: int, high: int) -> GoldSums:
        """Return the sums with one more answer; `low` to `high` is right."""
        g = low + high
        n, a, aa, gs, gg, ag, wrong = self
        return GoldSums(
            n + 1,
            a + answer,
            aa + answer * answer,
            gs + g,
            gg + g * g,
            ag + answer * g,
            wrong + (not low <= answer <= high),
        )

    @property
    def share_wrong(self) -> float:
        """Return the share of wrong answers; 0 without any."""
        return self.wrong / self.n if self.n else 0.0

    @property
    def tells(self) -> bool:
        """Whether enough answers are on right scores that differ; else none goes along with any."""
        return self.n >= ENOUGH and self.correlation() is not None

    @property
    def is_right(self) -> bool:
        """Whether enough answers go along with the right scores, however many are wrong."""
        return self.n >= ENOUGH and (self.correlation() or 0.0) >= RIGHT

    @property
    def is_failed(self) -> bool:
        """Whether half of enough answers are wrong, and go along with no right scores."""
        unrelated = (self.correlation() or 0.0) < UNRELATED
        return self.n >= ENOUGH and self.share_wrong >= HALF and unrelated

    def correlation(self) -> float | None:
        """Return the correlation of answers and right scores; 0 where the answers do not vary.

        None where the right scores do not vary: then nothing can be said.
        """
        one, two = self.n * self.aa - self.a**2, self.n * self.gg - self.g**2
        if two <= 0:
            return None
        return (self.n * self.ag - self.a * self.g) / math.sqrt(one * two) if one > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Gold:
    """Answers on gold images, lessons included, as they stand.

    `asked` counts scales with a right range, `wrong` the answers outside of it.
    """

    images: int = 0
    asked: int = 0
    wrong: int = 0
    sums: Mapping[str, GoldSums] = field(default_factory=dict)

    @classmethod
    def of(cls, answers: Iterable[Mapping[str, tuple[int, int, int]]]) -> Self:
        """Sum up answers on images: answer, lowest and highest right score by scale."""
        images = asked = wrong = 0
        sums: dict[str, GoldSums] = {}
        for each in answers:
            images += bool(each)
            asked += len(each)
            for scale, (answer, low, high) in each.items():
                wrong += not low <= answer <= high
                sums[scale] = sums.get(scale, GoldSums()).after(answer, low, high)
        return cls(images, asked, wrong, sums)

    @property
    def share_wrong(self) -> float:
        """Return the share of wrong answers; 0 without any."""
        return self.wrong / self.asked if self.asked else 0.0

    def most_wrong(self, least: int) -> float:
        """Return the largest share of wrong answers: of all, or on a scale with so many."""
        found = (sums.share_wrong for sums in self.sums.values() if sums.n >= least)
        return max(self.share_wrong, *found, 0.0)

    def correlation(self, least: int) -> float | None:
        """Return the best correlation over scales with at least so many answers, or None."""
        found = (sums.correlation() for sums in self.sums.values() if sums.n >= least)
        return max((each for each in found if each is not None), default=None)

    @property
    def is_failed(self) -> bool:
        """Whether the answers on any scale are as if unseen."""
        return any(sums.is_failed for sums in self.sums.values())

    def fails(self, scale: str) -> bool:
        """Tell whether the answers on a scale are as if unseen."""
        sums = self.sums.get(scale)
        return sums is not None and sums.is_failed

    def speaks_for(self, scale: str) -> bool:
        """Tell whether enough answers go along with what is right: the rater looks.

        On a scale of which gold tells nothing, and which is not failed, the others' answers tell.
        """
        own = self.sums.get(scale, GoldSums())
        if own.tells or own.is_failed:
            return own.is_right
        return any(sums.is_right for sums in self.sums.values())


@dataclass(frozen=True, slots=True)
class Repeats:
    """Second answers on images that were judged before, as they stand.

    `answers` counts scales answered twice, `off` is the sum of differences in thousandths of the
    scale's width; `last_at` is the moment of the newest one, in microseconds.
    """

    images: int = 0
    answers: int = 0
    off: int = 0
    last_at: int = 0

    @classmethod
    def of(
        cls, images: Iterable[Mapping[str, int]], widths: Mapping[str, int], last_at: int
    ) -> Self:
        """Sum up points of difference by scale, of each image."""
        found = [each for each in images if each]
        off = sum(
            round(1_000 * points / widths[scale])
            for each in found
            for scale, points in each.items()
        )
        return cls(len(found), sum(map(len, found)), off, last_at)

    @property
    def share_off(self) -> float:
        """Return the mean difference of both answers as a share of the scale; 0 without any."""
        return self.off / self.answers / 1_000 if self.answers else 0.0
