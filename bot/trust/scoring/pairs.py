"""Pairs of raters who deviate together: groups that push an image leave the same residuals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bot.trust.scoring.ordering import ascending
from bot.trust.scoring.votes import Floats, Index, Votes

TOP: Final = 3
"""So many of a rater's closest partners make his figure: a lone twin is chance or taste."""

MOST_PRODUCTS: Final = 2**34
"""Up to so many multiplications (raters x raters x items) all pairs are formed, by matrices."""

MOST_SHARED: Final = 32
"""In larger tables so many votes of an item are paired, chosen by a fixed shuffle: the pairs of
an item grow with the square of its votes."""

BLOCK_CELLS: Final = 2**22

GOLDEN: Final = 0x9E3779B97F4A7C15
MIXING: Final = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def pair_scores(votes: Votes, deviation: Floats) -> Floats:
    """Return for each rater the mean of the three greatest sums of products of deviations.

    `deviation` is each vote's difference from what the others let expect, in standard deviations,
    so that two raters who share n items sum up to about sqrt(n) by chance. Partners below 0, or
    missing ones, count 0.
    """
    if votes.raters**2 * votes.items <= MOST_PRODUCTS:
        return _dense(votes, deviation)
    return _sparse(votes, deviation)


def _dense(votes: Votes, deviation: Floats) -> Floats:
    table = np.zeros((votes.raters, votes.items), np.float32)
    table[votes.rater, votes.item] = deviation
    scores = np.zeros(votes.raters)
    step = max(1, BLOCK_CELLS // max(votes.raters, 1))
    top = min(TOP, votes.raters)
    for start in range(0, votes.raters, step):
        block = table[start : start + step] @ table.T
        rows = np.arange(len(block))
        block[rows, rows + start] = 0
        best = np.partition(block, votes.raters - top, axis=1)[:, votes.raters - top :]
        scores[start : start + step] = np.maximum(best, 0).sum(1) / TOP
    return scores


def _sparse(votes: Votes, deviation: Floats) -> Floats:
    found = list(_products(votes, deviation))
    if not found:
        return np.zeros(votes.raters)
    pair = np.concatenate([each for each, _ in found])
    product = np.concatenate([each for _, each in found])
    del found
    order = ascending(pair)
    pair, product = pair[order], product[order]
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    total = np.add.reduceat(product, starts)
    together = total > 0
    first, second = np.divmod(pair[starts[together]], votes.raters)
    del pair, product, order, starts
    return _closest(np.concatenate((first, second)), np.tile(total[together], 2), votes.raters)


def _closest(rater: Index, total: Floats, raters: int) -> Floats:
    """Return the mean of the greatest figures of each rater; takes them out of `total`."""
    scores = np.zeros(raters)
    for _ in range(TOP):
        best = np.zeros(raters)
        np.maximum.at(best, rater, total)
        scores += best / TOP
        reached = np.flatnonzero((total > 0) & (total == best[rater]))
        one_each = np.full(raters, -1)
        one_each[rater[reached]] = reached
        total[one_each[one_each >= 0]] = 0.0
    return scores


def _products(votes: Votes, deviation: Floats) -> Iterator[tuple[Index, Floats]]:
    """Yield pairs of votes on one item and their products.

    A pair of raters is the number lower * raters + higher.
    """
    for one, two in meetings(votes):
        first, second = votes.rater[one], votes.rater[two]
        pair = np.minimum(first, second) * votes.raters + np.maximum(first, second)
        yield pair, deviation[one] * deviation[two]


def meetings(votes: Votes) -> Iterator[tuple[Index, Index]]:
    """Yield the places of pairs of votes on one item, a distance in the table a time.

    Of an item with more than `MOST_SHARED` votes so many are paired, by a fixed shuffle.
    """
    count = np.bincount(votes.item, minlength=votes.items)
    place = np.arange(len(votes)) - (np.cumsum(count) - count)[votes.item]
    mixed = None if count.max(initial=0) <= MOST_SHARED else _shuffled(votes)
    for distance in range(1, MOST_SHARED):
        here = np.flatnonzero(place[distance:] >= distance)
        here = here[place[here + distance] < MOST_SHARED]
        if not len(here):
            break
        one, two = here, here + distance
        yield (one, two) if mixed is None else (mixed[one], mixed[two])


def _shuffled(votes: Votes) -> Index:
    """Return an order that keeps the items together and mixes their raters, always the same.

    The mixing is the one of splitmix64 (Steele, Lea and Flood 2014).
    """
    mixed = (votes.item * votes.raters + votes.rater).astype(np.uint64) * np.uint64(GOLDEN)
    for shift, factor in MIXING:
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.lexsort((mixed, votes.item))
