"""A made-up crowd of raters, a share of whom does not look at the images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.trust.scoring.votes import Flags, Floats, Votes

LOW, HIGH = 1, 10


@dataclass(frozen=True, slots=True)
class Crowd:
    """Votes, the images' true scores, and who of the raters does not look."""

    votes: Votes
    truth: Floats
    bad: Flags


def crowd(
    seed: int,
    kind: str = "none",
    *,
    raters: int = 60,
    each: int = 60,
    panel: int = 5,
    share: float = 0.25,
) -> Crowd:
    """Let every rater judge about `each` images, `panel` raters an image, in random order."""
    rng = np.random.default_rng(seed)
    images = raters * each // panel
    rater = np.concatenate([rng.permutation(raters)[:panel] for _ in range(images)])
    item = np.repeat(np.arange(images), panel)
    truth = rng.normal(5.5, 1.6, images).clip(LOW, HIGH)
    bias, noise = rng.normal(0, 0.7, raters), rng.uniform(0.8, 1.6, raters)
    honest = truth[item] + bias[rater] + rng.normal(0, 1, len(item)) * noise[rater]
    bad = np.zeros(raters, bool)
    bad[rng.permutation(raters)[: round(share * raters)]] = kind != "none"
    fake = attack(rng, kind, honest, rater, raters)
    score = np.clip(np.rint(np.where(bad[rater], fake, honest)), LOW, HIGH)
    votes = Votes.of(rater, item, score, low=LOW, high=HIGH, raters=raters, items=images)
    return Crowd(votes, truth, bad)


def attack(
    rng: np.random.Generator, kind: str, honest: Floats, rater: npt.NDArray[np.int64], raters: int
) -> Floats:
    """Return the votes that would be given without looking."""
    uniform = rng.integers(LOW, HIGH + 1, len(honest)).astype(float)
    match kind:
        case "uniform":
            return uniform
        case "fixed":
            return rng.integers(LOW, HIGH + 1, raters)[rater].astype(float)
        case "narrow":
            return (
                rng.integers(LOW, HIGH - 1, raters)[rater] + rng.integers(0, 3, len(honest)) * 1.0
            )
        case "opposite":
            return LOW + HIGH - honest
        case _:
            return honest
