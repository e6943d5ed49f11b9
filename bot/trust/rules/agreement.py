"""How one rater's answers on one scale go with what the others said of the same images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, Self

GROUPS: Final = 10
"""Groups of images by what the others let expect, as for the LLR of the estimator."""

WINDOW: Final = 40
"""So many newest answers are kept for who stops looking (facts on rater quality, section 5)."""

UNIT: Final = 1_000
"""What is expected is kept in thousandths of a point: whole numbers add up the same in any
order."""

_CODE: Final = 100_000


class Compared(NamedTuple):
    """One answer beside what the other answers on the image let expect of it.

    `score` is in points, `expected` in thousandths of a point, `uncertainty` its variance in
    thousandths of a point squared; `group` is below GROUPS, 0 where the least is expected.
    """

    score: int
    expected: int
    uncertainty: int
    group: int


class Sums(NamedTuple):
    """Sums over answers: number, y, yy, c, cc, ccc, cccc, yc and u.

    y is the score in points, c what was expected in thousandths, u its variance in thousandths.
    """

    n: int = 0
    y: int = 0
    yy: int = 0
    c: int = 0
    cc: int = 0
    ccc: int = 0
    cccc: int = 0
    yc: int = 0
    u: int = 0


NONE: Final = Sums()


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that is kept; the same for the same answers in any order, but for `recent`.

    `table` counts the answers by group and button, group by group. `recent` has the newest
    answers as score * 100,000 + expected, the newest last, where they are kept, and `window` their
    sums; nothing is known of their uncertainty.
    """

    sums: Sums
    table: tuple[int, ...]
    recent: tuple[int, ...] = ()
    window: Sums = NONE

    @classmethod
    def none(cls, levels: int) -> Self:
        """Return what there is before any answer was compared."""
        return cls(Sums(), (0,) * (GROUPS * levels))

    def after(self, vote: Compared, level: int, *, window: bool = True) -> Agreement:
        """Return what there is after one more answer; `level` is its button, from 0.

        `window`: whether the newest answers are kept apart.
        """
        score, expected, uncertainty, group = vote
        cell = group * (len(self.table) // GROUPS) + level
        table = (*self.table[:cell], self.table[cell] + 1, *self.table[cell + 1 :])
        sums = _plus(self.sums, score, expected, uncertainty)
        if not window:
            return Agreement(sums, table)
        newest, recent = _plus(self.window, score, expected), self.recent
        if len(recent) == WINDOW:
            newest, recent = _plus(newest, *decoded(recent[0]), sign=-1), recent[1:]
        return Agreement(sums, table, (*recent, score * _CODE + expected), newest)


def decoded(code: int) -> tuple[int, int]:
    """Return score and what was expected of one of the newest answers."""
    return divmod(code, _CODE)


def _plus(sums: Sums, y: int, c: int, u: int = 0, sign: int = 1) -> Sums:
    n, ys, yys, cs, ccs, cccs, ccccs, ycs, us = sums
    cc = c * c
    return Sums(
        n + sign,
        ys + sign * y,
        yys + sign * y * y,
        cs + sign * c,
        ccs + sign * cc,
        cccs + sign * c * cc,
        ccccs + sign * cc * cc,
        ycs + sign * y * c,
        us + sign * u,
    )
