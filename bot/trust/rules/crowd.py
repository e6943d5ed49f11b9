"""What is believed of everybody: the honest rater whom each one is measured by."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import Any, Final, Self

from bot.trust.rules.agreement import GROUPS, UNIT, Sums
from bot.trust.rules.scales import RATED, RatedScale
from bot.trust.scoring.agreement import MOST_CORRELATION, NORMAL
from bot.trust.scoring.estimate import (
    BIAS_SHRINKAGE,
    FIRST_NOISE,
    FIRST_SPREAD,
    LEAST_TRUST,
    LEAST_VARIANCE,
    LEAST_VOTES,
    VARIANCE_SHRINKAGE,
)
from bot.trust.scoring.honesty import LEAST_MEAN, LEAST_SPREAD, MOST_LOG_ODDS, PRIOR_HONEST

EDGES: Final = tuple(NormalDist().inv_cdf(n / GROUPS) for n in range(1, GROUPS))
"""Of the groups, in standard deviations of what is expected: about equally many answers in each,
and the same groups however much the crowd grows."""


@dataclass(frozen=True, slots=True)
class ScaleCrowd:
    """The honest crowd on one scale; points and points squared.

    Images are N(`centre`, `between`); a vote varies by `typical`, half of all votes are given by
    raters of a variance below `middle`. `bias` is the mean of the raters' biases. `z_mean`,
    `z_spread`, `honest` are as of `scoring.honesty.Crowd`. What is expected has the mean
    `expected` and the standard deviation `spread`. `table` counts the trusted answers by group
    and button, group by group. The logarithm of an honest rater's standard deviation is
    N(`size`, `size_width` squared). The rest are quantiles of raters with reliability of at least
    one half and at least 50 compared answers, None where these are too few: `llr_low` and
    `recent_low` of the LLR, `residual_low` of the residual's standard deviation.
    `residual_middle` is the median of the latter.
    """

    centre: float
    between: float
    typical: float
    middle: float
    bias: float
    z_mean: float
    z_spread: float
    honest: float
    expected: float
    spread: float
    table: tuple[float, ...]
    size: float
    size_width: float
    sound: int = 0
    llr_low: float | None = None
    recent_low: float | None = None
    residual_low: float | None = None
    residual_middle: float | None = None

    @classmethod
    def unknown(cls, scale: RatedScale) -> Self:
        """Return what is believed before anybody is known."""
        typical, between = (scale.width * FIRST_NOISE) ** 2, (scale.width * FIRST_SPREAD) ** 2
        centre = (scale.low + scale.high) / 2
        return cls(
            centre=centre,
            between=between,
            typical=typical,
            middle=typical,
            bias=0.0,
            z_mean=LEAST_MEAN,
            z_spread=LEAST_SPREAD,
            honest=PRIOR_HONEST,
            expected=centre,
            spread=math.sqrt(between) / 2,
            table=(0.0,) * (GROUPS * scale.levels),
            size=math.log(typical) / 2,
            size_width=0.3,
        )

    def group(self, expected: float) -> int:
        """Return the group of an answer of which so much is expected, in points."""
        distance = (expected - self.expected) / self.spread
        return bisect_right(EDGES, distance)


@dataclass(frozen=True, slots=True)
class Crowd:
    """The honest crowd on every scale, learned from so many raters after so many comparisons."""

    scales: Mapping[str, ScaleCrowd]
    counted: int = 0
    raters: int = 0

    @classmethod
    def unknown(cls, scales: Sequence[RatedScale] = tuple(RATED.values())) -> Self:
        """Return what is believed before anybody is known."""
        return cls({scale.name: ScaleCrowd.unknown(scale) for scale in scales})

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        scales = {
            name: {field.name: getattr(scale, field.name) for field in fields(scale)}
            for name, scale in self.scales.items()
        }
        return {"scales": scales, "counted": self.counted, "raters": self.raters}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return what `to_json` gave."""
        scales = {
            name: ScaleCrowd(**{**scale, "table": tuple(scale["table"])})
            for name, scale in kept["scales"].items()
        }
        return cls(scales, kept["counted"], kept["raters"])


