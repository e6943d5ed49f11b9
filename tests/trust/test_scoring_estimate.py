"""Scores and raters from votes: against a slow reference, and what must hold for any votes."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.trust.scoring.assessing import Assessment, assess
from bot.trust.scoring.consensus import Sums
from bot.trust.scoring.estimate import estimate
from bot.trust.scoring.votes import Votes
from tests.trust.scoring_crowd import HIGH, LOW, crowd
from tests.trust.scoring_reference import Slow

ATTACKS = ("uniform", "fixed", "narrow", "opposite")


@st.composite
def some_votes(draw: st.DrawFn) -> Votes:
    cells = draw(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 30)), max_size=240))
    places = sorted(cells)
    scores = draw(st.lists(st.integers(1, 10), min_size=len(places), max_size=len(places)))
    rater, item = (np.array([cell[part] for cell in places], int) for part in (0, 1))
    return Votes.of(rater, item, np.array(scores, float), low=LOW, high=HIGH, raters=8, items=31)


def many_votes(seed: int) -> Votes:
    """A pool in which some raters stay below 20 votes and some images have one vote."""
    votes = crowd(seed, "uniform", raters=25, each=30).votes
    rng = np.random.default_rng(seed)
    keep = rng.random(len(votes)) < np.linspace(0.3, 1, votes.raters)[votes.rater]
    return Votes.of(
        votes.rater[keep], votes.item[keep], votes.score[keep],
        low=LOW, high=HIGH, raters=votes.raters, items=votes.items,
    )  # fmt: skip


@pytest.mark.parametrize(("seed", "groups"), [(1, 1), (2, 1), (3, 3)])
def test_it_is_what_the_formulas_say(seed: int, groups: int) -> None:
    votes = many_votes(seed)
    votes = replace(votes, group=np.arange(votes.items) % groups, groups=groups)
    found = estimate(votes)
    rows = zip(votes.rater.tolist(), votes.item.tolist(), votes.score.tolist(), strict=True)
    slow = Slow(list(rows), LOW, HIGH, dict(enumerate(votes.group.tolist()))).run()
    assert len(slow.reliability) == 25
    assert found.known.any()
    assert not found.known.all()
    for items, ours in ((slow.score, found.score), (slow.error, found.error)):
        assert ours[list(items)] == pytest.approx(list(items.values()), rel=1e-6)
    model = found.model
    for raters, ours in (
        (slow.bias, model.bias),
        (slow.variance, model.variance),
        (slow.reliability, model.reliability),
    ):
        assert ours[list(raters)] == pytest.approx(list(raters.values()), rel=1e-6, abs=1e-9)


def same(one: Assessment, two: Assessment) -> None:
    for ours, theirs in ((one.scores, two.scores), (one.raters, two.raters)):
        for name in ours.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)


@given(some_votes(), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_the_order_of_the_votes_changes_nothing(votes: Votes, random: Random) -> None:
    order = list(range(len(votes)))
    random.shuffle(order)
    mixed = Votes.of(
        votes.rater[order], votes.item[order], votes.score[order],
        low=LOW, high=HIGH, raters=8, items=31,
    )  # fmt: skip
    same(assess(votes), assess(mixed))


def test_the_numbers_of_raters_and_images_change_nothing() -> None:
    made = crowd(5, "uniform")
    votes = made.votes
    rng = np.random.default_rng(5)
    who, what = rng.permutation(votes.raters), rng.permutation(votes.items)
    mixed = Votes.of(
        who[votes.rater], what[votes.item], votes.score,
        low=LOW, high=HIGH, raters=votes.raters, items=votes.items,
    )  # fmt: skip
    one, two = assess(votes), assess(mixed)
    assert two.scores.score[what] == pytest.approx(one.scores.score, rel=1e-9)
    assert two.raters.reliability[who] == pytest.approx(one.raters.reliability, rel=1e-6)
    assert two.raters.llr[who] == pytest.approx(one.raters.llr, rel=1e-6, abs=1e-9)
    assert two.raters.pair_score[who] == pytest.approx(one.raters.pair_score, rel=1e-4)


@given(some_votes())
@settings(max_examples=60)
def test_every_figure_is_within_its_bounds(votes: Votes) -> None:
    found = assess(votes)
    scores, raters = found.scores, found.raters
    assert ((scores.score >= LOW) & (scores.score <= HIGH)).all()
    assert (np.isfinite(scores.standard_error) & (scores.standard_error > 0)).all()
    assert scores.votes.sum() == raters.votes.sum() == len(votes)
    assert (np.isnan(scores.plain_mean) == (scores.votes == 0)).all()
    assert ((raters.reliability > 0) & (raters.reliability <= 1)).all()
    assert np.isfinite(raters.bias).all()
    assert (raters.inconsistency > 0).all()
    for figure in (raters.llr, raters.correlation_z, raters.mode_share, raters.residual_sd):
        assert not np.isinf(figure).any()
        assert np.isnan(figure[raters.votes == 0]).all()
    assert (np.isfinite(raters.pair_score) & (raters.pair_score >= 0)).all()
    assert np.isfinite(raters.mode_share[raters.votes > 0]).all()


AGREED = Votes.of([0, 1, 2, 0, 1], [0, 0, 0, 1, 1], [3] * 5, low=LOW, high=HIGH, raters=8, items=31)


@example(AGREED, 0.01, -1e5)
@given(some_votes(), st.sampled_from([0.01, 3.0, 1e6]), st.sampled_from([-1e5, 0.0, 7.5]))
@settings(max_examples=30)
def test_the_scale_may_be_any(votes: Votes, factor: float, shift: float) -> None:
    other = Votes.of(
        votes.rater, votes.item, votes.score * factor + shift,
        low=LOW * factor + shift, high=HIGH * factor + shift, raters=8, items=31,
    )  # fmt: skip
    one, two = estimate(votes), estimate(other)
    width = factor * (HIGH - LOW)
    assert (two.score - shift) / factor == pytest.approx(one.score, abs=1e-3)
    assert two.error / width == pytest.approx(one.error / (HIGH - LOW), rel=1e-3)
    assert two.model.reliability == pytest.approx(one.model.reliability, abs=1e-3)


def test_a_rater_who_rates_higher_has_a_bias_and_moves_no_score() -> None:
    votes = crowd(7).votes
    inside = Votes.of(
        votes.rater, votes.item, votes.score, low=LOW - 5, high=HIGH + 5,
        raters=votes.raters, items=votes.items,
    )  # fmt: skip
    moved = replace(inside, score=inside.score + 3.0 * (inside.rater == 4))
    before, after = estimate(inside), estimate(moved)
    assert after.model.bias[4] - before.model.bias[4] == pytest.approx(3, abs=0.3)
    assert after.model.reliability[4] == pytest.approx(before.model.reliability[4], abs=0.02)
    assert after.score - before.score == pytest.approx(np.zeros(inside.items), abs=0.15)


@pytest.mark.parametrize("kind", ATTACKS)
def test_who_does_not_look_loses_his_weight(kind: str) -> None:
    made = crowd(11, kind)
    found = estimate(made.votes)
    weight, trust = found.model.weight, found.model.reliability
    assert weight[made.bad].max() < np.quantile(weight[~made.bad], 0.05)
    assert trust[made.bad].max() < 0.5 < np.median(trust[~made.bad])
    mean = made.votes.by_item(made.votes.score) / made.votes.by_item()
    assert rmse(found.score, made.truth) < 0.8 * rmse(mean, made.truth)


def test_honest_raters_keep_theirs() -> None:
    made = crowd(12)
    found = estimate(made.votes)
    assert found.model.reliability.min() > 0.5
    mean = made.votes.by_item(made.votes.score) / made.votes.by_item()
    assert rmse(found.score, made.truth) < 0.9 * rmse(mean, made.truth)


def test_the_standard_error_is_the_size_of_the_error() -> None:
    made = crowd(13, "uniform", raters=200)
    found = estimate(made.votes)
    off = (found.score - made.truth) / found.error
    assert off.std() == pytest.approx(1, abs=0.15)


def test_below_20_votes_nobody_is_judged() -> None:
    votes = crowd(14, "fixed", each=19).votes
    few = votes.by_rater() < 20
    found = estimate(votes)
    assert few.any()
    assert len(set(found.model.reliability[few].tolist())) == 1
    assert len(set(found.model.weight[few].tolist())) == 1
    assert not assess(votes).held[few].any()


def test_images_on_which_raters_disagree_are_less_certain() -> None:
    made = crowd(15, raters=80)
    rng = np.random.default_rng(15)
    hard = np.arange(made.votes.items) % 2 == 0
    loud = made.votes.score + hard[made.votes.item] * rng.normal(0, 3, len(made.votes))
    votes = replace(made.votes, score=np.clip(np.rint(loud), LOW, HIGH))
    found = estimate(votes)
    assert found.model.difficulty[hard].mean() > 1.4 * found.model.difficulty[~hard].mean()
    assert np.median(found.error[hard]) > 1.15 * np.median(found.error[~hard])


@given(st.integers(0, 3), st.integers(0, 719))
@settings(max_examples=20)
def test_one_more_vote_that_agrees_makes_an_image_no_less_certain(seed: int, image: int) -> None:
    votes = crowd(seed).votes
    found = estimate(votes)
    here = votes.item == image
    rater = int(np.setdiff1d(np.flatnonzero(found.known), votes.rater[here])[0])
    agreed = float(found.score[image]) + float(found.model.bias[rater])
    more = Votes.of(
        np.append(votes.rater, rater), np.append(votes.item, image),
        np.append(votes.score, np.clip(agreed, LOW, HIGH)),
        low=LOW, high=HIGH, raters=votes.raters, items=votes.items,
    )  # fmt: skip
    assert estimate(more).error[image] < found.error[image] * 1.001
    _, variance = Sums.of(more, found.model).combined(more, found.model)
    assert np.sqrt(variance[image]) < found.error[image]


@pytest.mark.parametrize(
    ("rater", "item", "score"),
    [
        ([], [], []),
        ([0], [0], [5]),
        ([0] * 80, range(80), [1, 40] * 40),
        (range(40), [0] * 40, [10] * 40),
        (list(range(30)) * 30, np.repeat(range(30), 30), [7] * 900),
        ([3, 3, 9], [8, 8, 8], [1, 40, 40]),
    ],
    ids=["none", "one vote", "one rater", "one image", "all the same", "repeated"],
)
def test_little_to_go_by_is_no_fault(rater: list[int], item: list[int], score: list[int]) -> None:
    votes = Votes.of(rater, item, score, low=1, high=40)
    found = assess(votes)
    assert ((found.scores.score >= 1) & (found.scores.score <= 40)).all()
    assert np.isfinite(found.scores.standard_error).all()
    assert not found.held.any()


@pytest.mark.parametrize("each", [1, 200])
@pytest.mark.parametrize("width", [5.0, 9.0])
def test_where_no_image_has_two_votes_the_scale_says_how_sure_a_score_is(
    each: int, width: float
) -> None:
    """Nothing tells the noise, and an error of almost nothing would be a lie."""
    rng = np.random.default_rng(each)
    number = 5 * each
    scores = np.rint(rng.uniform(0, width, number))
    found = estimate(
        Votes.of(np.arange(number) % 5, np.arange(number), scores, low=0, high=width, raters=5)
    )
    assert np.all(found.error > 0.1 * width)
    assert np.all(found.error < 1 / 7 * width), "one vote tells something"
    assert np.all(np.abs(found.score - scores.mean()) <= np.abs(scores - scores.mean()))


def test_two_votes_that_happen_to_agree_are_not_certain() -> None:
    found = estimate(Votes.of([0, 1], [0, 0], np.array([9.0, 9.0]), low=1, high=10))
    assert found.error > 0.8


def test_votes_that_agree_entirely_are_the_score() -> None:
    rater, item = np.divmod(np.arange(900), 30)
    found = assess(Votes.of(rater, item, 1.0 + item % 10, low=1, high=10))
    assert found.scores.score == pytest.approx(1.0 + np.arange(30) % 10, abs=0.01)
    assert found.raters.reliability.min() > 0.9


def test_repeated_votes_are_one_their_mean() -> None:
    votes = Votes.of([0, 1, 0, 0], [0, 0, 0, 1], [2, 5, 4, 1], low=1, high=5)
    assert votes.score.tolist() == [3, 5, 1]
    assert votes.rater.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("scores", "low", "high"),
    [([0], 1, 5), ([6], 1, 5), ([float("nan")], 1, 5), ([1], 5, 5), ([1], 1, float("inf"))],
)
def test_scores_out_of_range_are_refused(scores: list[float], low: float, high: float) -> None:
    with pytest.raises(ValueError, match="must"):
        Votes.of([0], [0], scores, low=low, high=high)


def rmse(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.sqrt(np.mean((one - two) ** 2)))


def test_scores_stay_on_the_scale() -> None:
    rater, item = np.divmod(np.arange(20 * 100), 100)
    truth = np.arange(100) % 10 + 1.0
    strict = np.where(rater < 5, truth[item] - 3, truth[item]).clip(LOW, HIGH)
    keep = (item % 10 != 9) | (rater < 5)
    best = np.where(item % 10 == 9, HIGH, strict)
    found = estimate(Votes.of(rater[keep], item[keep], best[keep], low=LOW, high=HIGH))
    assert found.model.bias[:5].max() < -1
    assert found.score.max() == HIGH


def test_the_order_of_repeated_votes_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(9)
    means = {
        float(Votes.of([0] * 9, [0] * 9, rng.permutation(scores), low=0, high=1).score[0])
        for _ in range(20)
    }
    assert len(means) == 1


def test_groups_that_differ_pull_no_score_to_each_other() -> None:
    rng = np.random.default_rng(11)
    made = [crowd(seed, raters=60, each=60) for seed in (11, 12)]
    one, two = (each.votes for each in made)
    worse = np.clip(two.score - 3, LOW, HIGH)  # other raters, on images that are less liked
    rater, item = np.append(one.rater, two.rater + 60), np.append(one.item, two.item + one.items)
    score, group = np.append(one.score, worse), np.repeat([0, 1], [one.items, two.items])
    order = rng.permutation(len(score))
    votes = Votes.of(
        rater[order], item[order], score[order], low=LOW, high=HIGH, group=group
    )  # fmt: skip
    found, common = estimate(votes), estimate(replace(votes, group=group * 0, groups=1))
    truth = np.append(made[0].truth, np.clip(made[1].truth - 3, LOW, HIGH))
    for kind in (0, 1):
        here = group == kind
        assert abs((found.score - truth)[here].mean()) < 0.2
        assert abs((common.score - truth)[here].mean()) > 0.5
        alone = estimate(one if kind == 0 else replace(two, score=worse))
        assert np.abs(found.score[here] - alone.score).mean() < 0.1


def test_every_item_has_a_group() -> None:
    with pytest.raises(ValueError, match="group"):
        Votes.of([0], [1], [3], low=LOW, high=HIGH, group=[0])
