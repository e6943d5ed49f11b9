"""LLR: whether a rater's votes depend on the images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from bot.trust.scoring.estimate import Estimate
from bot.trust.scoring.votes import Floats, Index, Votes

GROUPS: Final = 10
"""Groups of equally many votes by what is expected of them."""

HISTOGRAM_SHRINKAGE: Final = 2.0
"""Votes spread like the crowd's that a rater's histogram begins with."""

STRANGE: Final = 5.0
"""Raters who do not look scatter so many times as widely as honest ones differ among themselves."""

LEAST_WIDTH: Final = 1e-3
RARE: Final = 1e-3

BLOCK_RATERS: Final = 2**15


@dataclass(frozen=True, slots=True)
class CrowdTable:
    """The crowd's votes: `given` each group's p(level), `usual` p(level), `mixed` p(group)."""

    given: Floats
    usual: Floats
    mixed: Floats

    @classmethod
    def of(cls, table: Floats) -> Self:
        """Return the shares in a table of trusted votes, a row a group and a column a level."""
        levels = table.shape[1]
        usual = (table.sum(0) + RARE) / (table.sum() + RARE * levels)
        given = table + levels * usual
        mixed = table.sum(1) / max(float(table.sum()), RARE)
        return cls(given / given.sum(1, keepdims=True), usual, mixed)

    def log_ratio(self, votes: Floats | Index) -> Floats:
        """Return for each rater the sum of his votes' log ratios.

        `votes` are the raters' own tables: raters, groups, levels. Both terms of the ratio have the
        rater's own histogram, which cancels but for the norm.
        """
        shown, pressed = votes.sum(2), votes.sum(1)
        expected, norm = self._norms(shown, pressed)
        total: Floats = (votes * np.log(self.given)).sum((1, 2))
        total -= (pressed * np.log(expected)).sum(1) + (shown * np.log(norm)).sum(1)
        return total

    def _norms(self, shown: Floats | Index, pressed: Floats | Index) -> tuple[Floats, Floats]:
        """Return for each rater what the crowd would press, and the norm of each group's tilt."""
        many = shown.sum(1, keepdims=True) + HISTOGRAM_SHRINKAGE
        expected = (shown + HISTOGRAM_SHRINKAGE * self.mixed) @ self.given / many
        tilt = (pressed + HISTOGRAM_SHRINKAGE * self.usual) / many / expected
        return expected, tilt @ self.given.T


def log_likelihood_ratio(votes: Votes, found: Estimate) -> Floats:
    """Return the evidence, per vote, that a rater's votes come from looking at the images.

    Above 0 they do, below 0 they do not. It is the mean of log p(vote | what the others say) over
    p(vote | the rater's own histogram), where the former is the crowd's table tilted to the
    rater's histogram: habits and bias do not count, only dependence. To it comes, once and not
    per vote, how unusual the size of the rater's deviations is among honest raters.
    """
    many = votes.by_rater(found.judged)
    with np.errstate(invalid="ignore"):
        figure = (_dependence(votes, found) + _unusual(votes, found)) / np.maximum(many, 1.0)
    return np.where(many > 0, figure, np.nan)


def _dependence(votes: Votes, found: Estimate) -> Floats:
    """Return for each rater the sum of log p(vote | expected) - log p(vote | own histogram)."""
    judged, level = found.judged, votes.level()
    sums = np.zeros(votes.raters)
    if not judged.any():
        return sums
    edges = np.quantile(found.expected[judged], np.linspace(0, 1, GROUPS + 1)[1:-1])
    group = np.searchsorted(edges, found.expected, side="right")
    trust = judged * found.model.reliability[votes.rater]
    cell, cells = group * votes.levels + level, GROUPS * votes.levels
    table = np.bincount(cell, trust, cells).astype(float, copy=False)
    crowd = CrowdTable.of(table.reshape(GROUPS, votes.levels))
    for first in range(0, votes.raters, BLOCK_RATERS):
        size = min(BLOCK_RATERS, votes.raters - first)
        some = judged & (first <= votes.rater) & (votes.rater < first + size)
        place = (votes.rater[some] - first) * cells + cell[some]
        tables = np.bincount(place, minlength=size * cells)
        part = crowd.log_ratio(tables.reshape(size, GROUPS, votes.levels))
        sums[first : first + size] = part
    return sums


def _unusual(votes: Votes, found: Estimate) -> Floats:
    """Return `strangeness` of each known rater, 0 for the others."""
    model = found.model
    size = 0.5 * np.log(model.variance)
    weight = found.known * model.reliability * votes.by_rater(found.judged)
    if weight.sum() <= 0:
        return np.zeros(votes.raters)
    mean = (weight * size).sum() / weight.sum()
    width = np.sqrt((weight * (size - mean) ** 2).sum() / weight.sum())
    return np.where(found.known, strangeness(size, float(mean), float(width)), 0.0)


def strangeness(size: Floats, mean: float, width: float) -> Floats:
    """Return the log ratio of how often honest and independent raters deviate so much.

    `size` is the logarithm of a rater's standard deviation. Those of honest raters are taken as
    normal, those of independent ones as normal with the same mean and `STRANGE` times the width.
    Deviating less than usual is no sign.
    """
    far = np.maximum(size - mean, 0.0) / max(width, LEAST_WIDTH)
    ratio: Floats = np.log(STRANGE) - 0.5 * (1 - STRANGE**-2) * far**2
    return ratio
