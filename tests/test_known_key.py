"""A database keeps to the key that its raters got their pseudonyms from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.known_key import load_key
from storage import raters
from storage.database import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "jury.db")
    yield opened
    await opened.close()


async def test_the_first_start_makes_the_key_and_later_ones_find_it(
    database: Database, tmp_path: Path
) -> None:
    key = await load_key(database, tmp_path / "hash.key")
    await database.write(lambda c: raters.get_or_create(c, 7, NOW))
    assert await load_key(database, tmp_path / "hash.key") == key


async def test_a_missing_key_is_not_made_anew_under_raters(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "hash.key"
    key = await load_key(database, path)
    await database.write(lambda c: raters.get_or_create(c, 7, NOW))
    path.rename(tmp_path / "copy")
    with pytest.raises(SettingsError, match="put your copy"):
        await load_key(database, path)
    assert not path.exists()
    (tmp_path / "copy").rename(path)
    assert await load_key(database, path) == key


async def test_another_key_is_refused_under_raters(database: Database, tmp_path: Path) -> None:
    await load_key(database, tmp_path / "hash.key")
    await database.write(lambda c: raters.get_or_create(c, 7, NOW))
    other = tmp_path / "other.key"
    other.write_bytes(b"o" * 32)
    other.chmod(0o600)
    with pytest.raises(SettingsError, match="is not the key"):
        await load_key(database, other)


async def test_without_raters_any_key_may_be_the_first(database: Database, tmp_path: Path) -> None:
    await load_key(database, tmp_path / "hash.key")
    other = await load_key(database, tmp_path / "other.key")
    await database.write(lambda c: raters.get_or_create(c, 7, NOW))
    assert await load_key(database, tmp_path / "other.key") == other
    with pytest.raises(SettingsError):
        await load_key(database, tmp_path / "hash.key")
