"""The demo takes over no folder that is not its own, and deletes nothing that is in use."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.demo.folder import FolderTakenError, claim, export_command, set_aside
from bot.demo.run import DemoOptions, run_demo
from storage.database import Database
from storage.errors import DatabaseBusyError
from storage.leases import Lease
from storage.migrations import upgrade

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_folder_with_anything_of_others_is_refused_and_left_alone(tmp_path: Path) -> None:
    upgrade(tmp_path / "jury.db")
    before = (tmp_path / "jury.db").read_bytes()
    with pytest.raises(FolderTakenError, match="not the demo's"):
        run_demo(DemoOptions(folder=tmp_path, headless=True, seconds=1), print)
    assert [path.name for path in tmp_path.iterdir()] == ["jury.db"]
    assert (tmp_path / "jury.db").read_bytes() == before


def test_a_new_an_empty_and_a_former_folder_are_the_demos(tmp_path: Path) -> None:
    claim(tmp_path / "new" / "folder")
    (tmp_path / "empty").mkdir()
    claim(tmp_path / "empty")
    (tmp_path / "empty" / "jury.db").touch()
    claim(tmp_path / "empty")


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderTakenError, match="cannot use the folder"):
        claim(tmp_path / "file" / "demo")


def test_the_last_time_is_set_aside_in_the_place_of_the_time_before(tmp_path: Path) -> None:
    claim(tmp_path)
    assert set_aside(tmp_path, NOW) is None
    for rows in ("first", "second"):
        upgrade(tmp_path / "jury.db")
        (tmp_path / "exports").mkdir()
        (tmp_path / "exports" / "rows").write_text(rows)
        (tmp_path / "hash.key").touch()
        assert set_aside(tmp_path, NOW) == tmp_path / "last-time"
    assert {path.name for path in tmp_path.iterdir()} == {
        ".horde-jury-demo",
        "hash.key",
        "last-time",
    }
    assert (tmp_path / "last-time" / "exports" / "rows").read_text() == "second"
    assert (tmp_path / "last-time" / "jury.db").exists()


@pytest.mark.parametrize("name", ["demo", "run"])
async def test_a_database_in_use_stays_where_it_is(tmp_path: Path, name: str) -> None:
    database = await Database.open(tmp_path / "jury.db")
    async with Lease(database, name, SystemClock()):
        with pytest.raises(DatabaseBusyError, match=f"jury {name}"):
            set_aside(tmp_path, SystemClock().now())
    assert (tmp_path / "jury.db").exists()
    assert not (tmp_path / "last-time").exists()
    await database.close()
    assert set_aside(tmp_path, SystemClock().now()) is not None


def test_the_command_names_a_folder_only_where_it_is_not_the_usual(tmp_path: Path) -> None:
    usual = Path("data/demo").absolute()
    assert export_command(usual).endswith("export horde votes.parquet --demo")
    assert export_command(tmp_path / "my demo").endswith(f"--folder '{tmp_path}/my demo'")
