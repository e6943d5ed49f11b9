from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rules.reading import Pressing, pressing


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Pressing]:
    async with pressing(tmp_path) as opened:
        yield opened
