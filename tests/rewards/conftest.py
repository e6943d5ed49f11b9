from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rewards.paying import Treasury, treasury


@pytest.fixture
async def kudos(tmp_path: Path) -> AsyncIterator[Treasury]:
    async with treasury(tmp_path) as opened:
        yield opened
