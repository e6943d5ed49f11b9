"""A database with scores, a desk over it, and a release that tests may harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.datasets.releases.releasing import Desk, opened, scored


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(scored(tmp_path)) as one:
        yield one


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a release that tests copy."""

    async def make() -> Path:
        async with opened(scored(tmp_path_factory.mktemp("releases"))) as desk:
            return (await desk.release("first")).path

    return asyncio.run(make())


@pytest.fixture
def copy(released: Path, tmp_path: Path) -> Path:
    """Return a copy of it that may be written."""
    target = tmp_path / "copy"
    for path in released.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(released)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    return target
