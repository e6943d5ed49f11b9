"""`jury run` against a Discord on the loopback interface, over real sockets."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from tests.loopback.server import LoopbackDiscord
from tests.process.jury import Home, running

pytestmark = pytest.mark.process


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


@pytest.mark.parametrize("shards", [1, 3])
async def test_is_ready_within_five_seconds_and_five_a_further_shard(
    home: Home, discord: LoopbackDiscord, shards: int
) -> None:
    discord.recommended_shards = shards
    started = time.monotonic()
    async with running(home) as jury:
        await discord.gateway.wait_for_shards(shards, 5 + 5 * (shards - 1))
        assert time.monotonic() - started < 5 + 5 * (shards - 1)
        assert await jury.stop() == 0
    assert all(later - earlier > 4.9 for earlier, later in pairwise(discord.gateway.identified_at))
