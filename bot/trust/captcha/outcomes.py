"""What comes of asking or answering a captcha, as it is shown to the rater."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.errors import UserError
from bot.rating.receipts import Receipt
from bot.rewards.earning import Earned
from storage.captchas import CaptchaKind, KeptPress

Told = Literal["wrong", "expired"]


@dataclass(frozen=True, slots=True)
class Challenge:
    """A captcha as its rater sees it: bytes to show or to play, or a question to read.

    `presses` are the scores that wait for it, the one that asked for it last; `dropped` others
    wait no more. `told`: what became of the one before, where this one stands in its place.
    """

    id: int
    kind: CaptchaKind
    data: bytes | None = field(repr=False)
    question: str | None = field(repr=False)
    presses: tuple[KeptPress, ...]
    dropped: int
    tries_left: int
    told: Told | None

    @property
    def press(self) -> KeptPress:
        """The score that asked for it."""
        return self.presses[-1]


@dataclass(frozen=True, slots=True)
class Failed:
    """The last try was wrong: nothing was recorded, and no captcha is offered `until` then."""

    until: datetime
    press: KeptPress
    private: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The rater may go on, but the score that waited cannot be recorded any more.

    `others` and `others_refused`: scores that had waited with it and were recorded all the same,
    and those that could not be either; `others_dropped`: those that waited no more. `image_full`:
    one of the recorded filled its image. `earned`: the kudos of those recorded, None as in a
    receipt, and where none was.
    """

    refusal: UserError
    press: KeptPress
    private: bool
    others: int = 0
    others_refused: int = 0
    others_dropped: int = 0
    image_full: bool = False
    earned: Earned | None = None


Outcome = Receipt | Challenge | Failed | Refused
"""The vote is taken, or what stands in its way."""
