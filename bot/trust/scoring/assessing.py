"""All that votes say about images and raters: estimator and detectors at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from bot.trust.scoring import detectors
from bot.trust.scoring.consensus import Model
from bot.trust.scoring.dependence import log_likelihood_ratio
from bot.trust.scoring.estimate import Estimate, estimate
from bot.trust.scoring.pairs import pair_scores
from bot.trust.scoring.votes import Flags, Floats, Votes

SOUND: Final = 0.5
DOUBTED: Final = 0.05
HELD_VOTES: Final = 50
HELD_TELLING: Final = 20
HONEST_SHARE: Final = 0.01
"""A hold needs so many votes and so many of them that tell (see `Agreement`), a reliability below
`DOUBTED`, and an LLR below that of all but this share of the `SOUND` raters: two signals, since low
agreement alone may be taste."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One figure an item: see docs/scoring.md."""

    score: Floats
    standard_error: Floats
    votes: npt.NDArray[np.int64]
    plain_mean: Floats


@dataclass(frozen=True, slots=True)
class Raters:
    """One figure a rater: see docs/scoring.md. NaN where a detector has nothing to go by."""

    votes: npt.NDArray[np.int64]
    bias: Floats
    inconsistency: Floats
    reliability: Floats
    llr: Floats
    correlation_z: Floats
    mode_share: Floats
    residual_sd: Floats
    pair_score: Floats


@dataclass(frozen=True, slots=True)
class Assessment:
    """The tables of one run, whose kudos wait for a second look, and what it all was made with."""

    scores: Scores
    raters: Raters
    held: Flags
    model: Model


def assess(votes: Votes) -> Assessment:
    """Recover the scores and judge the raters."""
    found = estimate(votes)
    raters = _raters(votes, found)
    return Assessment(_scores(votes, found), raters, _held(raters, found), found.model)


def _held(raters: Raters, found: Estimate) -> Flags:
    """Tell whose votes are doubted twice, by agreement and by the LLR."""
    enough = raters.votes >= HELD_VOTES
    sound = enough & (raters.reliability >= SOUND) & np.isfinite(raters.llr)
    if not sound.any():
        return np.zeros(len(raters.votes), bool)
    low = raters.llr < np.quantile(raters.llr[sound], HONEST_SHARE)
    shown = found.agreement.telling * found.agreement.contrast**2
    return enough & (shown >= HELD_TELLING) & (raters.reliability < DOUBTED) & low


def _scores(votes: Votes, found: Estimate) -> Scores:
    many = votes.by_item()
    with np.errstate(invalid="ignore"):
        mean = votes.by_item(votes.score) / many
    return Scores(found.score, found.error, many.astype(np.int64), mean)


def _raters(votes: Votes, found: Estimate) -> Raters:
    model = found.model
    spread = model.variance[votes.rater] * model.difficulty[votes.item] + found.uncertainty
    return Raters(
        votes=votes.by_rater().astype(np.int64),
        bias=model.bias,
        inconsistency=np.sqrt(model.variance),
        reliability=model.reliability,
        llr=log_likelihood_ratio(votes, found),
        correlation_z=detectors.correlation_z(votes, found),
        mode_share=detectors.mode_share(votes),
        residual_sd=detectors.residual_sd(votes, found),
        pair_score=pair_scores(votes, found.judged * found.deviation(votes) / np.sqrt(spread)),
    )
