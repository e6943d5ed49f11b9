"""What passes between the program and the child process that makes a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from bot.datasets.exports.catalogue import PictureForm

PICTURES: Final[tuple[PictureForm, ...]] = ("none", "parquet")
"""How pictures may be in a release: `datasets` reads all that a card names as one type of file."""

READING: Final = "reading"
RELEASED: Final = "released"
"""What the child writes beside the lines of an export. `READING`: all that it will write stands."""


@dataclass(frozen=True, slots=True)
class Before:
    """The release before: its number, until when it read, in microseconds, and what it counted."""

    number: int
    read_at: int
    counts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """One release. `hash_key` in hex; `now` in microseconds is its date.

    `identity` is random and says in the folder and in the database that they belong together.
    `exact_signals` as of an `ExportRequest`.
    """

    database: str
    target: str
    number: int
    identity: str
    licence: str
    hash_key: str
    now: int
    exact_signals: bool
    before: Before | None
    pictures: PictureForm = "none"

    @classmethod
    def parsed(cls, values: Mapping[str, Any]) -> Self:
        """Return what `dataclasses.asdict` made, after its way through JSON."""
        before = values["before"]
        return cls(**{**values, "before": Before(**before) if before else None})
