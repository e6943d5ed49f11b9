"""The published forms of votes that can be imported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Final, Literal, Protocol

from bot.datasets.imports.summary import Tally
from bot.datasets.imports.votes import horde
from bot.datasets.imports.votes.ava import AvaFile
from bot.datasets.imports.votes.checks import Checks
from bot.datasets.imports.votes.delimited import DelimitedFile
from bot.datasets.imports.votes.histograms import HistogramChecks
from bot.datasets.imports.votes.horde import HordeFile
from bot.datasets.imports.votes.place import Place
from bot.datasets.imports.votes.rows import FLAWS, IMAGE, MOMENT, RATER, RATING, RawRows
from bot.datasets.imports.votes.sac import SacFile
from bot.datasets.imports.votes.sieve import Rules
from bot.rating.scales import AESTHETIC
from storage.imported_votes import Stored

VoteFormat = Literal["horde", "sac", "ava", "csv"]
"""Those that are asked for by name."""


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


class Storable(Protocol):
    """Rows that passed the checks."""

    def __len__(self) -> int: ...

    def part(self, begin: int, end: int) -> Storable:
        """Return some of them."""

    def store(self, connection: Connection, *, place: Place) -> Stored:
        """Store those that are new."""


class Checker(Protocol):
    """Checks the rows of one file, in their order."""

    def check(self, rows: RawRows) -> Storable:
        """Return the rows that can be stored."""


@dataclass(frozen=True, slots=True)
class Format:
    """How the files of a format are opened, and what their votes must be like.

    Scores lie in `low` to `high`, and are whole numbers where `whole` says so. `required` are
    columns without gaps, beside the image and its score. `open` raises ImportRefusedError.
    """

    name: VoteFormat | Literal["imagerewarddb"]
    low: float
    high: float
    whole: bool
    required: Collection[str]
    open: Callable[[Path], VotesFile]
    checks: Callable[[Rules, Tally], Checker] = Checks


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """What a CSV file calls its columns; None: our own word, and where it is missing, nothing."""

    rater: str = "rater"
    item: str = "item"
    score: str = "score"
    artifacts: str | None = None
    created_at: str | None = None


def csv_format(low: float, high: float, named: CsvColumns) -> Format:
    """Return the format of CSV files with scores from `low` to `high`."""
    called = {
        RATER: named.rater,
        IMAGE: named.item,
        RATING: named.score,
        FLAWS: named.artifacts or FLAWS,
        MOMENT: named.created_at or MOMENT,
    }
    optional = {
        name
        for name, given in ((FLAWS, named.artifacts), (MOMENT, named.created_at))
        if given is None
    }
    return Format(
        "csv", low, high, whole=False, required=(RATER,),
        open=partial(DelimitedFile, called=called, optional=optional),
    )  # fmt: skip


def _open_horde(path: Path) -> VotesFile:
    if path.suffix.lower() == ".csv":
        return DelimitedFile(path, horde.CALLED, horde.ADDED_LATER)
    return HordeFile(path)


_ENDS: Final = (AESTHETIC.low, AESTHETIC.high)
HORDE: Final = Format("horde", *_ENDS, whole=True, required=(MOMENT,), open=_open_horde)
SAC: Final = Format("sac", *_ENDS, whole=True, required=(), open=SacFile)
AVA: Final = Format("ava", *_ENDS, whole=True, required=(), open=AvaFile, checks=HistogramChecks)
