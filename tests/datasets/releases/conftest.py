"""A database with scores, and a desk over it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.datasets.releases.releasing import Desk, opened, scored


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(scored(tmp_path)) as one:
        yield one
