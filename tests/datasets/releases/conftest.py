"""A database with scores, a desk over it, and a release that tests may harm."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import datasets
import pytest

from tests.datasets.releases.releasing import Desk, Load, opened, scored


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


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return what loads a folder without any network, with a cache of its own."""
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)

    def load_folder(folder: Path, *name: str) -> datasets.DatasetDict:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library leaves files open
            return datasets.load_dataset(str(folder), *name, cache_dir=str(tmp_path / "cache"))

    return load_folder
