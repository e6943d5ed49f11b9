"""What an import writes into."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from sqlite3 import Connection

from bot.clock import Clock
from bot.datasets.imports.checks import check_name
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Progress, no_progress
from storage import data_sets
from storage.data_sets import DataSet
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Sink:
    """A data set that an import fills, made where there is none, and how.

    `target` is for a new data set, in complete votes an image; `near` for pictures that look like
    one that it has, or that came before in the same import; `progress` hears how far it is.

    Raises ImportRefusedError for a name that a data set cannot have.
    """

    database: Database
    data_set: str
    target: int
    clock: Clock
    random: Random
    near: NearDuplicates = NearDuplicates.COUNT
    progress: Progress = no_progress

    def __post_init__(self) -> None:
        check_name(self.data_set)

    def place(self, connection: Connection) -> DataSet:
        """Return the data set, made where there is none."""
        return data_sets.create(connection, self.data_set, target=self.target, now=self.clock.now())
