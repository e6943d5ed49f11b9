"""`jury run` against a Discord on the loopback interface, over real sockets."""

from __future__ import annotations

import asyncio
from contextlib import closing
from itertools import pairwise

import pytest

from bot.keyed_hash import KeyedHash
from storage.connections import connect
from tests.loopback.server import LoopbackDiscord
from tests.process.jury import Home, running
from tests.trust.scored import Shape, change, history, make

pytestmark = pytest.mark.process

PATIENCE_SECONDS = 60


async def test_stops_with_zero_on_sigterm(home: Home, discord: LoopbackDiscord) -> None:
    async with running(home) as jury:
        await discord.gateway.wait_for_shards(1, 20)
        assert await jury.stop() == 0


async def test_a_second_run_is_refused_in_one_line(home: Home, discord: LoopbackDiscord) -> None:
    async with running(home):
        await discord.gateway.wait_for_shards(1, 20)
        second = await home.command("run")
    assert second.code == 1
    refusal = second.err.strip().splitlines()[-1]
    assert refusal.startswith("jury: another `jury run`")


async def test_shards_start_five_seconds_apart(home: Home, discord: LoopbackDiscord) -> None:
    """Discord allows one IDENTIFY in 5 s: https://docs.discord.com/developers/events/gateway."""
    discord.recommended_shards = 3
    async with running(home) as jury:
        await discord.gateway.wait_for_shards(3, PATIENCE_SECONDS)
        assert await jury.stop() == 0
    assert all(later - earlier > 4.9 for earlier, later in pairwise(discord.gateway.identified_at))


async def until_rows(home: Home, sql: str, wanted: int) -> None:
    """Wait until the running program has written so many rows."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while home.rows(f"SELECT count(*) FROM ({sql})") != [(wanted,)]:  # noqa: ASYNC110, S608 - another process's work
            await asyncio.sleep(0.05)


async def test_scores_are_made_beside_it_at_its_start_where_votes_have_changed(
    home: Home, discord: LoopbackDiscord
) -> None:
    KeyedHash.load_or_create(home.folder / "hash.key")
    shape = Shape(raters=20, each=20)
    make(home.database, shape)
    images = shape.raters * shape.each // shape.panel
    made = "SELECT * FROM image_scores WHERE votes > 0"
    async with running(home, SCORES_EVERY_MINUTES="60") as jury:
        await until_rows(home, made, 2 * images)
        await discord.gateway.wait_for_shards(1, 20)
        assert await jury.stop() == 0
    before = home.rows("SELECT scale, image_id, score, scored_at FROM image_scores")
    with closing(connect(home.database)) as connection:
        connection.execute("DELETE FROM votes WHERE image_id = 1")
        history(connection, 1, 1, "undone")
    change(home.database, "UPDATE score_runs SET seen_at = seen_at - 3600000000")
    async with running(home, SCORES_EVERY_MINUTES="60") as jury:
        await until_rows(home, made, 2 * images - 2)
        await discord.gateway.wait_for_shards(1, 20)
        assert await jury.stop() == 0
    after = home.rows("SELECT scale, image_id, score, scored_at FROM image_scores")
    assert {row[1] for row in before} - {row[1] for row in after} == {1}
    assert home.rows("SELECT * FROM leases") == [], "nothing of it runs any more"
