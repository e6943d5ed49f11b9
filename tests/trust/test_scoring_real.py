"""Real votes: 150 raters of 102 faces, and a laboratory's panel where it is there."""

from __future__ import annotations

import numpy as np
import pytest

from bot.trust.scoring.assessing import assess
from tests.bench._sparse_pool import auc, dense_panel, load, rmse, sample, sparse_pool

EACH = 100


def test_scores_of_an_honest_crowd_are_nearer_to_the_truth_than_the_mean() -> None:
    pool = sparse_pool(sample(), 1, EACH, "none", 0)
    found = assess(pool.votes)
    assert pool.gain(found.scores.score) > 25
    off = (found.scores.score - pool.truth) / found.scores.standard_error
    assert off.std() == pytest.approx(1, abs=0.15)
    assert found.held.mean() <= 0.02


@pytest.mark.parametrize("kind", ["uniform", "fixed", "narrow", "50 % spam"])
@pytest.mark.parametrize("share", [0.1, 0.4])
def test_attackers_never_make_them_worse_than_the_mean(kind: str, share: float) -> None:
    pool = sparse_pool(sample(), 2, EACH, kind, share)
    assert pool.gain(assess(pool.votes).scores.score) > 15


def test_attackers_are_found() -> None:
    uniform, fixed, narrow, copy = (
        (pool, assess(pool.votes).raters)
        for pool in (
            sparse_pool(sample(), 3, EACH, kind, 0.2)
            for kind in ("uniform", "fixed", "narrow", "copy")
        )
    )
    assert auc(-uniform[1].llr, uniform[0].bad) > 0.97
    assert auc(fixed[1].mode_share, fixed[0].bad) > 0.98
    assert auc(-narrow[1].correlation_z, narrow[0].bad) > 0.95
    assert auc(-copy[1].residual_sd, copy[0].bad) > 0.85


@pytest.mark.parametrize(("name", "most"), [("nflx", 0.15), ("vqeghd3", 0.15)])
def test_a_dense_panel_needs_no_other_rule(name: str, most: float) -> None:
    study = load(name, 1, 5)
    if study is None:
        pytest.skip("the laboratories' votes are not there")
    pools = [dense_panel(study, seed, 0.25) for seed in (1, 2, 3)]
    found = [assess(pool.votes) for pool in pools]
    pairs = list(zip(pools, found, strict=True))
    assert np.mean([rmse(each.scores.score, pool.truth) for pool, each in pairs]) <= most
    assert all(auc(-each.raters.reliability, pool.bad) == 1 for pool, each in pairs)
