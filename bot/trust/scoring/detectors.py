"""What may be wrong with a rater: plain functions, each with one figure a rater.

Each figure is for people and rules to read, none bans. NaN where nothing can be said.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from bot.trust.scoring.estimate import Estimate
from bot.trust.scoring.votes import Floats, Index, Votes

LEAST_CORRELATED: Final = 4
"""A correlation of fewer votes has no error that could be told (1 / (n - 3))."""


def correlation_z(votes: Votes, found: Estimate) -> Floats:
    """CORR: Fisher's z of the correlation with what the others say; near 0 is suspect."""
    return np.where(votes.by_rater(found.judged) >= LEAST_CORRELATED, found.agreement.z, np.nan)


def mode_share(votes: Votes) -> Floats:
    """MODE: the share of the commonest button among a rater's votes, above 0 to 1."""
    most = np.full(votes.raters, 0.0)
    level = votes.level()
    for each in range(votes.levels):
        np.maximum(most, votes.by_rater(level == each), out=most)
    many = votes.by_rater()
    return np.where(many > 0, most / np.maximum(many, 1.0), np.nan)


def residual_sd(votes: Votes, found: Estimate) -> Floats:
    """TOOGOOD: how far a rater's votes lie from what is expected of them, in points (RMS).

    The rater's bias is taken off. Far below everybody else's, the votes are copied.
    """
    many = votes.by_rater(found.judged)
    square = votes.by_rater(found.judged * found.deviation(votes) ** 2)
    return np.where(many > 0, np.sqrt(square / np.maximum(many, 1.0)), np.nan)


def longest_run(
    rater: npt.ArrayLike, score: npt.ArrayLike, order: npt.ArrayLike, raters: int
) -> Index:
    """Return the most votes in a row with which each rater pressed the same button.

    `order` says when each vote was given: any numbers that grow with time, compared within one
    rater only. Votes of the same moment stand in the order of their scores. 0 without votes.
    """
    who, value, when = np.asarray(rater, int), np.asarray(score, float), np.asarray(order)
    place = np.lexsort((value, when, who))
    who, value = who[place], value[place]
    begins = np.ones(len(who), bool)
    begins[1:] = (np.diff(who) != 0) | (np.diff(value) != 0)
    starts = np.flatnonzero(begins)
    longest = np.zeros(raters, np.int64)
    np.maximum.at(longest, who[starts], np.diff(np.append(starts, len(who))))
    return longest
