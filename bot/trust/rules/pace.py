"""How long somebody looks before the first answer on an image."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median_low
from typing import Final

KEPT: Final = 20
"""So many newest times are kept of each kind."""

LONGEST: Final = 6_000
"""Hundredths of a second above which a time is a pause, kept as this."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The newest times of one rater, in hundredths of a second, the newest last.

    `shown`: from the showing in a private session to the first answer, with what the network
    takes. `between`: in public, where nobody knows since when somebody looks, from the answer
    before to the first one on another image: no less than the time for that image. `last_at` is
    the moment of the newest answer, in microseconds.
    """

    shown: tuple[int, ...] = ()
    between: tuple[int, ...] = ()
    last_at: int = 0

    def after(self, at: int, *, first: bool, shown_at: int | None) -> Pace:
        """Return the times after an answer at a moment; `shown_at` is None for a public post.

        Times count for the `first` answer on an image alone. A clock set back makes no time.
        """
        shown, between = self.shown, self.between
        if first and shown_at is not None and at >= shown_at:
            shown = (*shown[-KEPT + 1 :], _hundredths(at - shown_at))
        elif first and shown_at is None and self.last_at and at >= self.last_at:
            between = (*between[-KEPT + 1 :], _hundredths(at - self.last_at))
        return Pace(shown, between, at)

    def median_shown(self, least: int) -> float | None:
        """Return the median of the private times in seconds; None for fewer than `least`."""
        return _median(self.shown, least)

    def median_between(self, least: int) -> float | None:
        """Return the median of the public times in seconds; None for fewer than `least`."""
        return _median(self.between, least)


def _hundredths(microseconds: int) -> int:
    return min(microseconds // 10_000, LONGEST)


def _median(times: tuple[int, ...], least: int) -> float | None:
    return median_low(times) / 100 if len(times) >= least else None
