"""Which rows of a foreign table of votes can be stored, and what is wrong with the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TypeVar

import numpy as np

from bot.datasets.imports.summary import NAMES_SHOWN, Reason, Tally, is_printable
from bot.datasets.imports.votes import columns
from bot.datasets.imports.votes.columns import NOTHING, Codes, Column, Flags, Floats, Names
from bot.datasets.imports.votes.occurrences import Hashes, Occurrences, hashed
from bot.datasets.imports.votes.rows import (
    CAPTCHAS,
    CLIENT_AGENT,
    COUNTRY,
    COUNTS,
    FLAWS,
    IMAGE,
    LONGEST,
    MARKS,
    MOMENT,
    RATER,
    RATING,
    RawRows,
    VoteRows,
)
from bot.rating.scales import ARTIFACTS

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


class Checks:
    """Checks the rows of one file, in their order; the tally hears of what is left out."""

    def __init__(self, rules: Rules, tally: Tally) -> None:
        self._rules = rules
        self._tally = tally
        self._occurrences = Occurrences()

    def check(self, rows: RawRows) -> VoteRows:
        """Return the rows that can be stored."""
        sieve = _Sieve(rows, self._rules, self._tally)
        images, raters = self._images(sieve), self._raters(sieve)
        rating = sieve.scores(RATING, self._rules.low, self._rules.high)
        sieve.refuse(np.isnan(rating), Reason.NO_SCORE, RATING)
        flaws = sieve.scores(FLAWS, ARTIFACTS.low, ARTIFACTS.high)
        moments = sieve.read(MOMENT, columns.moments)
        if MOMENT in self._rules.required:
            missing = np.array([moment is None for moment in moments], bool)
            sieve.refuse(missing, Reason.WRONG_VALUE, MOMENT)
        rest = [sieve.read(name, columns.wholes) for name in COUNTS]
        rest += [sieve.read(name, columns.flags) for name in MARKS]
        rest += [sieve.read(CAPTCHAS, columns.wholes)]
        agents, countries = sieve.names(CLIENT_AGENT), sieve.names(COUNTRY)
        good = sieve.good
        hashes = _hashes(images, raters, moments, rating, flaws)
        facts = zip(
            moments,
            rating.tolist(),
            [None if math.isnan(score) else score for score in flaws.tolist()],
            *rest,
            countries.of(countries.values),
            strict=True,
        )
        numbers = self._occurrences.number(hashes[good]).tolist()
        return VoteRows(
            images.where(good),
            raters.where(good),
            agents.where(good),
            [(*fact, n) for fact, n in zip(compress(facts, good), numbers, strict=True)],
        )

    def _images(self, sieve: _Sieve) -> Names:
        images = sieve.names(IMAGE)
        sieve.refuse(images.codes == NOTHING, Reason.NO_IMAGE_NAMED, IMAGE)
        unprintable = _marked(images, [not is_printable(key) for key in images.values])
        sieve.refuse(unprintable, Reason.UNPRINTABLE_NAME, IMAGE)
        return images

    def _raters(self, sieve: _Sieve) -> Names:
        raters = sieve.names(RATER)
        if RATER in self._rules.required:
            sieve.refuse(raters.codes == NOTHING, Reason.NO_RATER_NAMED, RATER)
        ours = _marked(raters, [key in self._rules.ours for key in raters.values])
        sieve.refuse(ours, Reason.OWN_RATER, RATER)
        return raters


class _Sieve:
    """Reads columns of some rows; `good` are the rows with which nothing is wrong so far."""

    def __init__(self, rows: RawRows, rules: Rules, tally: Tally) -> None:
        self.good: Flags = np.ones(len(rows), bool)
        self._rows = rows
        self._rules = rules
        self._tally = tally

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


def _marked(names: Names, marks: Sequence[bool]) -> Flags:
    """Return which rows have a name that is marked."""
    return np.array([*marks, False], bool)[names.codes]


def _hashes(
    images: Names,
    raters: Names,
    moments: Sequence[int | None],
    rating: Floats,
    flaws: Floats,
) -> Hashes:
    """Return a hash of what a vote is known by; see `storage.imported_votes`."""
    times = np.array([-1 if moment is None else moment for moment in moments], np.int64)
    return hashed(
        *(_hashed_names(names) for names in (images, raters)),
        times.view(np.uint64),
        (rating + 0.0).view(np.uint64),  # -0.0 is 0.0
        np.where(np.isnan(flaws), -1.0, flaws + 0.0).view(np.uint64),
    )


def _hashed_names(names: Names) -> Hashes:
    # Python's hash of a text has a random key, so nobody can make two that collide.
    hashes = np.array([*map(hash, names.values), 0], np.int64)
    placed: Codes = hashes[names.codes]
    return placed.view(np.uint64)
