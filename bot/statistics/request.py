"""What passes between the program and the child process that makes statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from bot.datasets.exports.request import ExportRequest
from bot.datasets.exports.selection import Selection

MADE: Final = "made"
"""What the child writes where that of an export writes EXPORTED; its other lines are the same."""

Form = Literal["page", "picture"]


@dataclass(frozen=True, slots=True)
class StatisticsRequest:
    """One page or picture in a language; `hash_key` in hex, `now` in microseconds."""

    database: str
    target: str
    form: Form
    selection: Selection
    language: str
    hash_key: str
    now: int

    @classmethod
    def parsed(cls, values: Mapping[str, Any]) -> Self:
        """Return what `dataclasses.asdict` made, after its way through JSON."""
        return cls(**{**values, "selection": Selection.parsed(values["selection"])})

    @property
    def export(self) -> ExportRequest:
        """The export that has the same votes."""
        return ExportRequest(
            database=self.database,
            target=self.target,
            format="statistics",
            file_type=None,
            selection=self.selection,
            hash_key=self.hash_key,
            now=self.now,
            exact_signals=False,
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What was told, in a few words, one line a headline; `alt` describes the picture."""

    votes: int
    images: int
    lines: tuple[str, ...]
    alt: str
