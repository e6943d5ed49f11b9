from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import aiosqlite
import pytest

from storage.connections import ThreadedConnection
from storage.database import Database
from storage.errors import DatabaseBusyError, DiskError, ForeignDatabaseError, StorageError
from storage.remembered import forget, recall, remember


async def test_what_was_written_is_read_and_outlives_closing(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "jury?#%.db"
    database = await Database.open(path)
    await database.write(partial(remember, name="a", value="1"))
    await database.write(partial(remember, name="a", value="2"))
    await database.write(partial(remember, name="b", value="3"))
    await database.write(partial(forget, name="b"))
    assert await database.read(partial(recall, name="a")) == "2"
    assert await database.read(partial(recall, name="b")) is None
    await database.close()
    again = await Database.open(path, create=False)
    assert await again.read(partial(recall, name="a")) == "2"
    await again.close()
    assert [file.name for file in path.parent.iterdir()] == ["jury?#%.db"]


async def test_every_connection_has_the_settings_of_the_design(database: Database) -> None:
    def settings(connection: sqlite3.Connection) -> list[object]:
        names = (
            *("journal_mode", "synchronous", "foreign_keys"),
            *("query_only", "busy_timeout", "temp_store"),
        )
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.write(settings) == ["wal", 2, 1, 0, 0, 2]
    assert await database.read(settings) == ["wal", 2, 1, 1, 5000, 0]


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises((sqlite3.OperationalError, StorageError), match="readonly"):
        await database.read(partial(remember, name="a", value="1"))


async def test_a_read_is_one_snapshot_while_writes_go_on(database: Database) -> None:
    begun, written = threading.Event(), threading.Event()

    def look_twice(connection: sqlite3.Connection) -> tuple[str | None, str | None]:
        first = recall(connection, "a")
        begun.set()
        assert written.wait(timeout=30)
        return first, recall(connection, "a")

    await database.write(partial(remember, name="a", value="old"))
    reading = asyncio.create_task(database.read(look_twice))
    await asyncio.to_thread(begun.wait)
    await database.write(partial(remember, name="a", value="new"))
    assert await database.read(partial(recall, name="a")) == "new"  # the other reader
    written.set()
    assert await reading == ("old", "old")


async def test_a_failed_and_a_cancelled_read_leave_the_readers_usable(database: Database) -> None:
    def fail(_: sqlite3.Connection) -> None:
        raise LookupError("mine")

    for _ in range(4):
        with pytest.raises(LookupError, match="mine"):
            await database.read(fail)
    reading = asyncio.create_task(database.read(partial(recall, name="a")))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert [await database.read(partial(recall, name="a")) for _ in range(4)] == [None] * 4


async def test_a_closed_database_refuses(database: Database) -> None:
    await database.close()
    with pytest.raises(StorageError):
        await database.write(partial(remember, name="a", value="1"))
    with pytest.raises(StorageError):
        await database.read(partial(recall, name="a"))


async def test_closing_waits_for_what_was_taken(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "jury.db")
    writes = [
        asyncio.create_task(database.write(partial(remember, name=str(n), value="")))
        for n in range(700)
    ]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    with sqlite3.connect(tmp_path / "jury.db") as connection:
        assert connection.execute("SELECT count(*) FROM remembered").fetchone() == (700,)
    connection.close()


def test_a_missing_database_is_made_only_when_asked(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no database"):
        asyncio.run(Database.open(tmp_path / "jury.db", create=False))
    assert list(tmp_path.iterdir()) == []


async def test_a_failed_opening_leaves_no_thread(tmp_path: Path) -> None:
    (tmp_path / "jury.db").write_text("no database at all, but some text of a hundred bytes" * 9)
    with pytest.raises(ForeignDatabaseError):
        await Database.open(tmp_path / "jury.db")
    with pytest.raises(DiskError):
        await ThreadedConnection.open(tmp_path / "missing.db")
    for thread in threading.enumerate():
        if "connection_worker" in thread.name:
            await asyncio.to_thread(thread.join, 30)
            assert not thread.is_alive()


async def test_a_lock_of_another_process_is_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.writer.BUSY_TIMEOUT_SECONDS", 0.01)
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusyError, match="another process"):
        await database.write(partial(remember, name="a", value="1"))
    other.execute("ROLLBACK")
    other.close()
    await database.write(partial(remember, name="a", value="1"))
    assert await database.read(partial(recall, name="a")) == "1"


async def test_a_process_that_writes_nearly_all_the_time_lets_others_in(
    database: Database,
) -> None:
    turns, done = 0, threading.Event()

    def write_and_hardly_pause() -> None:
        nonlocal turns
        with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
            while not done.is_set():
                other.execute("BEGIN IMMEDIATE")
                done.wait(0.03)
                other.execute("COMMIT")
                turns += 1
                done.wait(0.004)

    writing = asyncio.create_task(asyncio.to_thread(write_and_hardly_pause))
    for number in range(20):
        await database.write(partial(remember, name=str(number), value=""))
        await asyncio.sleep(0.01)  # so that the next finds the lock taken again
    done.set()
    await writing
    assert 10 < turns < 80  # some 20 as a rule; hundreds if it waits as SQLite does


async def test_an_aiosqlite_without_its_inside_is_refused_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(aiosqlite.Connection, "_execute")
    with pytest.raises(StorageError, match="aiosqlite"):
        await Database.open(tmp_path / "jury.db")
