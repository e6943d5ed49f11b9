"""How likely a rater is to look at the images: a mixture of two kinds of raters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from bot.trust.scoring.votes import Floats

PRIOR_HONEST: Final = 0.8
"""The share of honest raters where nobody is known."""

PRIOR_RATERS: Final = 5
"""So many raters that belief is worth."""

FEWEST_HONEST, MOST_HONEST = 0.3, 0.995
"""The share of honest raters is not believed to lie outside of this."""

LEAST_MEAN: Final = 1e-3
LEAST_SPREAD: Final = 0.01
"""Honest raters' z differ at least by this variance, however few of them there are."""

MOST_LOG_ODDS: Final = 50.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Honest raters' z are N(k mean, k^2 spread + error of z); independent ones' N(0, error of z).

    z is Fisher's transform of the correlation of a rater's votes with what the others say, and k
    the contrast of the images that the rater saw: 1 where they differ as images usually do, 0 where
    all are alike and z says nothing. `honest` is the share of honest raters, above 0 and below 1.
    """

    mean: float
    spread: float
    honest: float

    @classmethod
    def fit(cls, z: Floats, error: Floats, contrast: Floats) -> Self:
        """Fit to the z of raters with enough votes, by moments.

        Independent raters' z lie evenly on both sides of 0, honest ones' above it: so twice the
        share below 0 is that of the independent ones, as p-values tell the share of true null
        hypotheses (Storey 2002). The first two moments of z then give the honest ones' mean and
        spread. A likelihood would rather call everybody honest, with a spread that covers both.
        A rater counts by the square of the contrast.
        """
        told = contrast**2
        raters = float(told.sum())
        if raters <= 0:
            return cls(LEAST_MEAN, LEAST_SPREAD, PRIOR_HONEST)
        below = float((told * (2.0 * (z < 0) + (z == 0))).sum())
        independent = (below + (1 - PRIOR_HONEST) * PRIOR_RATERS) / (raters + PRIOR_RATERS)
        honest = float(np.clip(1 - independent, FEWEST_HONEST, MOST_HONEST))
        mean = max(float((contrast * z).sum()) / (honest * raters), LEAST_MEAN)
        spread = float((z**2 - error).sum()) / (honest * raters) - mean**2
        return cls(mean, max(spread, LEAST_SPREAD), honest)

    def reliability(self, z: Floats, error: Floats, contrast: Floats) -> Floats:
        """Return the posterior probability that a rater with this z is honest.

        A z below 0 counts as 0: who disagrees on purpose is not to be trusted for it.
        """
        z = np.maximum(z, 0.0)
        wide = contrast**2 * self.spread + error
        odds = (
            np.log(self.honest / (1 - self.honest))
            + 0.5 * np.log(error / wide)
            + 0.5 * (z**2 / error - (z - contrast * self.mean) ** 2 / wide)
        )
        posterior: Floats = 1 / (1 + np.exp(-np.clip(odds, -MOST_LOG_ODDS, MOST_LOG_ODDS)))
        return posterior
