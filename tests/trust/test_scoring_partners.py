"""Closest partners are those of the formula, and groups and twins stand out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trust.scoring import pairs
from bot.trust.scoring.partners import DOUBT, LEAST_LIKENESS, TWIN_SHARED, Partners
from bot.trust.scoring.votes import Floats, Votes
from tests.trust.scoring_crowd import HIGH, LOW, crowd


def slow(votes: Votes, deviation: Floats) -> tuple[Floats, Floats, Floats]:
    """Return score, shared items and likeness of all pairs; whom likeness leaves out has none."""
    table = np.zeros((votes.raters, votes.items))
    there = np.zeros_like(table)
    table[votes.rater, votes.item], there[votes.rater, votes.item] = deviation, 1
    sums, shared = table @ table.T, there @ there.T
    size = np.sqrt((table**2 @ there.T) * (there @ (table**2).T))
    score = sums / np.sqrt(shared + DOUBT)
    likeness = np.divide(sums, size, out=np.zeros_like(sums), where=size > 0)
    score[likeness < LEAST_LIKENESS] = 0
    np.fill_diagonal(score, 0)
    return score, shared, likeness


def test_partners_are_their_formula() -> None:
    votes = crowd(61).votes
    deviation = np.random.default_rng(61).normal(0, 1, len(votes))
    found = Partners.of(votes, deviation)
    score, shared, likeness = slow(votes, deviation)
    for rater in range(votes.raters):
        best = [each for each in np.argsort(-score[rater], kind="stable")[:3] if score[rater, each]]
        assert (found.other[rater, len(best) :] == -1).all()
        assert found.other[rater, : len(best)].tolist() == best
        assert found.score[rater, : len(best)] == pytest.approx(score[rater, best])
        assert found.shared[rater, : len(best)].tolist() == shared[rater, best].tolist()
        assert found.likeness[rater, : len(best)] == pytest.approx(likeness[rater, best])
    assert found.closeness() == pytest.approx(np.sort(score, 1)[:, -3:].mean(1))
    assert found.met == (shared[np.triu_indices(votes.raters, 1)] > 0).sum()


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8), st.floats(-3, 3)), max_size=40),
)
def test_partners_of_any_votes(rows: list[tuple[int, int, float]]) -> None:
    distinct = {(rater, item): value for rater, item, value in rows}
    who, what = np.array(list(distinct), int).reshape(-1, 2).T
    votes = Votes.of(who, what, np.full(len(distinct), 5), low=LOW, high=HIGH, raters=7, items=9)
    deviation = np.array(
        [distinct[pair] for pair in zip(votes.rater.tolist(), votes.item.tolist(), strict=True)]
    )
    found = Partners.of(votes, deviation)
    score, _, _ = slow(votes, deviation)
    wanted = np.sort(np.maximum(score, 0), 1)[:, ::-1][:, :3]
    assert found.score == pytest.approx(wanted, abs=1e-9)
    assert ((found.other >= 0) == (found.score > 0)).all()
    assert (found.other != np.arange(7)[:, None]).all()


def test_two_accounts_of_one_person_are_close() -> None:
    made = crowd(62, raters=40, each=80, panel=20)
    votes = made.votes
    rng = np.random.default_rng(62)
    deviation = rng.normal(0, 1, len(votes))
    mine = votes.rater == 3
    own = dict(zip(votes.item[mine], deviation[mine], strict=True))
    twin = np.flatnonzero((votes.rater == 7) & np.isin(votes.item, list(own)))
    deviation[twin] = [own[item] + rng.normal(0, 0.3) for item in votes.item[twin]]
    found = Partners.of(votes, deviation)
    assert found.shared[3, 0] >= TWIN_SHARED
    assert (found.other[3, 0], found.other[7, 0]) == (7, 3)
    closeness = found.closeness()
    assert closeness[[3, 7]].min() > 4
    assert np.delete(closeness, [3, 7]).max() < 3


def test_a_taste_in_common_is_no_pair() -> None:
    rng = np.random.default_rng(63)
    rater, item = np.divmod(np.arange(2 * 900), 900)
    votes = Votes.of(rater, item, np.full(1800, 5), low=LOW, high=HIGH)
    taste = rng.normal(0, 0.45, 900)
    alike = Partners.of(votes, taste[votes.item] + rng.normal(0, 0.9, 1800))
    assert (alike.closeness() == 0).all()
    same = Partners.of(votes, 3 * taste[votes.item] + rng.normal(0, 0.5, 1800))
    assert (same.closeness() > 20).all()


def test_one_shared_outlier_makes_no_pair() -> None:
    votes = Votes.of([0, 1, 0, 1], [0, 0, 1, 2], [5] * 4, low=LOW, high=HIGH)
    assert Partners.of(votes, np.array([3.0, 3.0, 0, 0])).closeness().max() < 2


def test_nobody_has_partners_alone() -> None:
    votes = Votes.of([0, 1], [0, 1], [5, 5], low=LOW, high=HIGH)
    assert Partners.of(votes, np.ones(2)).other.tolist() == [[-1] * 3] * 2
    none = Votes.of([], [], [], low=LOW, high=HIGH)
    assert Partners.of(none, np.zeros(0)).closeness().tolist() == []


def test_much_judged_images_are_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MOST_SHARED", 4)
    rater, item = np.divmod(np.arange(30 * 10), 10)
    votes = Votes.of(rater, item, np.full(300, 5), low=LOW, high=HIGH)
    found = Partners.of(votes, np.ones(300))
    assert found.shared.sum() > 0
    assert len([1 for _ in pairs.meetings(votes)]) == 3
