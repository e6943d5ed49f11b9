"""Which buttons of one scale somebody pressed: how often each, and how often in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

LONG_RUN: Final = 12
"""So often in a row is noted. Judgement, not measured (facts on rater quality, section 5)."""


@dataclass(frozen=True, slots=True)
class Buttons:
    """First answers of one rater on one scale.

    `pressed` counts each button, from the lowest. `run` is how often the button `last` was pressed
    without another between; `long_run` is the length of the newest run of at least `LONG_RUN`
    and `long_run_at` the number of answers when it last grew; both 0 without one.
    """

    pressed: tuple[int, ...]
    last: int = -1
    run: int = 0
    long_run: int = 0
    long_run_at: int = 0

    @classmethod
    def none(cls, levels: int) -> Self:
        """Return the buttons of somebody who pressed none of `levels`."""
        return cls((0,) * levels)

    @property
    def answers(self) -> int:
        """How many answers there are."""
        return sum(self.pressed)

    def after(self, level: int, *, usual: int | None = None) -> Buttons:
        """Return what there is after one more answer; `level` counts from 0.

        A run of the `usual` button, which most images deserve, is none.
        """
        pressed = (*self.pressed[:level], self.pressed[level] + 1, *self.pressed[level + 1 :])
        run = self.run + 1 if level == self.last else 1
        if level == usual:
            run = 0
        if run < LONG_RUN:
            return Buttons(pressed, level, run, self.long_run, self.long_run_at)
        return Buttons(pressed, level, run, run, sum(pressed))

    def share(self, but: int | None = None) -> float:
        """Return the share of the commonest button among all answers; `but` is none of them."""
        answers = self.answers
        most = max(n for level, n in enumerate(self.pressed) if level != but)
        return most / answers if answers else 0.0

    def used(self, least: float) -> int:
        """Return how many buttons have more than the share `least` of the answers."""
        enough = least * self.answers
        return sum(n > enough for n in self.pressed)
