"""Whole crowds, played through the rules: who is left in peace, and who is not."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bot.trust.rules.record import Record
from bot.trust.rules.ruleset import RULES, look
from bot.trust.rules.scales import RATED
from tests.bench._layer_play import HONEST, mixed_crowd
from tests.bench._rule_play import play
from tests.bench._sparse_pool import auc, sample, shuffled, sparse_pool
from tests.bench.layers import is_wronged, played
from tests.rules.reading import pool_of
from tests.rules.sights import SECOND, sight
from tests.trust.scoring_crowd import crowd

EACH = 100


def test_real_raters_are_left_in_peace() -> None:
    game = play(shuffled(sparse_pool(sample(), 1, EACH, "none", 0), 1))
    held = [each for each in game.players if each.held_at or each.looked_at]
    assert len(held) <= 0.02 * len(game.players)
    assert game.asked().mean() <= 0.2
    assert not game.asked(3).any(), "two captchas in 100 votes at most"


@pytest.mark.parametrize(
    ("kind", "detector", "least"),
    [("uniform", "LLR", 0.97), ("fixed", "MODE", 0.98), ("narrow", "CORR", 0.95)],
)
def test_attackers_among_real_raters_are_found(kind: str, detector: str, least: float) -> None:
    pool = shuffled(sparse_pool(sample(), 3, EACH, kind, 0.2), 3)
    assert auc(play(pool, rules=False).figures(detector), pool.bad) > least


def test_one_button_is_held_and_queued() -> None:
    pool = shuffled(sparse_pool(sample(), 2, EACH, "fixed", 0.2), 2)
    game = play(pool)
    players = game.players
    bad = [player for player, attacks in zip(players, pool.bad, strict=True) if attacks]
    assert game.asked()[pool.bad].all()
    assert np.mean([player.held_at is not None for player in bad]) > 0.9
    assert all((player.held_at or 50) >= 50 for player in players)
    assert all((player.looked_at or 100) >= 50 for player in players)


def test_with_gold_captchas_and_scores_real_raters_are_left_in_peace() -> None:
    one = played(mixed_crowd(sample(), 1, EACH, 0), 1)
    wronged = [each for each in one.players if is_wronged(each, EACH)]
    assert len(wronged) <= 0.02 * len(one.players)
    assert 2 <= np.mean(one.layers.captchas) <= 4
    usual = [
        gold for gold, each in zip(one.layers.gold, one.players, strict=True) if not each.gold_at
    ]
    assert 5 < np.mean(usual) < 5 + 0.1 * EACH, "lessons, and a twentieth"


def test_with_gold_captchas_and_scores_each_attack_meets_more_of_both() -> None:
    one = played(mixed_crowd(sample(), 2, EACH, 0.4), 2)
    asked = defaultdict(list)
    for kind, player in zip(one.crowd.kinds, one.players, strict=True):
        asked[kind].append((player.captcha_at is not None, player.gold_at is not None))
    for kind in ("uniform", "fixed", "narrow"):
        assert np.mean(asked[kind]) > 0.8
        assert np.mean(asked[kind]) > np.mean(asked[HONEST])
    assert one.gain > 0


async def test_whoever_sees_no_flaws_is_left_in_peace(tmp_path: Path) -> None:
    """The filler presses `flawless` for 85 % of the images, and other flaws at random."""
    made = crowd(41, raters=60, each=110)
    async with pool_of(tmp_path, made.votes) as pool:
        await pool.read()
        rows = await pool.rows(
            "SELECT rule, count(*) FROM findings WHERE rule IN"
            " ('same_button', 'same_in_a_row', 'few_values') GROUP BY rule"
        )
        assert rows == []
        ((held,),) = await pool.rows("SELECT count(DISTINCT rater) FROM holds")
        assert held <= 1


def test_one_who_never_sees_a_flaw_and_has_a_narrow_taste_is_nobody_to_hold() -> None:
    random, record = Random(5), Record()
    for number in range(300):
        at = number * 8 * SECOND
        liking = min(max(round(random.gauss(6.5, 1.3)), 1), 10)
        record = record.pressed(
            RATED["aesthetic"], liking, at, first=True, shown_at=at - 4 * SECOND
        )
        record = record.pressed(RATED["artifacts"], 0, at + SECOND, first=False, shown_at=None)
    assert look(RULES, sight(record), {}) == {}
