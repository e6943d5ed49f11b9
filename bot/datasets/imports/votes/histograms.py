"""Histograms of votes: which rows of AVA.txt can be stored, and how they are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from sqlite3 import Connection
from typing import Final

import numpy as np

from bot.datasets.imports.summary import Reason, Tally
from bot.datasets.imports.votes import columns
from bot.datasets.imports.votes.ava import COUNTS, NUMBER, TAGS
from bot.datasets.imports.votes.place import Place
from bot.datasets.imports.votes.rows import IMAGE, RawRows
from bot.datasets.imports.votes.sieve import Rules, Sieve
from storage import imported_histograms, imported_votes
from storage.imported_histograms import ImportedHistogram
from storage.imported_votes import Stored

MOST: Final = 2**31
"""Votes of one score that one image can have."""


@dataclass(frozen=True, slots=True)
class HistogramRows:
    """Histograms that can be stored, and the keys of their images."""

    keys: list[str]
    histograms: list[tuple[list[int], list[int | None]]]

    def __len__(self) -> int:
        return len(self.keys)

    def part(self, begin: int, end: int) -> HistogramRows:
        """Return some of them."""
        return HistogramRows(self.keys[begin:end], self.histograms[begin:end])

    def store(self, connection: Connection, *, place: Place) -> Stored:
        """Store those that are new."""
        collection = place.collection
        images = imported_votes.image_ids(connection, collection.data_set_id, self.keys)
        return imported_histograms.insert_new(
            connection,
            [
                ImportedHistogram(collection.id, place.file_id, image, key, tuple(counts), *rest)
                for image, key, (counts, rest) in zip(
                    images, self.keys, self.histograms, strict=True
                )
            ],
        )


class HistogramChecks:
    """Checks the rows of one file; the tally hears of what is left out."""

    def __init__(self, rules: Rules, tally: Tally) -> None:
        self._rules = rules
        self._tally = tally

    def check(self, rows: RawRows) -> HistogramRows:
        """Return the rows that can be stored."""
        sieve = Sieve(rows, self._rules, self._tally)
        images = sieve.images()
        counts = [sieve.read(name, columns.wholes) for name in COUNTS]
        for name, values in zip(COUNTS, counts, strict=True):
            outside = np.array([value is None or not 0 <= value < MOST for value in values], bool)
            sieve.refuse(outside, Reason.WRONG_VALUE, name)
        rest = [sieve.read(name, columns.wholes) for name in (NUMBER, *TAGS)]
        every = list(map(list, zip(*counts, strict=True)))
        empty = np.array([not any(each) for each in every], bool)
        sieve.refuse(empty, Reason.NO_SCORE, IMAGE)
        return HistogramRows(
            list(compress(images.of(images.values), sieve.good)),
            list(compress(zip(every, map(list, zip(*rest, strict=True)), strict=True), sieve.good)),
        )
