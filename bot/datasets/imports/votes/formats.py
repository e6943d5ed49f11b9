"""The published forms of votes that can be imported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from bot.datasets.imports.votes.horde import HordeFile
from bot.datasets.imports.votes.rows import MOMENT, RawRows
from bot.rating.scales import AESTHETIC

VoteFormat = Literal["horde"]


class VotesFile(Protocol):
    """A file of votes that was opened and whose columns were checked."""

    @property
    def called(self) -> Mapping[str, str]:
        """The file's own words for our columns."""

    @property
    def columns(self) -> Collection[str]:
        """Which of our columns the file has."""

    @property
    def count(self) -> int | None:
        """How many rows the file has, where it says so."""

    def batches(self, size: int) -> Iterator[RawRows]:
        """Yield the rows in the file's order, at most `size` at a time.

        Raises ImportRefusedError where the file turns out to be damaged.
        """

    def close(self) -> None:
        """Close the file."""


@dataclass(frozen=True, slots=True)
class Format:
    """How the files of a format are opened, and what their votes must be like.

    Scores lie in `low` to `high`, and are whole numbers where `whole` says so. `required` are
    columns without gaps, beside the image and its score. `open` raises ImportRefusedError.
    """

    name: str
    low: float
    high: float
    whole: bool
    required: Collection[str]
    open: Callable[[Path], VotesFile]


HORDE: Final = Format(
    "horde", AESTHETIC.low, AESTHETIC.high, whole=True, required=(MOMENT,), open=HordeFile
)
