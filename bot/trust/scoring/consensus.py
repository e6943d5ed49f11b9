"""What the votes of an image say: together, and without each one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from bot.trust.scoring.votes import Floats, Votes


@dataclass(frozen=True, slots=True)
class Model:
    """What is believed of raters and images; variances in points of the scale, squared.

    For each rater `bias` (points above the others), `variance`, `reliability` (posterior
    probability to be honest) and `weight` (1 / points squared); for each item `difficulty`, the
    factor by which its votes vary more than others (1 on average). An item is N(its group's
    `centre`, `between` * `difficulty`) before anybody votes.
    """

    bias: Floats
    variance: Floats
    reliability: Floats
    weight: Floats
    difficulty: Floats
    centre: Floats
    between: float


@dataclass(frozen=True, slots=True)
class Sums:
    """Each vote without its rater's bias and its weight, and their sums for each item."""

    vote: Floats
    weight: Floats
    item_vote: Floats
    item_weight: Floats

    @classmethod
    def of(cls, votes: Votes, model: Model) -> Self:
        """Weigh the votes as the model does."""
        vote = votes.score - model.bias[votes.rater]
        weight = model.weight[votes.rater]
        return cls(vote, weight, votes.by_item(weight * vote), votes.by_item(weight))

    def combined(self, votes: Votes, model: Model) -> tuple[Floats, Floats]:
        """Return each item's score and its variance, shrunk to the centre (posterior mean).

        Where raters disagree more, the item itself may lie further from the centre, too: difficulty
        is in both variances, and so in the score's variance alone (normal-inverse-gamma prior).
        """
        precision = self.item_weight + 1 / model.between
        score = (self.item_vote + model.centre[votes.group] / model.between) / precision
        return score, model.difficulty / precision

    def without_own(self, votes: Votes, model: Model) -> tuple[Floats, Floats]:
        """Return what the other votes on the item let expect of each vote, and its variance."""
        weight = np.maximum(self.item_weight[votes.item] - self.weight, 0.0)
        precision = weight + 1 / model.between
        prior = model.centre[votes.group] / model.between
        total = (self.item_vote + prior)[votes.item] - self.weight * self.vote
        return total / precision, model.difficulty[votes.item] / precision
