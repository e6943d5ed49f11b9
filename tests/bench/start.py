"""The start of `jury run`: from nothing to ready, against a Discord on the loopback interface."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench.rows import Row
from tests.loopback.server import LoopbackDiscord
from tests.process.jury import CHANNEL, HOME_GUILD, MODERATOR_ROLE, Home, running

ROUNDS, FULL_ROUNDS = 3, 9
MOST_SECONDS = 5.0
PATIENCE_SECONDS = 60.0


async def seconds_to_ready() -> float:
    """Return the seconds until Discord has its one shard, in a new folder."""
    async with LoopbackDiscord() as discord:
        discord.world.add_guild(HOME_GUILD, role_ids=(MODERATOR_ROLE,))
        discord.world.add_channel(HOME_GUILD, CHANNEL, age_restricted=True)
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder), {"DISCORD_API_URL": discord.api_url})
            begun = time.perf_counter()
            async with running(home) as jury:
                await discord.gateway.wait_for_shards(1, PATIENCE_SECONDS)
                seconds = time.perf_counter() - begun
                await jury.stop()
                jury.log.clear()
    return seconds


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the harness calls every benchmark so
    """Start it a few times."""
    rounds = FULL_ROUNDS if full else ROUNDS
    seconds = median(asyncio.run(seconds_to_ready()) for _ in range(rounds))
    return [Row("from start to ready, one shard", seconds, MOST_SECONDS, "s", at_most=True)]
