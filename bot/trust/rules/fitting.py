"""Learns what the honest crowd is like from what is kept of all raters, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bot.trust.rules.agreement import GROUPS, UNIT, Agreement
from bot.trust.rules.crowd import Crowd, ScaleCrowd, believe, correlation_z, said
from bot.trust.rules.scales import RATED, RatedScale
from bot.trust.rules.yardstick import Yardstick
from bot.trust.scoring import honesty
from bot.trust.scoring.estimate import (
    LEAST_BETWEEN,
    LEAST_VARIANCE,
    LEAST_VOTES,
    VARIANCE_SHRINKAGE,
    weighted_median,
)
from bot.trust.scoring.votes import Flags, Floats

FEWEST_ANSWERS: Final = 100
"""With fewer compared answers of all raters nothing is believed to be known."""

SOUND: Final = 0.5
SOUND_ANSWERS: Final = 50
"""Quantiles are those of raters with at least this reliability and so many compared answers."""

LOW_SHARE: Final = 0.01
LOWER_SHARE: Final = 0.005
"""Shares of sound raters below the quantiles; these want at least 1 / share such raters."""


@dataclass(frozen=True, slots=True)
class _Raters:
    """The sums of all raters as arrays, in points, and what follows for each."""

    n: Floats
    y: Floats
    yy: Floats
    c: Floats
    cc: Floats
    square: Floats
    off: Floats
    u: Floats
    z: Floats
    telling: Floats
    contrast: Floats
    known: Flags

    @property
    def spread(self) -> Floats:
        """The variance of each rater's own answers."""
        freedom = np.maximum(self.n - 1, 1.0)
        return (self.yy - self.y**2 / np.maximum(self.n, 1.0)) / freedom


def fit(
    kept: Sequence[Mapping[str, Agreement]],
    before: Crowd,
    counted: int,
    scales: Mapping[str, RatedScale] = RATED,
) -> Crowd:
    """Return the crowd that these raters are; a scale with too few answers stays as it was.

    `counted` is how many comparisons there were so far.
    """
    found = {}
    for name, crowd in before.scales.items():
        mine = [each[name] for each in kept if name in each and each[name].sums.n]
        many = sum(each.sums.n for each in mine)
        found[name] = _fit(mine, crowd, scales[name]) if many >= FEWEST_ANSWERS else crowd
    return Crowd(found, counted, len(kept))


def _fit(kept: Sequence[Agreement], before: ScaleCrowd, scale: RatedScale) -> ScaleCrowd:
    raters = _arrays(kept, before, scale)
    error, known = 1 / np.maximum(raters.telling - 3, 1.0), raters.known
    mixture = honesty.Crowd.fit(raters.z[known], error[known], raters.contrast[known])
    honest = mixture.reliability(raters.z, error, raters.contrast)
    trust = np.where(known, honest, mixture.honest)
    weight = trust * raters.n
    total = max(float(weight.sum()), 1.0)
    bias = raters.off / (raters.n + 2)
    common = float((weight * bias).sum()) / total
    bias -= common
    square = raters.square - 2 * bias * raters.off + raters.n * bias**2
    noise = square - raters.u
    least = LEAST_VARIANCE * scale.width**2
    typical = max(float((trust * noise).sum()) / total, least)
    variance = (noise + VARIANCE_SHRINKAGE * typical) / (raters.n + VARIANCE_SHRINKAGE)
    variance = np.where(known, np.maximum(variance, least), typical)
    between = float((weight * (raters.spread - variance)).sum()) / total
    mean = float(raters.c.sum() / raters.n.sum())
    spread = float(raters.cc.sum() / raters.n.sum()) - mean**2
    tables = np.array([each.table for each in kept], float).reshape(-1, GROUPS, scale.levels)
    size, size_width = _sizes(np.log(variance) / 2, weight * known, before)
    crowd = ScaleCrowd(
        centre=float((trust * raters.y).sum()) / total,
        between=max(between, LEAST_BETWEEN * scale.width**2),
        typical=typical,
        middle=weighted_median(variance, weight) if weight.any() else typical,
        bias=common,
        z_mean=mixture.mean,
        z_spread=mixture.spread,
        honest=mixture.honest,
        expected=mean,
        spread=max(spread, LEAST_BETWEEN * scale.width**2) ** 0.5,
        table=tuple(np.round(np.tensordot(trust, tables, 1).ravel(), 3).tolist()),
        size=size,
        size_width=size_width,
    )
    sound = (raters.n >= SOUND_ANSWERS) & (trust >= SOUND)
    return _with_quantiles(crowd, [kept[each] for each in np.flatnonzero(sound).tolist()], scale)


def _arrays(kept: Sequence[Agreement], before: ScaleCrowd, scale: RatedScale) -> _Raters:
    sums = np.array([each.sums for each in kept], float).T
    n, y, yy, c, cc, _, _, yc, u = sums
    c, cc, yc, u = c / UNIT, cc / UNIT**2, yc / UNIT, u / UNIT
    z = np.array([correlation_z(each.sums, scale) for each in kept])
    mean = c.sum() / n.sum()
    spread = max(cc.sum() / n.sum() - mean**2, LEAST_BETWEEN * scale.width**2) ** 0.5
    now = replace(before, spread=spread)
    telling, contrast = np.array([said(each.sums, now) for each in kept]).T
    return _Raters(
        n, y, yy, c, cc, yy - 2 * yc + cc, y - c, u, z, telling, contrast, n >= LEAST_VOTES
    )


def _sizes(size: Floats, weight: Floats, before: ScaleCrowd) -> tuple[float, float]:
    """Return mean and width of the logarithms of honest raters' standard deviations."""
    if weight.sum() <= 0:
        return before.size, before.size_width
    mean = float((weight * size).sum() / weight.sum())
    return mean, float(np.sqrt((weight * (size - mean) ** 2).sum() / weight.sum()))


def _with_quantiles(crowd: ScaleCrowd, sound: Sequence[Agreement], scale: RatedScale) -> ScaleCrowd:
    """Return the crowd with the figures that few sound raters fall below."""
    if not sound:
        return crowd
    beliefs = [believe(each.sums, crowd, scale) for each in sound]
    residual = np.array([each.residual for each in beliefs])
    yard = Yardstick.of(scale, crowd)
    llr = yard.llrs([each.table for each in sound], beliefs)
    newest = [(each, yard.newest(each)) for each in sound]
    recent = [(yard.newest_table(each), belief) for each, belief in newest if belief is not None]
    lately = yard.llrs([cells for cells, _ in recent], [belief for _, belief in recent])
    return replace(
        crowd,
        sound=len(sound),
        llr_low=_low(llr, LOW_SHARE),
        recent_low=_low(lately, LOW_SHARE),
        residual_low=_low(residual, LOWER_SHARE),
        residual_middle=float(np.median(residual)),
    )


def _low(figures: Floats, share: float) -> float | None:
    """Return the figure below which this share lies; None for too few figures."""
    return float(np.quantile(figures, share)) if len(figures) * share >= 1 else None
