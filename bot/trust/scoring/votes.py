"""The votes on one scale as arrays: what every estimator and detector reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST_LEVELS = 11
NARROWEST, WIDEST = 1e-100, 1e100
"""Buttons that are told apart; a finer scale is cut into so many steps of equal width."""


@dataclass(frozen=True, slots=True)
class Votes:
    """At most one vote a rater and item, in the order of items and then raters.

    `rater` and `item` count from 0 to below `raters` and `items`; a rater or an item may be
    without votes. `score` lies in `low` to `high`, in points of the scale. `group` says for each
    item to which of `groups` it belongs: groups may differ in how good their items are.
    """

    rater: Index
    item: Index
    score: Floats
    raters: int
    items: int
    low: float
    high: float
    group: Index
    groups: int

    @classmethod
    def of(
        cls,
        rater: npt.ArrayLike,
        item: npt.ArrayLike,
        score: npt.ArrayLike,
        *,
        low: float,
        high: float,
        raters: int | None = None,
        items: int | None = None,
        group: npt.ArrayLike | None = None,
        groups: int | None = None,
    ) -> Self:
        """Put votes in order; those of one rater on one item become one vote, their mean.

        All items are of one group where none are given. Raises ValueError where the arrays do not
        fit together, or a score is out of range.
        """
        who, what, value = np.asarray(rater, int), np.asarray(item, int), np.asarray(score, float)
        if not len(who) == len(what) == len(value):
            raise ValueError("raters, items and scores must be equally many")
        if not is_scale(low, high):
            raise ValueError(
                f"low must be below high by what can be squared, not {low:g} and {high:g}"
            )
        if len(value) and not ((value >= low) & (value <= high)).all():
            raise ValueError(f"every score must lie in {low:g} to {high:g}")
        most_raters = int(who.max(initial=-1)) + 1 if raters is None else raters
        most_items = int(what.max(initial=-1)) + 1 if items is None else items
        kind = np.zeros(most_items, int) if group is None else np.asarray(group, int)
        if len(kind) != most_items:
            raise ValueError("every item must have a group")
        if not _in_order(what, who):
            order = np.lexsort((value, who, what))
            who, what, value = who[order], what[order], value[order]
        first = np.ones(len(value), bool)
        first[1:] = (np.diff(who) != 0) | (np.diff(what) != 0)
        if not first.all():
            vote = np.cumsum(first) - 1
            value = np.bincount(vote, value) / np.bincount(vote)
            who, what = who[first], what[first]
        most_groups = int(kind.max(initial=0)) + 1 if groups is None else groups
        return cls(who, what, value, most_raters, most_items, low, high, kind, most_groups)

    def __len__(self) -> int:
        return len(self.score)

    @property
    def levels(self) -> int:
        """How many steps of the scale are told apart."""
        return min(max(round(self.high - self.low) + 1, 2), MOST_LEVELS)

    def level(self) -> Index:
        """Return the step of each vote, 0 for the lowest; the step itself on a scale of buttons."""
        step = (self.score - self.low) / (self.high - self.low) * (self.levels - 1)
        return np.rint(step).astype(np.int64)

    def by_rater(self, weights: Floats | Flags | None = None) -> Floats:
        """Return the sum of a figure of the votes for each rater; their number if None."""
        return np.bincount(self.rater, weights, self.raters).astype(float, copy=False)

    def by_item(self, weights: Floats | Flags | None = None) -> Floats:
        """Return the sum of a figure of the votes for each item; their number if None."""
        return np.bincount(self.item, weights, self.items).astype(float, copy=False)

    def by_group(self, weights: Floats | None = None) -> Floats:
        """Return the sum of a figure of the votes for each group; their number if None."""
        if self.groups == 1:
            return np.array([len(self) if weights is None else weights.sum()], float)
        total = self.by_item(weights)
        return np.bincount(self.group, total, self.groups).astype(float, copy=False)


def is_scale(low: float, high: float) -> bool:
    """Tell whether scores from `low` to `high` can be reckoned with.

    One lies below the other, and so far from it that parts of the square of the distance, and sums
    of many such squares, are numbers.
    """
    return low < high and NARROWEST <= high - low <= WIDEST


def _in_order(what: Index, who: Index) -> bool:
    """Tell whether votes are sorted, and no two of them are of one rater on one item."""
    after = np.diff(what)
    return bool(((after > 0) | ((after == 0) & (np.diff(who) > 0))).all())
