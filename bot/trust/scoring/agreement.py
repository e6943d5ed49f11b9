"""How the votes of each rater agree with what the others say, and how much that can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from bot.trust.scoring.votes import Flags, Floats, Votes

MOST_CORRELATION: Final = 0.999

ROUNDING: Final = 1e-9
"""A standard deviation below that share of the scale's width is none."""

NORMAL: Final = 3.0
"""The fourth moment of a normal distribution over the square of the second."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The votes on items that somebody else judged, and what of them is the same in every round.

    `flags` marks them among all votes, and `many` counts each rater's. `own` is how far each lies
    from the mean of its rater's, 0 for other votes, and `squares` the sum of its squares.
    """

    votes: Votes
    flags: Flags
    many: Floats
    own: Floats
    squares: Floats

    @classmethod
    def of(cls, votes: Votes) -> Self:
        """Find them."""
        flags = votes.by_item()[votes.item] > 1
        many = votes.by_rater(flags)
        mean = votes.by_rater(flags * votes.score) / np.maximum(many, 1.0)
        own = flags * (votes.score - mean[votes.rater])
        return cls(votes, flags, many, own, votes.by_rater(own**2))


@dataclass(frozen=True, slots=True)
class Agreement:
    """One figure a rater; judged votes alone count.

    `z`: Fisher's transform of the correlation of the votes with what is expected of them, 0 where
    one of both is always the same. `telling`: so many votes this hangs on, at most all: where one
    image in fifty differs from the others, who judged fifty has shown little. `contrast`: the
    correlation that a usual rater would have on these images over that on all, at most 1: who saw
    images that are all alike cannot show by any vote that they looked.
    """

    z: Floats
    telling: Floats
    contrast: Floats

    @classmethod
    def of(cls, judged: Judged, expected: Floats, noise: float) -> Self:
        """Compare; `noise` is the usual variance of votes around what is expected of them."""
        votes, many = judged.votes, np.maximum(judged.many, 1.0)
        mean = votes.by_rater(judged.flags * expected) / many
        off = judged.flags * (expected - mean[votes.rater])
        square = off**2
        seen, fourth = votes.by_rater(square), votes.by_rater(square**2)
        squares = judged.squares * seen
        differ = squares > many**2 * (ROUNDING * (votes.high - votes.low)) ** 4
        r = votes.by_rater(judged.own * off) / np.sqrt(np.where(differ, squares, 1.0))
        r = np.clip(np.where(differ, r, 0.0), -MOST_CORRELATION, MOST_CORRELATION)
        kept = NORMAL * seen**2 / np.where(fourth > 0, fourth, 1.0)
        telling = np.where(fourth > 0, np.minimum(kept, many), many)
        return cls(np.arctanh(r), telling, _contrast(seen, judged.many, noise))

    @property
    def error(self) -> Floats:
        """The variance of z by chance."""
        return 1 / np.maximum(self.telling - 3, 1.0)


def _contrast(seen: Floats, given: Floats, noise: float) -> Floats:
    """Return sqrt(s / (s + noise)) of each rater's images, s their variance, over that of all."""
    total = float(seen.sum())
    if total <= 0:
        return np.ones(len(seen))
    usual, spread = total / float(given.sum()), seen / np.maximum(given, 1.0)
    ratio: Floats = np.sqrt(spread / (spread + noise) * ((usual + noise) / usual))
    return np.minimum(ratio, 1.0)
