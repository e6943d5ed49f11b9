from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rewards.paying import Treasury, treasury
from tests.rewards.raters_world import Raters, raters_at


@pytest.fixture
async def kudos(tmp_path: Path) -> AsyncIterator[Treasury]:
    async with treasury(tmp_path) as opened:
        yield opened


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Raters]:
    async with raters_at(tmp_path) as opened:
        yield opened
