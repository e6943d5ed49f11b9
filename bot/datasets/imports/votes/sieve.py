"""Rows of a foreign table, sieved: what each column must be, and what is said of the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from bot.datasets.imports.summary import NAMES_SHOWN, Reason, Tally, is_printable
from bot.datasets.imports.votes import columns
from bot.datasets.imports.votes.columns import NOTHING, Column, Flags, Floats, Names
from bot.datasets.imports.votes.rows import IMAGE, LONGEST, RawRows

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the votes of one file must be like.

    Scores lie in `low` to `high`, and are whole numbers where `whole` says so; so are those of
    flaws. `required` are columns without gaps. The votes of raters with keys in `ours` are left
    out. `called` are the file's own words for columns.
    """

    low: float
    high: float
    whole: bool
    required: Collection[str]
    ours: Collection[str]
    called: Mapping[str, str]


class Sieve:
    """Reads columns of some rows; `good` are the rows with which nothing is wrong so far."""

    def __init__(self, rows: RawRows, rules: Rules, tally: Tally) -> None:
        self.good: Flags = np.ones(len(rows), bool)
        self._rows = rows
        self._rules = rules
        self._tally = tally
        self._leave_out_odd()

    def images(self) -> Names:
        """Return the keys of images; rows without a usable one are left out."""
        images = self.names(IMAGE)
        self.refuse(images.codes == NOTHING, Reason.NO_IMAGE_NAMED, IMAGE)
        unprintable = images.marked([not is_printable(key) for key in images.values])
        self.refuse(unprintable, Reason.UNPRINTABLE_NAME, IMAGE)
        return images

    def names(self, column: str) -> Names:
        """Return texts; rows without one where the file has no such column."""
        if column not in self._rows.columns:
            return Names(np.full(len(self._rows), NOTHING), [])
        found, faulty = columns.names(self._rows.columns[column], LONGEST[column])
        self.refuse(faulty, Reason.WRONG_VALUE, column)
        return Names(np.maximum(found.codes, NOTHING), found.values)

    def scores(self, column: str, low: float, high: float) -> Floats:
        """Return scores, NaN where there is none."""
        if column not in self._rows.columns:
            return np.full(len(self._rows), math.nan)
        values, faulty = columns.numbers(self._rows.columns[column])
        self.refuse(faulty, Reason.WRONG_VALUE, column)
        outside = (values < low) | (values > high)
        if self._rules.whole:
            outside |= values != np.round(values)
        self.refuse(outside & ~np.isnan(values), Reason.OUT_OF_RANGE, column)
        return values

    def read(
        self, column: str, reader: Callable[[Column], tuple[Sequence[T | None], Flags]]
    ) -> Sequence[T | None]:
        """Return values, None where there is none."""
        if column not in self._rows.columns:
            return [None] * len(self._rows)
        values, faulty = reader(self._rows.columns[column])
        self.refuse(faulty, Reason.WRONG_VALUE, column)
        return values

    def _leave_out_odd(self) -> None:
        names = (
            f"row {self._rows.first + at:,} has {found} columns instead of {self._rows.width}"
            for at, found in islice(self._rows.odd.items(), NAMES_SHOWN)
        )
        foreign = self._rows.foreign
        places = (f"row {self._rows.first + at:,}" for at in foreign[:NAMES_SHOWN])
        for reason, called, which in (
            (Reason.WRONG_ROW, names, list(self._rows.odd)),
            (Reason.NOT_UTF8, places, list(foreign)),
        ):
            if which:
                self._tally.leave_out(reason, called, len(which))
                self.good[which] = False

    def refuse(self, faulty: Flags, reason: Reason, column: str) -> None:
        """Leave out rows, each for the first reason that is found, and say where they are."""
        found = np.flatnonzero(faulty & self.good)
        if not len(found):
            return
        called = self._rules.called.get(column, column)
        values = self._rows.columns[column]
        names = (
            f"row {self._rows.first + at:,}, column {called}: {columns.quoted(values, at)}"
            for at in found[:NAMES_SHOWN].tolist()
        )
        self._tally.leave_out(reason, names, len(found))
        self.good &= ~faulty
