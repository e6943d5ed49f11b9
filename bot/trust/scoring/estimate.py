"""The gated EM: scores of images, and bias, inconsistency and reliability of raters.

Li and Bampis (2017, "Recover Subjective Quality Scores from Noisy Measurements", DCC; the library
SUREAL) model a vote as the image's score, the rater's bias and noise of the rater's own variance.
Taken bare, that trusts a steady hand: who always presses the same button has the least variance.
Here the weight is gated by the probability that the rater's votes depend on the images at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bot.trust.scoring.agreement import Agreement, Judged
from bot.trust.scoring.consensus import Model, Sums
from bot.trust.scoring.difficulty import difficulties
from bot.trust.scoring.honesty import Crowd
from bot.trust.scoring.votes import Flags, Floats, Votes

ROUNDS: Final = 8

LEAST_VOTES: Final = 20
"""With fewer votes a rater is taken as the crowd is: he is not judged by chance. With fewer votes
in all on items that somebody else judged, nothing tells how far votes and items lie apart."""

BIAS_SHRINKAGE: Final = 2
"""Votes without bias that a rater begins with."""

VARIANCE_SHRINKAGE: Final = 8
"""Votes of the typical variance that a rater begins with."""

CENTRE_SHRINKAGE: Final = 20
"""Votes at the common centre that each group's centre begins with."""

LEAST_TRUST: Final = 0.001
"""What an unreliable rater still counts, so that an image judged by such alone has a score."""

FIRST_NOISE, FIRST_SPREAD = 1 / 4.5, 1 / 7
"""Standard deviations of a vote and of the images where nothing tells, in widths of the scale:
those of the London faces, rounded."""

LEAST_VARIANCE: Final = 1e-4
"""Of a rater, as a share of the scale's width squared."""

LEAST_BETWEEN: Final = 1e-3
"""Of the items' scores, as a share of the scale's width squared."""

ROUNDING: Final = 1e-9
"""Figures that differ by no more, relatively, are taken as equal."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the votes say; `score` is cut to the scale, `error` is its standard error.

    For each vote `expected` is what the others on the item let expect of it and `uncertainty`
    the variance of that; `judged` marks the votes on items that somebody else judged, `known` the
    raters with at least 20 of them. `agreement` tells how each rater's votes follow them.
    """

    score: Floats
    error: Floats
    model: Model
    expected: Floats
    uncertainty: Floats
    judged: Flags
    known: Flags
    agreement: Agreement

    def deviation(self, votes: Votes) -> Floats:
        """Return each vote's difference from what its rater's bias and the others let expect."""
        return votes.score - self.model.bias[votes.rater] - self.expected


def estimate(votes: Votes) -> Estimate:
    """Recover scores and raters from votes; the same for the same votes in any order."""
    judged = Judged.of(votes)
    known = judged.many >= LEAST_VOTES
    model = _first(votes)
    sums = Sums.of(votes, model)
    if len(votes):
        for _ in range(ROUNDS):
            model, sums = _better(model, sums, judged, known)
    score, variance = sums.combined(votes, model)
    expected, uncertainty = sums.without_own(votes, model)
    return Estimate(
        np.clip(score, votes.low, votes.high), np.sqrt(variance), model, expected, uncertainty,
        judged.flags, known, Agreement.of(judged, expected, _noise(model, judged)),
    )  # fmt: skip


