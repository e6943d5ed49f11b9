"""What passes between the program and the child process that exports: one JSON object a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from bot.datasets.exports.catalogue import FileType, PictureForm
from bot.datasets.exports.selection import Selection

PROGRESS: Final = "progress"
EXPORTED: Final = "exported"
UNKNOWN_DATA_SET: Final = "unknown_data_set"
FAILED: Final = "failed"
"""The kinds of lines that the child writes."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One export. `hash_key` in hex; `now` in microseconds decides which statuses still hold.

    `file_type` is None where the format is a folder. `exact_signals` leaves what could identify a
    rater as it is, instead of coarsening it.
    """

    database: str
    target: str
    format: str
    file_type: FileType | None
    selection: Selection
    hash_key: str
    now: int
    exact_signals: bool
    pictures: PictureForm = "none"

    @classmethod
    def parsed(cls, values: Mapping[str, Any]) -> Self:
        """Return what `dataclasses.asdict` made, after its way through JSON."""
        return cls(**{**values, "selection": Selection.parsed(values["selection"])})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many pictures, or links to them, are left out with their rows.

    `unreadable` could not be read, `changed` are other bytes than were imported, `hidden` were
    taken out of sight by moderators.
    """

    unreadable: int = 0
    changed: int = 0
    hidden: int = 0

    def __add__(self, other: LeftOut) -> LeftOut:
        """Return how many are left out of both."""
        return LeftOut(
            self.unreadable + other.unreadable,
            self.changed + other.changed,
            self.hidden + other.hidden,
        )


NONE: Final = LeftOut()


@dataclass(frozen=True, slots=True)
class ExportCounts:
    """What the child has written, and what it left out."""

    rows: int
    images: int
    bytes: int
    left_out: LeftOut = NONE

    @classmethod
    def parsed(cls, values: Mapping[str, Any]) -> Self:
        """Return what `dataclasses.asdict` made, after its way through JSON."""
        return cls(**{**values, "left_out": LeftOut(**values["left_out"])})
