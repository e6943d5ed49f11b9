"""What passes between the program and the child process that scores: one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PROGRESS: Final = "progress"
SCORED: Final = "scored"
FAILED: Final = "failed"
"""The kinds of lines that the child writes."""


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """One run over a database; `now` in microseconds.

    `beside`: a bot may be writing, so that every turn is short and a pause follows it.
    """

    database: str
    now: int
    beside: bool


@dataclass(frozen=True, slots=True)
class ScaleSummary:
    """What a run found on a scale, and how many rows of images and raters it wrote or removed."""

    votes: int
    images: int
    raters: int
    held: int
    images_written: int
    raters_written: int
