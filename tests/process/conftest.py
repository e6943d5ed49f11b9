"""A loopback Discord and an installation that talks to it."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.loopback.server import LoopbackDiscord
from tests.process.jury import CHANNEL, HOME_GUILD, MODERATOR_ROLE, Home


@pytest.fixture(autouse=True)
def heard_interrupts() -> Iterator[None]:
    """Let programs hear Ctrl-C: what a shell runs in the background is started deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
async def discord() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as server:
        server.world.add_guild(HOME_GUILD, role_ids=(MODERATOR_ROLE,))
        server.world.add_channel(HOME_GUILD, CHANNEL, age_restricted=True)
        yield server
        assert server.unknown == []


@pytest.fixture
def home(tmp_path: Path, discord: LoopbackDiscord) -> Home:
    return Home(tmp_path, {"DISCORD_API_URL": discord.api_url})
