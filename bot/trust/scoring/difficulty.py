"""How much the raters of an image disagree, beyond what is usual for them."""

from __future__ import annotations

from typing import Final

import numpy as np

from bot.trust.scoring.consensus import Sums
from bot.trust.scoring.votes import Floats, Votes

LEAST_SHRINKAGE, MOST_SHRINKAGE = 8.0, 1e6
"""The votes that the belief "this image is like the others" is worth, at least and at most."""

ROUNDING: Final = 1e-9
"""With squares of this size on average the votes agree, but for the last bits."""

LEAST_FREEDOM: Final = 0.5
"""Images with less of a second trusted vote say nothing about their variance."""


def difficulties(votes: Votes, sums: Sums, trust: Floats, variance: Floats) -> Floats:
    """Return for each item the factor on the variance of its votes; 1 on average.

    `trust` and `variance` are those of each vote. The factor is the sum of the squared deviations
    from the item's mean, in units of the variance, over the degrees of freedom; both with
    `shrinkage` more votes of the average image. Five votes say little of a variance, so the
    shrinkage follows from the votes: how much more the factors differ than chance lets them
    (empirical Bayes by moments, as Smyth 2004 does for genes).
    """
    mean = sums.item_vote / np.maximum(sums.item_weight, np.finfo(float).tiny)
    square = trust * (sums.vote - mean[votes.item]) ** 2 / variance
    many = votes.by_item(trust)
    freedom = np.maximum(many - 1, 0.0)
    telling = freedom > LEAST_FREEDOM
    total = votes.by_item(square)
    average = total[telling].sum() / freedom[telling].sum() if telling.any() else 0.0
    if average <= ROUNDING:
        return np.ones(votes.items)
    usual = np.where(telling, freedom / np.maximum(many, 1.0), 1.0) * average
    single = square / usual[votes.item]
    one = _spread_of_one(single, trust * telling[votes.item])
    shrinkage = _shrinkage(total[telling] / average, freedom[telling], one)
    factor: Floats = np.where(telling, (total / average + shrinkage) / (freedom + shrinkage), 1.0)
    return factor


def _spread_of_one(single: Floats, trust: Floats) -> float:
    """Return the variance of the squared deviation of one trusted vote, which is 1 on average."""
    return float(trust @ (single - trust) ** 2 / trust.sum())


def _shrinkage(total: Floats, freedom: Floats, one: float) -> float:
    """Return the variance of one squared deviation over that of the items' true factors."""
    seen = float(freedom @ (total / freedom - 1) ** 2 / freedom.sum())
    true = seen - one * len(freedom) / float(freedom.sum())
    if true <= 0 or one <= 0:
        return MOST_SHRINKAGE
    return float(np.clip(one / true, LEAST_SHRINKAGE, MOST_SHRINKAGE))
