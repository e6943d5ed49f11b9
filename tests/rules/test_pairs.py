"""The nightly search, with its real child process: groups are seen, strangers are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from bot.errors import JuryError
from bot.trust.rules import nightly
from bot.trust.rules.nightly import PairSearch
from bot.trust.rules.pairing import LEAST_LIMIT, chance_limit, pair_up
from bot.trust.scoring.votes import Votes
from storage.errors import StorageError
from tests.rating.world import NOON
from tests.rules.reading import Pool, Prepared, pool_of
from tests.trust.scoring_crowd import HIGH, crowd

GROUP = 6


def pushing_votes(seed: int = 71) -> Votes:
    """Return the votes of forty raters, six of whom push forty images together."""
    votes = crowd(seed, raters=40, each=130).votes
    rng, score, rater = np.random.default_rng(seed), votes.score.copy(), votes.rater.copy()
    for image in rng.permutation(votes.items)[:60]:
        here = np.flatnonzero(votes.item == image)
        members = rng.permutation(GROUP)[:3]
        others = np.setdiff1d(np.arange(GROUP, 40), rater[here])
        rater[here] = np.concatenate([members, others[: len(here) - 3]])
        score[here[:3]] = HIGH
    return Votes.of(rater, votes.item, score, low=1, high=10, raters=40, items=votes.items)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    votes = pushing_votes()
    return Prepared.of(tmp_path_factory.mktemp("pairs") / "pool", votes, votes.items)


@pytest.fixture
async def pool(tmp_path: Path, read: Prepared) -> AsyncIterator[Pool]:
    async with read.copied(tmp_path) as opened:
        yield opened


def search_of(pool: Pool) -> PairSearch:
    return PairSearch(pool.database, pool.clock, pool.worker)


async def test_a_group_comes_to_the_moderators(pool: Pool) -> None:
    assert await search_of(pool).search_if_due()
    members = set(range(1, GROUP + 1))
    found = await pool.rows("SELECT rater FROM findings WHERE rule = 'pair'")
    assert {rater for (rater,) in found} <= members
    assert len(found) >= GROUP - 2
    cases = await pool.cases()
    assert {rater for (rater,) in found} <= set(cases)
    figure = (await pool.found(found[0][0]))["pair"].figure
    assert cases[found[0][0]]["pair"] == figure > LEAST_LIMIT
    pairs = await pool.rows("SELECT rater, other, score, shared FROM rater_pairs")
    assert pairs
    assert all(rater < other and shared >= 1 for rater, other, _, shared in pairs)
    assert {rater for pair in pairs for rater in pair[:2]} >= {rater for (rater,) in found}
    close = sorted(pairs, key=lambda pair: -pair[2])[:5]
    assert {rater for pair in close for rater in pair[:2]} <= members
    assert await pool.rows("SELECT count(*) FROM holds WHERE reason = 'pair'") == [(0,)]


async def test_it_is_searched_once_a_night(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def search(self: PairSearch) -> None:
        asked.append("searched")

    monkeypatch.setattr(PairSearch, "search", search)
    pool.clock.moment = NOON
    assert await search_of(pool).search_if_due()
    assert not await search_of(pool).search_if_due()
    pool.clock.moment = NOON + timedelta(hours=14, minutes=59)
    assert not await search_of(pool).search_if_due()
    pool.clock.moment = NOON + timedelta(hours=15)
    assert await search_of(pool).search_if_due()
    assert len(asked) == 2
    pool.clock.moment = NOON - timedelta(days=365)
    assert await search_of(pool).search_if_due(), "the clock was ahead"
    assert not await search_of(pool).search_if_due()
    assert len(asked) == 3
    pool.clock.moment = NOON + timedelta(hours=15)
    await pool.write("UPDATE rule_records SET votes = 99")
    pool.clock.turn(86_400)
    assert await search_of(pool).search_if_due()
    assert len(asked) == 3  # nobody has enough votes


async def test_a_pair_that_is_none_any_more_is_forgotten(pool: Pool) -> None:
    await search_of(pool).search()
    assert await pool.rows("SELECT count(*) FROM rater_pairs") != [(0,)]
    await pool.write("UPDATE votes SET state = 'void' WHERE rater <= ?", GROUP)
    await search_of(pool).search()
    assert await pool.rows("SELECT count(*) FROM rater_pairs") == [(0,)]
    assert await pool.rows("SELECT count(*) FROM findings WHERE rule = 'pair'") == [(0,)]


async def test_erased_raters_are_in_no_pair(pool: Pool) -> None:
    await pool.write("UPDATE raters SET erased_at = 1, discord_id = NULL WHERE number = 1")
    await pool.write("DELETE FROM rule_records WHERE rater = 1")
    await search_of(pool).search()
    pairs = await pool.rows("SELECT rater, other FROM rater_pairs")
    assert pairs
    assert all(1 not in pair for pair in pairs)
    assert "pair" not in await pool.found(1)


async def test_strangers_are_no_pairs(tmp_path: Path) -> None:
    votes = crowd(72, raters=40, each=130).votes
    async with pool_of(tmp_path, votes) as pool:
        await pool.read(at_once=400)
        found = pair_up(pool.database.path, "aesthetic")
        assert (found.raters, found.pairs) == ({}, [])
        assert found.limit >= LEAST_LIMIT
        assert pair_up(pool.database.path, "artifacts").limit >= LEAST_LIMIT


def test_the_limit_grows_with_the_crowd() -> None:
    assert chance_limit(40, 0) == LEAST_LIMIT
    assert chance_limit(5, 10) == LEAST_LIMIT
    assert chance_limit(700, 700 * 200) == pytest.approx(3.56, abs=0.02)
    assert chance_limit(5_000, 5_000 * 400) == pytest.approx(3.9, abs=0.02)


async def test_an_empty_database_has_no_pairs(tmp_path: Path) -> None:
    async with pool_of(tmp_path, crowd(73, raters=8, each=2).votes) as pool:
        assert pair_up(pool.database.path, "aesthetic").raters == {}
        await search_of(pool).search()


async def test_gold_is_not_paired(pool: Pool) -> None:
    await pool.write("UPDATE votes SET gold = 1")
    assert pair_up(pool.database.path, "aesthetic").raters == {}


async def test_a_child_that_fails_says_why(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    await pool.write("ALTER TABLE votes RENAME COLUMN gold TO silver")
    with pytest.raises(JuryError, match="no such column"):
        await search_of(pool).search()
    monkeypatch.setattr(nightly, "CHILD", "tests.rules.no_such_module")
    with pytest.raises(JuryError, match="no word"):
        await search_of(pool).search()


async def test_the_search_outlives_its_failures(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    enough = asyncio.Event()

    async def failing(self: PairSearch) -> bool:
        looks.append(1)
        if len(looks) == 3:
            enough.set()
        await asyncio.sleep(0)
        raise StorageError("for a test")

    monkeypatch.setattr(PairSearch, "search_if_due", failing)
    task = asyncio.create_task(search_of(pool).run())
    await asyncio.wait_for(enough.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_others_write_while_it_searches(pool: Pool) -> None:
    search, written = asyncio.create_task(search_of(pool).search()), 0
    while not search.done():
        await pool.write("UPDATE raters SET locale = 'de' WHERE number = 3")
        written += 1
    await search
    assert written > 10
