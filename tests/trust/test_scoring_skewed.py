"""A scale on which most images are alike: flaws, which most images do not have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from bot.trust.scoring.assessing import Assessment, assess
from bot.trust.scoring.votes import Flags, Floats, Votes

RATERS, PANEL = 300, 5
SEEDS = (0, 1)


@dataclass(frozen=True)
class Flaws:
    """Votes, what a large honest crowd says on average, who attacks, who sees but gross flaws."""

    votes: Votes
    truth: Floats
    bad: Flags
    lenient: Flags


def flaws(seed: int, flawed: float, each: int, attack: str = "none", share: float = 0.2) -> Flaws:
    """Let a share of the images be flawed, and three raters of ten see but the gross flaws."""
    rng = np.random.default_rng(seed)
    images = RATERS * each // PANEL
    rater = np.concatenate([rng.permutation(RATERS)[:PANEL] for _ in range(images)])
    item = np.repeat(np.arange(images), PANEL)
    severity = np.where(
        rng.random(images) < flawed, rng.uniform(1, 5, images), rng.uniform(-0.6, 0.4, images)
    )
    lenient = rng.random(RATERS) < 0.3
    least = np.where(lenient, rng.uniform(1, 2.5, RATERS), rng.uniform(-0.3, 0.5, RATERS))
    noise = rng.uniform(0.3, 0.8, RATERS)
    seen = severity[item] - least[rater] + rng.normal(0, 1, len(item)) * noise[rater]
    honest = np.clip(np.rint(seen), 0, 5)
    some = rng.integers(0, RATERS, (images, 200))
    theirs = severity[:, None] - least[some] + rng.normal(0, 1, some.shape) * noise[some]
    bad = np.zeros(RATERS, bool)
    bad[rng.permutation(RATERS)[: round(share * RATERS)]] = attack != "none"
    false = {
        "none": honest,
        "zero": np.zeros(len(honest)),
        "uniform": rng.integers(0, 6, len(honest)).astype(float),
        "shuffled": rng.permutation(honest),
    }[attack]
    score = np.where(bad[rater], false, honest)
    votes = Votes.of(rater, item, score, low=0, high=5, raters=RATERS, items=images)
    return Flaws(votes, np.clip(np.rint(theirs), 0, 5).mean(1), bad, lenient & ~bad)


def rmse(one: Floats, two: Floats) -> float:
    return float(np.sqrt(np.mean((one - two) ** 2)))


@cache
def judged(flawed: float, each: int, attack: str = "none") -> list[tuple[Flaws, Assessment]]:
    made = [flaws(seed, flawed, each, attack) for seed in SEEDS]
    return [(one, assess(one.votes)) for one in made]


@pytest.mark.parametrize("attack", ["none", "zero", "uniform", "shuffled"])
@pytest.mark.parametrize("flawed", [0.02, 0.05, 0.1, 0.25])
def test_honest_raters_who_nearly_always_press_0_are_not_held(flawed: float, attack: str) -> None:
    held = [found.held[~one.bad].mean() for one, found in judged(flawed, 50, attack)]
    assert np.mean(held) <= 0.005


def test_who_saw_nothing_but_flawless_images_is_not_doubted_for_pressing_0() -> None:
    made = flaws(1, 0.25, 50)
    flawless, flawed = np.flatnonzero(made.truth < 0.1), np.flatnonzero(made.truth > 1)
    for images, sound in ((flawless[:60], True), (np.append(flawless[:30], flawed[:30]), False)):
        more = Votes.of(
            np.append(made.votes.rater, np.full(60, RATERS)),
            np.append(made.votes.item, images),
            np.append(made.votes.score, np.zeros(60)),
            low=0, high=5,
        )  # fmt: skip
        found = assess(more)
        assert bool(found.raters.reliability[RATERS] > 0.5) is sound
        assert bool(found.held[RATERS]) is not sound


@pytest.mark.parametrize(("attack", "least"), [("none", 3), ("zero", 20), ("uniform", 60)])
@pytest.mark.parametrize("flawed", [0.1, 0.25, 0.5])
def test_scores_are_nearer_to_the_truth_than_the_mean(
    flawed: float, attack: str, least: float
) -> None:
    pairs = judged(flawed, 50, attack)
    ours = np.mean([rmse(found.scores.score, one.truth) for one, found in pairs])
    mean = np.mean([rmse(found.scores.plain_mean, one.truth) for one, found in pairs])
    assert 100 * (1 - ours / mean) >= (least if flawed < 0.5 or attack == "none" else 40)


def test_the_few_flawed_images_are_not_pulled_to_the_flawless_ones() -> None:
    for one, found in judged(0.1, 50):
        grave = one.truth > 1.5
        assert (found.scores.score - one.truth)[grave].mean() > -0.5


def test_who_presses_0_without_looking_loses_weight_where_flaws_are_to_be_seen() -> None:
    for one, found in judged(0.25, 100, "zero"):
        assert found.raters.reliability[one.bad].max() < 0.05
        assert found.held[one.bad].mean() > 0.9
        assert (found.raters.reliability[~one.bad] < 0.5).mean() < 0.01
