"""Which of equal rows is which: a file may have the same vote more than once."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


class Occurrences:
    """Numbers equal rows of a file in their order, 0 for the first; keeps 8 bytes a row.

    Rows are equal where their hashes are: of a billion pairs none is by mistake.
    """

    def __init__(self) -> None:
        self._seen: list[Hashes] = []  # ascending in itself, each less than half of the one before
        self._again: dict[int, int] = {}  # how often, where more than once

    def number(self, hashes: Hashes) -> Counts:
        """Return for each row how many equal ones came before it, here and in earlier calls."""
        different, first, places, counts = np.unique(
            hashes, return_index=True, return_inverse=True, return_counts=True
        )
        earlier = self._earlier(different)
        for at in np.flatnonzero(earlier + counts > 1):
            self._again[int(different[at])] = int(earlier[at] + counts[at])
        self._keep(different[earlier == 0])
        if len(first) == len(hashes):
            return earlier[places]
        return earlier[places] + _order_within(places, counts)

    def _earlier(self, different: Hashes) -> Counts:
        earlier = np.zeros(len(different), np.int64)
        for seen in self._seen:
            places = np.minimum(np.searchsorted(seen, different), len(seen) - 1)
            earlier[seen[places] == different] = 1
        for at in np.flatnonzero(earlier) if self._again else ():
            earlier[at] = self._again.get(int(different[at]), 1)
        return earlier

    def _keep(self, fresh: Hashes) -> None:
        while self._seen and 2 * len(fresh) >= len(self._seen[-1]):
            # A stable sort merges two ascending runs in one pass.
            fresh = np.sort(np.concatenate([self._seen.pop(), fresh]), kind="stable")
        if len(fresh):
            self._seen.append(fresh)


def hashed(*columns: Hashes) -> Hashes:
    """Return one hash a row of several columns of bits."""
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        mixed = (mixed ^ column) * _FACTOR
        mixed ^= mixed >> _SHIFT
        mixed *= _FACTOR
        mixed ^= mixed >> _SHIFT
    return mixed


def _order_within(places: Counts, counts: Counts) -> Counts:
    """Return for each row how many of its group stand before it."""
    order = np.argsort(places, kind="stable")
    begin = np.repeat(np.cumsum(counts) - counts, counts)
    within = np.empty(len(places), np.int64)
    within[order] = np.arange(len(places)) - begin
    return within
