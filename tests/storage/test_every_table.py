"""A database with something in every table is sound: a damaged index shows in no empty one."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from bot.doctor.machine import check_database
from storage.backup import backup
from storage.connections import connect
from storage.database import Database
from storage.health import examine
from storage.migrations import pending, upgrade
from tests.storage.every_table import FILL


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "jury.db"
    upgrade(path)
    with closing(connect(path)) as connection:
        connection.executescript(FILL)
    return path


def contents(connection: Connection) -> list[str]:
    """Return everything but leases, which belong to a program that runs and to no copy."""
    return [line for line in connection.iterdump() if not line.startswith('INSERT INTO "leases"')]


def assert_sound(path: Path) -> None:
    """Ask everybody who can tell whether a database is whole."""
    with closing(connect(path)) as connection:
        for check in ("integrity_check", "quick_check"):
            assert connection.execute(f"PRAGMA {check}").fetchall() == [("ok",)], check
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    health = examine(path)
    assert (health.damage, health.pending) == ("", 0)
    assert check_database(path).state == "ok"


def test_every_table_has_a_row(filled: Path) -> None:
    """A new table needs one in `tests.storage.every_table`, or nothing here looks at it."""
    with closing(connect(filled)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        empty = {
            name
            for (name,) in tables
            if connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() is None  # noqa: S608
        }
    assert empty == set()


def test_a_database_with_every_row_is_sound(filled: Path) -> None:
    assert_sound(filled)


def test_its_backup_is_the_same_and_sound(filled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    backup(filled, copy)
    assert_sound(copy)
    with closing(connect(filled)) as before, closing(connect(copy)) as after:
        assert contents(after) == contents(before)


async def test_a_restored_backup_is_opened_and_sound(filled: Path, tmp_path: Path) -> None:
    backup(filled, tmp_path / "copy.db")
    restored = Path(shutil.copy(tmp_path / "copy.db", tmp_path / "jury.db"))
    assert pending(restored) == ()
    database = await Database.open(restored)
    await database.close()
    assert_sound(restored)
