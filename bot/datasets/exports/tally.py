"""What votes on whole images say by counting alone, an array an image. No estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from bot.datasets.exports.reading import Floats, Integers
from bot.rating.scales import Scale


@dataclass(frozen=True, slots=True)
class Tally:
    """`histogram` has a row an image and a column an answer of the scale, from low to high."""

    scale: Scale
    histogram: Integers

    @classmethod
    def of(cls, scale: Scale, image: Integers, answers: Integers, images: int) -> Self:
        """Count answers; `image` says for each to which of so many images it belongs."""
        levels = len(scale.values)
        cells = image * levels + (answers - scale.low)
        counts = np.bincount(cells, minlength=images * levels)
        return cls(scale, counts.reshape(images, levels))

    @property
    def sum(self) -> Integers:
        """The sum of the answers."""
        total: Integers = self.histogram @ np.array(self.scale.values)
        return total

    @property
    def votes(self) -> Integers:
        """The number of votes."""
        many: Integers = self.histogram.sum(1)
        return many

    @property
    def mean(self) -> Floats:
        """The plain mean; NaN without a vote."""
        with np.errstate(invalid="ignore"):
            mean: Floats = self.sum / self.votes
        return mean

    @property
    def median(self) -> Floats:
        """The median, between two answers where the middle is; NaN without a vote."""
        reached = self.histogram.cumsum(1)
        many = self.votes
        lower, upper = (
            (reached >= middle[:, None]).argmax(1) for middle in ((many + 1) // 2, many // 2 + 1)
        )
        median: Floats = np.where(many > 0, self.scale.low + (lower + upper) / 2, np.nan)
        return median

    @property
    def agreement(self) -> Floats:
        """The share of pairs of votes that differ by one answer at most; NaN without a pair."""
        h, many = self.histogram, self.votes
        close = (h * (h - 1)).sum(1) / 2 + (h[:, 1:] * h[:, :-1]).sum(1)
        with np.errstate(invalid="ignore"):
            share: Floats = close / (many * (many - 1) / 2)
        return share
