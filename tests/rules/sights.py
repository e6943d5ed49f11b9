"""Records and sights for tests: raters of whom just so much is known."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from bot.trust.rules.agreement import Compared
from bot.trust.rules.crowd import Crowd, ScaleCrowd
from bot.trust.rules.record import Record
from bot.trust.rules.rule import UNSUSPECTED, Account, PairFigure, Sight
from bot.trust.rules.scales import RATED
from bot.trust.rules.yardstick import Yardsticks, yardsticks

AESTHETIC, ARTIFACTS = RATED["aesthetic"], RATED["artifacts"]
SECOND = 1_000_000

KNOWN = replace(
    ScaleCrowd.unknown(AESTHETIC),
    typical=2.0,
    middle=2.0,
    between=3.0,
    spread=1.5,
    z_mean=0.8,
    z_spread=0.05,
    size=0.35,
    size_width=0.2,
    table=tuple(
        float(10 * (abs(level - group) <= 1) + 1) for group in range(10) for level in range(10)
    ),
)
"""A crowd that is known well enough: honest raters go along with what is expected."""


def yards(
    *,
    llr_low: float | None = None,
    residual_low: float | None = None,
    residual_middle: float | None = None,
) -> Yardsticks:
    """Return the known crowd on the aesthetic scale, the unknown one on the other."""
    known = replace(
        KNOWN, llr_low=llr_low, residual_low=residual_low, residual_middle=residual_middle
    )
    unknown = ScaleCrowd.unknown(ARTIFACTS)
    return yardsticks(Crowd({"aesthetic": known, "artifacts": unknown}))


def pressed(record: Record, *values: int, scale: str = "aesthetic") -> Record:
    """Return the record after these answers, each on an image of its own."""
    for number, value in enumerate(values, record.votes):
        at = (number + 1) * 60 * SECOND
        record = record.pressed(RATED[scale], value, at, first=True, shown_at=at - 5 * SECOND)
    return record


def timed(*seconds: float, private: bool = True) -> Record:
    """Return a record of answers that took so long."""
    record, at = Record(), SECOND
    for taken in seconds:
        shown, at = at, at + round(taken * SECOND)
        record = record.pressed(AESTHETIC, 5, at, first=True, shown_at=shown if private else None)
    return record


def compared(record: Record, *pairs: tuple[int, float], scale: str = "aesthetic") -> Record:
    """Return the record after answers were compared: score, and what was expected."""
    yard = yards()[scale]
    for score, expected in pairs:
        vote = Compared(score, round(1000 * expected), 500, yard.crowd.group(expected))
        record = record.compared(RATED[scale], vote)
    return record


def looking(number: int, seed: int = 1, noise: float = 1.2) -> list[tuple[int, float]]:
    """Return answers of somebody who looks."""
    random = Random(seed)
    expected = [random.uniform(2, 9) for _ in range(number)]
    return [(min(max(round(random.gauss(c, noise)), 1), 10), c) for c in expected]


def dice(number: int, seed: int = 1) -> list[tuple[int, float]]:
    """Return answers of somebody who does not look."""
    random = Random(seed)
    return [(random.randint(1, 10), random.uniform(2, 9)) for _ in range(number)]


def sight(
    record: Record,
    *,
    votes: int | None = None,
    account: Account = UNSUSPECTED,
    pair: PairFigure | None = None,
    crowd: Yardsticks | None = None,
    compared_anew: bool = True,
    doubted_before: bool = True,
) -> Sight:
    """Return what the rules see of a record beside the known crowd."""
    if votes is not None:
        record = replace(record, votes=votes)
    return record.sight(
        crowd or yards(),
        account=account,
        pair=pair,
        compared_anew=compared_anew,
        doubted_before=doubted_before,
    )
