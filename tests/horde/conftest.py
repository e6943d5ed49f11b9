"""A stand-in of the Horde with a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.demo.horde.server import HordeStandIn
from tests.horde.asking import people
from tests.horde.clients import Horde, SkippingClock, talking_to
from tests.horde.stage import serving


@pytest.fixture
def clock() -> SkippingClock:
    return SkippingClock()


@pytest.fixture
async def horde(clock: SkippingClock) -> AsyncIterator[Horde]:
    stand_in = HordeStandIn(people(), clock)
    async with serving(stand_in) as url, talking_to(url, clock) as client:
        yield Horde(stand_in, client, clock)