@dataclass(frozen=True, slots=True)
class Belief:
    """What the sums of one rater say, beside the crowd.

    `shown`: with so many answers the rater could have shown to look, at most all; where most images
    are alike, few answers tell anything (`scoring.agreement`). `honest` is the probability that
    the answers depend on the images, `bias` and `variance` are of one answer, `residual` is the
    standard deviation (RMS) of answers from what was expected of this rater, in points. Of a rater
    who is not known `honest` and `variance` are the crowd's.
    """

    answers: int
    z: float
    shown: float
    honest: float
    bias: float
    variance: float
    residual: float

    @property
    def known(self) -> bool:
        """Whether there are the 20 compared answers without which nobody is judged."""
        return self.answers >= LEAST_VOTES

    def weight(self, crowd: ScaleCrowd) -> float:
        """Return what one answer of the rater tells of an image."""
        return (self.honest + LEAST_TRUST) / max(self.variance, crowd.middle)


def believe(sums: Sums, crowd: ScaleCrowd, scale: RatedScale) -> Belief:
    """Return what the sums say; the formulas are those of `scoring.estimate`, for one rater."""
    n = sums.n
    if not n:
        return Belief(0, 0.0, 0.0, crowd.honest, 0.0, crowd.typical, 0.0)
    off = sums.y - sums.c / UNIT
    square = sums.yy - 2 * sums.yc / UNIT + sums.cc / UNIT**2
    bias = off / (n + BIAS_SHRINKAGE) - crowd.bias
    residual = max(square - 2 * bias * off + n * bias * bias, 0.0)
    spread = math.sqrt(residual / n)
    z = correlation_z(sums, scale)
    telling, contrast = said(sums, crowd)
    shown = telling * contrast**2
    if n < LEAST_VOTES:
        return Belief(n, z, shown, crowd.honest, bias, crowd.typical, spread)
    noise = residual - sums.u / UNIT + VARIANCE_SHRINKAGE * crowd.typical
    variance = max(noise / (n + VARIANCE_SHRINKAGE), LEAST_VARIANCE * scale.width**2)
    honest = reliability(z, 1 / max(telling - 3, 1.0), contrast, crowd)
    return Belief(n, z, shown, honest, bias, variance, spread)


def correlation_z(sums: Sums, scale: RatedScale) -> float:
    """Return Fisher's z of the correlation; 0 where answers or what is expected do not vary."""
    n = sums.n
    one = n * sums.yy - sums.y**2
    two = (n * sums.cc - sums.c**2) / UNIT**2
    if one <= 0 or two <= n**2 * (1e-3 * scale.width) ** 2:
        return 0.0
    r = (n * sums.yc - sums.y * sums.c) / UNIT / math.sqrt(one * two)
    return math.atanh(min(max(r, -MOST_CORRELATION), MOST_CORRELATION))


def said(sums: Sums, crowd: ScaleCrowd) -> tuple[float, float]:
    """Return how many answers the correlation hangs on, and the contrast of their images.

    `scoring.agreement.Agreement` of the estimator says what both are.
    """
    n, c = sums.n, sums.c
    square = n * sums.cc - c * c
    if square <= 0:
        return n, 0.0
    fourth = (
        n**3 * sums.cccc - 4 * n**2 * c * sums.ccc + 6 * n * c * c * sums.cc - 3 * c**4
    )  # n cubed times the sum of fourth powers around the mean; whole numbers lose nothing
    telling = min(NORMAL * n * square * square / fourth, n) if fourth > 0 else n
    seen, usual = square / (n * UNIT) ** 2, crowd.spread**2
    ratio = seen / (seen + crowd.typical) * (usual + crowd.typical) / usual
    return telling, min(math.sqrt(ratio), 1.0)


def reliability(z: float, error: float, contrast: float, crowd: ScaleCrowd) -> float:
    """Return the probability of being honest; `scoring.honesty.Crowd.reliability` for one rater."""
    z = max(z, 0.0)
    wide = contrast**2 * crowd.z_spread + error
    odds = (
        math.log(crowd.honest / (1 - crowd.honest))
        + 0.5 * math.log(error / wide)
        + 0.5 * (z**2 / error - (z - contrast * crowd.z_mean) ** 2 / wide)
    )
    return 1 / (1 + math.exp(-min(max(odds, -MOST_LOG_ODDS), MOST_LOG_ODDS)))
