"""The figures behind every plot. Slow to import, for the child process only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.datasets.exports.reading import Integers
from bot.statistics.anonymity import Band

DAY: Final = 86_400_000_000
"""Microseconds."""

SHARES: Final = 10
"""Equal parts of the agreement from none to full."""

MOST_ERRORS: Final = 24
"""Steps of the standard error; the last one has whatever is above."""

ACTIVITY: Final = ((1, 9), (10, 99), (100, 999), (1_000, 9_999), (10_000, None))
"""Bands of votes a rater gave."""

VOTE_BANDS: Final = (*((n, n) for n in range(1, 11)), (11, 20), (21, 50), (51, 100), (101, None))
"""Bands of votes an image has."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Images by score and standard error: `counts` has a row a step of the error.

    Steps are `step` wide along the score, from the scale's lowest, and a quarter as wide along
    the error, from 0. `errors` is the sum of the standard errors of each step of the score.
    """

    step: float
    counts: Integers
    errors: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ScaleFigures:
    """One scale: votes by answer, from low to high, and images by agreement and by uncertainty.

    `agreement` has images with two votes or more in SHARES steps. No image is uncertain where
    nothing was ever scored.
    """

    answers: tuple[int, ...]
    agreement: tuple[int, ...]
    uncertainty: Uncertainty


@dataclass(frozen=True, slots=True)
class Month:
    """Kudos paid in one UTC month, which is counted from year 0."""

    month: int
    amount: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is told of a selection of votes, as exports publish it.

    `days` has the votes of each UTC day that has any, in days since 1970. `raters` is None where
    they are fewer than FEWEST; `kudos` leaves out months in which fewer were paid, and is None
    where more is selected than data sets, since they are paid for many votes at once. `images` may
    be rated, `rated` ones have a vote, by how many in `image_votes`, along VOTE_BANDS. `activity`
    is coarse enough that nobody is recognised.
    """

    data_sets: tuple[str, ...]
    votes: int
    images: int
    rated: int
    raters: int | None
    days: Mapping[int, int]
    image_votes: tuple[int, ...]
    activity: tuple[Band, ...]
    kudos: tuple[Month, ...] | None
    scales: Mapping[str, ScaleFigures]

    @property
    def paid(self) -> int:
        """The kudos of all months that are told."""
        return sum(month.amount for month in self.kudos or ())
