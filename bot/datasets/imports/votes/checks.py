"""Which rows of a foreign table of votes can be stored, and what is wrong with the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import compress
from typing import TypeVar

import numpy as np

from bot.datasets.imports.summary import Reason, Tally
from bot.datasets.imports.votes import columns
from bot.datasets.imports.votes.columns import NOTHING, Codes, Floats, Names
from bot.datasets.imports.votes.occurrences import Hashes, Occurrences, hashed
from bot.datasets.imports.votes.rows import (
    CAPTCHAS,
    CLIENT_AGENT,
    COUNTRY,
    COUNTS,
    FLAWS,
    MARKS,
    MOMENT,
    RATER,
    RATING,
    RawRows,
)
from bot.datasets.imports.votes.sieve import Rules, Sieve
from bot.datasets.imports.votes.vote_rows import VoteRows
from bot.rating.scales import ARTIFACTS

T = TypeVar("T")


class Checks:
    """Checks the rows of one file, in their order; the tally hears of what is left out."""

    def __init__(self, rules: Rules, tally: Tally) -> None:
        self._rules = rules
        self._tally = tally
        self._occurrences = Occurrences()

    def check(self, rows: RawRows) -> VoteRows:
        """Return the rows that can be stored."""
        sieve = Sieve(rows, self._rules, self._tally)
        images, raters = sieve.images(), self._raters(sieve)
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

    def _raters(self, sieve: Sieve) -> Names:
        raters = sieve.names(RATER)
        if RATER in self._rules.required:
            sieve.refuse(raters.codes == NOTHING, Reason.NO_RATER_NAMED, RATER)
        ours = raters.marked([key in self._rules.ours for key in raters.values])
        sieve.refuse(ours, Reason.OWN_RATER, RATER)
        return raters


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
