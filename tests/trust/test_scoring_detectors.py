"""Each detector finds what it is for, and is the figure that its formula says."""

from __future__ import annotations

from itertools import combinations
from random import Random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trust.scoring import dependence, pairs
from bot.trust.scoring.assessing import Raters, assess
from bot.trust.scoring.detectors import longest_run, mode_share
from bot.trust.scoring.estimate import estimate
from bot.trust.scoring.votes import Flags, Floats, Votes
from tests.trust.scoring_crowd import HIGH, LOW, crowd


def auc(figure: Floats, bad: Flags) -> float:
    """How often a bad rater's figure is above an honest one's; ties count half."""
    above = figure[bad][:, None] - figure[~bad][None, :]
    return float((above > 0).mean() + (above == 0).mean() / 2)


def found(kind: str, seed: int = 21) -> tuple[Raters, Flags]:
    made = crowd(seed, kind)
    return assess(made.votes).raters, made.bad


def test_the_llr_and_the_correlation_find_who_does_not_look() -> None:
    raters, bad = found("uniform")
    assert auc(-raters.llr, bad) > 0.98
    assert auc(-raters.correlation_z, bad) > 0.98
    assert raters.llr[bad].max() < 0 < np.median(raters.llr[~bad])
    assert auc(-found("narrow")[0].correlation_z, found("narrow")[1]) > 0.98


def test_the_mode_finds_one_button() -> None:
    raters, bad = found("fixed")
    assert auc(raters.mode_share, bad) == 1
    assert set(raters.mode_share[bad].tolist()) == {1.0}


def test_the_residual_finds_copies() -> None:
    made = crowd(22)
    votes = made.votes
    copied = np.rint(made.truth[votes.item]).clip(LOW, HIGH)
    copies = votes.rater < 5
    votes = Votes.of(
        votes.rater, votes.item, np.where(copies, copied, votes.score), low=LOW, high=HIGH
    )
    raters = assess(votes).raters
    assert raters.residual_sd[:5].max() < np.delete(raters.residual_sd, range(5)).min()


def test_the_pairs_find_a_group() -> None:
    made = crowd(23)
    votes, score = made.votes, made.votes.score.copy()
    rng = np.random.default_rng(23)
    rater = votes.rater.copy()
    for image in rng.permutation(votes.items)[:40]:
        here = np.flatnonzero(votes.item == image)
        members = rng.permutation(8)[:3]
        others = np.setdiff1d(np.arange(8, 60), rater[here])
        rater[here] = np.concatenate([members, others[: len(here) - 3]])
        score[here[:3]] = HIGH
    raters = assess(Votes.of(rater, votes.item, score, low=LOW, high=HIGH)).raters
    assert auc(raters.pair_score, np.arange(60) < 8) > 0.95


def test_who_is_held_is_doubted_twice() -> None:
    made = crowd(24, "uniform", raters=120, each=100)
    found = assess(made.votes)
    raters, held = found.raters, found.held
    assert held[made.bad].mean() > 0.9
    assert held[~made.bad].mean() < 0.02
    assert raters.reliability[held].max() < 0.05
    assert raters.llr[held].max() < np.quantile(raters.llr[~made.bad], 0.05)
    assert raters.votes[held].min() >= 50


def test_nobody_is_held_below_50_votes() -> None:
    made = crowd(24, "uniform", raters=120, each=40)
    found = assess(made.votes)
    assert found.raters.reliability[made.bad].min() < 0.1
    assert not found.held[found.raters.votes < 50].any()


def test_a_rater_whom_nobody_else_met_keeps_nobody_from_being_held() -> None:
    votes = crowd(24, "uniform", raters=120, each=100).votes
    alone = np.arange(votes.items, votes.items + 60)
    more = Votes.of(
        np.append(votes.rater, np.full(60, 120)), np.append(votes.item, alone),
        np.append(votes.score, np.full(60, 5)), low=LOW, high=HIGH,
    )  # fmt: skip
    found = assess(more)
    assert np.isnan(found.raters.llr[120])
    assert found.held.sum() == assess(votes).held.sum() > 0
    assert not found.held[120]


