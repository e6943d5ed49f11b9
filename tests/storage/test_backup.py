from __future__ import annotations

import asyncio
import resource
import sqlite3
import stat
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from storage.backup import backup
from storage.database import Database
from storage.errors import DiskError, ForeignDatabaseError, StorageError
from storage.leases import Lease
from storage.migrations import upgrade
from storage.remembered import recall, remember
from tests.storage.turned import TurnedClock


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write_pair(connection: sqlite3.Connection, number: int) -> None:
    remember(connection, f"{number} left", "x" * 500)
    remember(connection, f"{number} right", "x" * 500)


async def test_a_copy_of_a_busy_database_is_one_moment_of_it(
    database: Database, tmp_path: Path
) -> None:
    await asyncio.gather(*(database.write(partial(write_pair, number=n)) for n in range(3000)))
    copying = asyncio.create_task(asyncio.to_thread(backup, database.path, tmp_path / "copy.db"))
    number = 3000
    while not copying.done():
        await asyncio.gather(
            *(database.write(partial(write_pair, number=number + n)) for n in range(20))
        )
        number += 20
    size = await copying
    assert size == (await asyncio.to_thread((tmp_path / "copy.db").stat)).st_size
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        names = {name for (name,) in copy.execute("SELECT name FROM remembered")}
    assert len(names) >= 6000
    assert {name.split()[0] for name in names if "left" in name} == {
        name.split()[0] for name in names if "right" in name
    }


async def test_a_copy_is_a_whole_database_in_one_file_for_its_owner(
    database: Database, tmp_path: Path
) -> None:
    target = tmp_path / "backups" / "copy.db"
    await asyncio.to_thread(target.parent.mkdir)
    await database.write(partial(remember, name="a", value="1"))
    async with Lease(database, "run", TurnedClock()):
        await asyncio.to_thread(backup, database.path, target)
    assert names_in(target.parent) == ["copy.db"]
    assert permissions(target) == stat.S_IRUSR | stat.S_IWUSR
    restored = await Database.open(target, create=False)
    assert await restored.read(partial(recall, name="a")) == "1"
    async with Lease(restored, "run", TurnedClock()):
        pass
    await restored.close()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    upgrade(tmp_path / "jury.db")
    (tmp_path / "copy.db").write_text("precious")
    (tmp_path / "link.db").symlink_to(tmp_path / "nowhere")
    for target in ("copy.db", "link.db", "jury.db"):
        with pytest.raises(StorageError, match="exists already"):
            backup(tmp_path / "jury.db", tmp_path / target)
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_what_cannot_be_copied_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with pytest.raises(StorageError, match="no database"):
        backup(tmp_path / "jury.db", target)
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
        connection.execute("CREATE TABLE t (x)")
    with pytest.raises(ForeignDatabaseError):
        backup(tmp_path / "foreign.db", target)
    upgrade(tmp_path / "jury.db")
    with pytest.raises(DiskError):
        backup(tmp_path / "jury.db", tmp_path / "missing folder" / "copy.db")
    assert names_in(tmp_path) == ["foreign.db", "jury.db"]


def test_a_full_disk_leaves_no_half_copy(tmp_path: Path) -> None:
    upgrade(tmp_path / "jury.db")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(DiskError):
            backup(tmp_path / "jury.db", tmp_path / "copy.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names_in(tmp_path) == ["jury.db"]
