"""What a captcha is made of, before it is anybody's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Made:
    """A captcha that was just made: bytes to show or to play, or a question to read.

    The answer is in no text that a program writes by itself.
    """

    answer: str = field(repr=False)
    data: bytes | None = field(default=None, repr=False)
    question: str | None = field(default=None, repr=False)


class Maker(Protocol):
    """Makes captchas of one kind; called in a thread of its own."""

    def make(self, language: str) -> Made:
        """Make one for somebody who reads `language`; may raise whatever its library does."""
        ...