def weighted_median(values: Floats, weights: Floats) -> float:
    """Return the least value at which half of the weight is reached."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    half = reached[-1] / 2 * (1 - ROUNDING)
    return float(values[order][np.searchsorted(reached, half)])


def _first(votes: Votes) -> Model:
    """Return the model of equal raters: the variance within and between the items."""
    width = (votes.high - votes.low) ** 2
    many = votes.by_item()
    mean = votes.by_item(votes.score) / np.maximum(many, 1.0)
    total = float(votes.score.var()) if len(votes) else 0.0
    freedom = float(np.maximum(many - 1, 0.0).sum())
    square = float(((votes.score - mean[votes.item]) ** 2).sum())
    within = max(square / freedom, LEAST_VARIANCE * width) if freedom else FIRST_NOISE**2 * width
    return Model(
        bias=np.zeros(votes.raters),
        variance=np.full(votes.raters, within),
        reliability=np.ones(votes.raters),
        weight=np.full(votes.raters, 1 / within),
        difficulty=np.ones(votes.items),
        centre=_centres(votes, votes.score, np.ones(len(votes))),
        between=max(total - within, LEAST_BETWEEN * width),
    )


def _better(model: Model, sums: Sums, judged: Judged, known: Flags) -> tuple[Model, Sums]:
    """Return the model and sums after a round: raters by the images, then images by the raters."""
    votes, many = judged.votes, judged.many
    expected, uncertainty = sums.without_own(votes, model)
    found = Agreement.of(judged, expected, _noise(model, judged))
    crowd = Crowd.fit(found.z[known], found.error[known], found.contrast[known])
    honest = crowd.reliability(found.z, found.error, found.contrast)
    trust = np.where(known, honest, crowd.honest)
    sure = judged.flags / model.difficulty[votes.item]
    off = votes.score - expected
    bias = votes.by_rater(sure * off) / (votes.by_rater(sure) + BIAS_SHRINKAGE)
    bias -= (trust * many * bias).sum() / max((trust * many).sum(), 1.0)
    square = (off - bias[votes.rater]) ** 2 - uncertainty
    variance, typical = _variances(votes, votes.by_rater(sure * square), many, trust)
    variance = np.where(known, variance, typical)
    weight = (trust + LEAST_TRUST) / np.maximum(variance, _middle(variance, trust * many))
    model = replace(model, bias=bias, variance=variance, reliability=trust, weight=weight)
    sums = Sums.of(votes, model)
    return _images(model, sums, judged), sums


def _noise(model: Model, judged: Judged) -> float:
    """Return the mean variance of the votes of reliable raters."""
    weight = model.reliability * judged.many
    return float((weight * model.variance).sum() / max(weight.sum(), 1.0))


def _variances(votes: Votes, squares: Floats, many: Floats, trust: Floats) -> tuple[Floats, float]:
    """Return each rater's variance, shrunk to the typical one, and that one."""
    width = (votes.high - votes.low) ** 2
    least = LEAST_VARIANCE * width
    if many.sum() < LEAST_VOTES:
        typical = FIRST_NOISE**2 * width
    else:
        typical = max(float((trust * squares).sum() / max((trust * many).sum(), 1.0)), least)
    shrunk = (squares + VARIANCE_SHRINKAGE * typical) / (many + VARIANCE_SHRINKAGE)
    return np.maximum(shrunk, least), typical


def _middle(variance: Floats, weight: Floats) -> float:
    """Return the variance below which a steadier hand earns no more weight."""
    return weighted_median(variance, weight) if weight.any() else float(variance.mean())


def _centres(votes: Votes, score: Floats, trust: Floats) -> Floats:
    """Return each group's centre: the mean of its votes, shrunk to that of all trusted ones."""
    if not len(votes):
        return np.full(votes.groups, (votes.low + votes.high) / 2)
    total, many = votes.by_group(trust * score), votes.by_group(trust)
    common = total.sum() / many.sum()
    centre: Floats = (total + CENTRE_SHRINKAGE * common) / (many + CENTRE_SHRINKAGE)
    return centre


def _images(model: Model, sums: Sums, judged: Judged) -> Model:
    """Return the model with centres, spread and difficulty of the images as the raters see them."""
    votes = judged.votes
    trust = model.reliability[votes.rater]
    centre = _centres(votes, sums.vote, trust)
    used = (model.reliability + LEAST_TRUST) / model.weight
    difficulty = difficulties(votes, sums, judged.flags * trust, used[votes.rater])
    width = (votes.high - votes.low) ** 2
    if judged.many.sum() < LEAST_VOTES:
        between = FIRST_SPREAD**2 * width
    else:
        between = max(_between(sums, centre[votes.group], difficulty), LEAST_BETWEEN * width)
    return replace(model, centre=centre, between=between, difficulty=difficulty)


def _between(sums: Sums, centre: Floats, difficulty: Floats) -> float:
    """Return the variance of the items' scores around their centres, where difficulty is 1.

    Only items that are judged with at least the median weight tell it. That is the raters' weight
    alone: were it less where raters disagree, the items that they disagree on would not tell, and
    on a scale where most items are flawless these are all that are not.
    """
    weight = sums.item_weight[sums.item_weight > 0]
    clear = sums.item_weight >= np.median(weight) * (1 - ROUNDING)
    weight, hard = sums.item_weight[clear], difficulty[clear]
    square = (sums.item_vote[clear] / weight - centre[clear]) ** 2 - hard / weight
    return float(square.sum() / hard.sum())
