"""Who deviates from everybody else together with whom: a rater's closest partners.

A group that pushes images, and one person with two accounts, leave the same residuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from bot.trust.scoring.ordering import ascending
from bot.trust.scoring.pairs import TOP, meetings
from bot.trust.scoring.votes import Floats, Index, Votes

DOUBT: Final = 4.0
"""Items without any likeness that every pair begins with: one shared outlier is chance."""

LEAST_LIKENESS: Final = 0.3
"""A partner of whom the residuals go along less counts nothing: many who judged much together
share some taste."""

TWIN_SHARED: Final = 20
TWIN_LIKENESS: Final = 0.7
"""With so many shared items, and so high a correlation of residuals, one partner says it all."""


@dataclass(frozen=True, slots=True)
class Partners:
    """The closest partners of each rater, a row a rater and a column a partner, the closest first.

    Those alone count whose residuals go along with the rater's. `other` is the partner, -1 where
    there is none. `score` is the sum of the products of both residuals over sqrt(shared + 4):
    strangers have N(0, 1) at most. `shared` counts the items that both judged, `likeness` is the
    correlation of their residuals around 0. `met` counts all pairs who shared an item.
    """

    other: Index
    score: Floats
    shared: Index
    likeness: Floats
    met: int

    @classmethod
    def of(cls, votes: Votes, deviation: Floats) -> Self:
        """Find them; `deviation` of each vote is in standard deviations, 0 where unknown.

        Of an item with more than 32 votes so many are looked at, by a fixed shuffle.
        """
        pair, sums, shared, likeness = _pairs(votes, deviation)
        found = cls(
            np.full((votes.raters, TOP), -1),
            np.zeros((votes.raters, TOP)),
            np.zeros((votes.raters, TOP), np.int64),
            np.zeros((votes.raters, TOP)),
            len(pair),
        )
        score = sums / np.sqrt(shared + DOUBT)
        low, high = np.divmod(pair, votes.raters)
        rater, other = np.concatenate((low, high)), np.concatenate((high, low))
        which = np.tile(np.arange(len(pair)), 2)
        close = ((score > 0) & (likeness >= LEAST_LIKENESS))[which]
        rater, other, which = rater[close], other[close], which[close]
        order = np.lexsort((other, -score[which], rater))
        rater, other, which = rater[order], other[order], which[order]
        place = np.arange(len(rater)) - np.searchsorted(rater, rater)
        top = place < TOP
        cell = rater[top], place[top]
        found.other[cell], found.score[cell] = other[top], score[which[top]]
        found.shared[cell], found.likeness[cell] = shared[which[top]], likeness[which[top]]
        return found

    def closeness(self) -> Floats:
        """Return each rater's figure: the mean score of three partners, or that of one twin."""
        together = self.score.sum(1) / TOP
        twin = (self.shared[:, 0] >= TWIN_SHARED) & (self.likeness[:, 0] >= TWIN_LIKENESS)
        figure: Floats = np.where(twin, np.maximum(self.score[:, 0], together), together)
        return figure


def _pairs(votes: Votes, deviation: Floats) -> tuple[Index, Floats, Index, Floats]:
    """Return all pairs of raters who met, as lower * raters + higher, with what they share.

    These are the sum of products, the number of items, and the correlation around 0.
    """
    found = []
    for one, two in meetings(votes):
        first, second = votes.rater[one], votes.rater[two]
        turned = first > second
        low, high = np.where(turned, second, first), np.where(turned, first, second)
        mine, theirs = deviation[one], deviation[two]
        mine, theirs = np.where(turned, theirs, mine), np.where(turned, mine, theirs)
        found.append((low * votes.raters + high, mine, theirs))
    if not found:
        nothing = np.zeros(0)
        return np.zeros(0, np.int64), nothing, np.zeros(0, np.int64), nothing
    pair, mine, theirs = (np.concatenate(each) for each in zip(*found, strict=True))
    del found
    order = ascending(pair)
    pair, mine, theirs = pair[order], mine[order], theirs[order]
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    sums = np.add.reduceat(mine * theirs, starts)
    size = np.sqrt(np.add.reduceat(mine**2, starts) * np.add.reduceat(theirs**2, starts))
    shared = np.diff(np.append(starts, len(pair)))
    likeness = np.divide(sums, size, out=np.zeros(len(sums)), where=size > 0)
    return pair[starts], sums, shared, likeness