def test_the_llr_is_its_formula() -> None:
    votes = crowd(25, "uniform", raters=25, each=30).votes
    estimated = estimate(votes)
    level, trust = votes.level(), estimated.model.reliability
    edges = np.quantile(estimated.expected, np.arange(1, 10) / 10)
    group = np.array([int((edges <= expected).sum()) for expected in estimated.expected])
    table = np.zeros((10, 10))
    for vote in range(len(votes)):
        table[group[vote], level[vote]] += trust[votes.rater[vote]]
    usual = (table.sum(0) + 1e-3) / (table.sum() + 1e-2)
    given_group = table + 10 * usual
    given_group /= given_group.sum(1)[:, None]
    size = np.log(estimated.model.variance) / 2
    weight = estimated.known * trust * np.bincount(votes.rater)
    mean = np.average(size, weights=weight)
    width = np.sqrt(np.average((size - mean) ** 2, weights=weight))
    wanted = []
    for rater in range(votes.raters):
        own = np.flatnonzero(votes.rater == rater)
        pressed = (np.bincount(level[own], minlength=10) + 2 * usual) / (len(own) + 2)
        groups = np.bincount(group[own], minlength=10) + 2 * table.sum(1) / table.sum()
        crowd_like = groups @ given_group / (len(own) + 2)
        total = 0.0
        for vote in own.tolist():
            tilted = given_group[group[vote]] * pressed / crowd_like
            total += np.log(tilted[level[vote]] / tilted.sum() / pressed[level[vote]])
        far = max(size[rater] - mean, 0) / width
        once = np.log(5) - far**2 * (1 - 1 / 25) / 2
        wanted.append((total + once * estimated.known[rater]) / len(own))
    ours = dependence.log_likelihood_ratio(votes, estimated)
    assert ours == pytest.approx(wanted, rel=1e-9)


def test_the_llr_is_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    votes = crowd(26, "uniform").votes
    estimated = estimate(votes)
    whole = dependence.log_likelihood_ratio(votes, estimated)
    monkeypatch.setattr(dependence, "BLOCK_RATERS", 7)
    assert dependence.log_likelihood_ratio(votes, estimated) == pytest.approx(whole)


def slow_pairs(votes: Votes, deviation: Floats) -> list[float]:
    table = np.zeros((votes.raters, votes.items))
    table[votes.rater, votes.item] = deviation
    partners: list[list[float]] = [[] for _ in range(votes.raters)]
    for one, two in combinations(range(votes.raters), 2):
        product = max(float(table[one] @ table[two]), 0.0)
        partners[one].append(product)
        partners[two].append(product)
    return [sum(sorted(each)[-3:]) / 3 for each in partners]


@pytest.mark.parametrize(
    ("most_products", "block"), [(2**34, 2**22), (2**34, 300), (0, 1)], ids=["all", "blocks", "few"]
)
def test_pair_scores_are_their_formula(
    monkeypatch: pytest.MonkeyPatch, most_products: int, block: int
) -> None:
    votes = crowd(27).votes
    deviation = np.random.default_rng(27).normal(0, 1, len(votes))
    monkeypatch.setattr(pairs, "MOST_PRODUCTS", most_products)
    monkeypatch.setattr(pairs, "BLOCK_CELLS", block)
    ours = pairs.pair_scores(votes, deviation)
    assert ours == pytest.approx(slow_pairs(votes, deviation), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("most_products", [2**34, 0])
def test_partners_who_are_equally_close_all_count(
    monkeypatch: pytest.MonkeyPatch, most_products: int
) -> None:
    rater, item = np.divmod(np.arange(5 * 4), 4)
    votes = Votes.of(rater, item, np.full(20, 5), low=LOW, high=HIGH)
    monkeypatch.setattr(pairs, "MOST_PRODUCTS", most_products)
    assert pairs.pair_scores(votes, np.ones(20)).tolist() == pytest.approx([4] * 5)


def test_of_much_judged_images_some_votes_are_paired(monkeypatch: pytest.MonkeyPatch) -> None:
    rater, item = np.divmod(np.arange(100 * 20), 20)
    votes = Votes.of(rater, item, np.full(2000, 5), low=LOW, high=HIGH)
    monkeypatch.setattr(pairs, "MOST_PRODUCTS", 0)
    scores = pairs.pair_scores(votes, np.ones(2000))
    assert ((scores > 0) & (scores <= 20)).all()
    assert np.ptp(scores) < 10


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(0, 50)), max_size=60),
    st.randoms(use_true_random=False),
)
def test_the_longest_run_is_found(rows: list[tuple[int, int, int]], random: Random) -> None:
    wanted = [0] * 4
    for rater in range(4):
        run, last = 0, None
        for _, score in sorted((when, score) for each, score, when in rows if each == rater):
            run = run + 1 if score == last else 1
            last, wanted[rater] = score, max(wanted[rater], run)
    random.shuffle(rows)
    who, scores, when = np.array(rows, int).reshape(-1, 3).T
    assert longest_run(who, scores, when, 4).tolist() == wanted


def test_a_fine_scale_is_cut_into_steps() -> None:
    votes = Votes.of([0] * 4, range(4), [0, 0.2, 99, 100], low=0, high=100)
    assert votes.levels == 11
    assert votes.level().tolist() == [0, 0, 10, 10]
    assert mode_share(votes).tolist() == [0.5]


@pytest.mark.parametrize(("low", "high", "levels"), [(1, 10, 10), (0, 5, 6), (0, 1, 2), (1, 7, 7)])
def test_buttons_are_told_apart(low: int, high: int, levels: int) -> None:
    scores: npt.NDArray[np.int64] = np.arange(low, high + 1)
    votes = Votes.of([0] * levels, range(levels), scores, low=low, high=high)
    assert votes.levels == levels
    assert votes.level().tolist() == list(range(levels))
