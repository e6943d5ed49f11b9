from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from storage.database import Database
from storage.errors import DiskError, StorageError
from storage.remembered import remember
from storage.writer import BATCH_LIMIT


def names(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM remembered ORDER BY name")]


def keep(name: str) -> Callable[[sqlite3.Connection], str]:
    def unit(connection: sqlite3.Connection) -> str:
        remember(connection, name, "")
        return name

    return unit


def fail_after_writing(error: BaseException) -> Callable[[sqlite3.Connection], str]:
    def unit(connection: sqlite3.Connection) -> str:
        remember(connection, "half", "")
        raise error

    return unit


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_batch_is_one_transaction_of_at_most_the_limit(database: Database) -> None:
    statements: list[str] = []
    await database.write(lambda connection: connection.set_trace_callback(statements.append))
    statements.clear()
    await asyncio.gather(*(database.write(keep(str(n))) for n in range(BATCH_LIMIT + 1)))
    assert statements.count("BEGIN IMMEDIATE") == statements.count("COMMIT") == 2
    assert statements[: statements.index("COMMIT")].count("SAVEPOINT unit") == BATCH_LIMIT
    await database.write(lambda connection: connection.set_trace_callback(None))


async def test_a_result_comes_after_the_commit(database: Database) -> None:
    other = sqlite3.connect(database.path)
    for number in range(20):
        await database.write(keep(str(number)))
        assert str(number) in names(other)
    other.close()


async def test_a_failing_unit_undoes_itself_alone(database: Database) -> None:
    mine = LookupError("mine")
    found = await asyncio.gather(
        database.write(keep("a")),
        database.write(fail_after_writing(mine)),
        database.write(keep("b")),
        database.write(lambda connection: connection.execute("no sql")),
        database.write(lambda connection: connection.execute("INSERT INTO leases VALUES (1)")),
        database.write(keep("c")),
        return_exceptions=True,
    )
    assert found[0] == "a"
    assert found[1] is mine
    assert isinstance(found[3], sqlite3.OperationalError)
    assert isinstance(found[4], sqlite3.OperationalError)
    assert await database.read(names) == ["a", "b", "c"]


@pytest.mark.parametrize("error", [StopIteration(), KeyboardInterrupt(), SystemExit(1)])
async def test_unusual_exceptions_reach_their_caller_alone(
    database: Database, error: BaseException
) -> None:
    async def attempt() -> BaseException | None:
        try:
            await database.write(fail_after_writing(error))
        except BaseException as raised:  # noqa: BLE001 - the very thing that is looked at
            return raised
        return None

    raised, kept = await asyncio.gather(attempt(), database.write(keep("a")))
    assert isinstance(raised, RuntimeError if isinstance(error, StopIteration) else type(error))
    assert kept == "a"
    assert await database.read(names) == ["a"]


async def test_a_unit_may_use_savepoints_of_its_own(database: Database) -> None:
    def unit(connection: sqlite3.Connection) -> None:
        remember(connection, "a", "")
        connection.execute("SAVEPOINT unit")
        remember(connection, "b", "")
        connection.execute("ROLLBACK TO unit")
        connection.execute("RELEASE unit")

    await asyncio.gather(database.write(unit), database.write(keep("c")))
    assert await database.read(names) == ["a", "c"]


async def test_a_unit_that_fails_amid_its_own_rows_harms_nobody(database: Database) -> None:
    def unit(connection: sqlite3.Connection) -> None:
        rows = connection.execute(
            "INSERT INTO remembered VALUES ('x', ''), ('y', ''), ('z', '') RETURNING name"
        )
        raise LookupError(rows.fetchone())

    outcomes = await asyncio.gather(
        database.write(keep("a")),
        database.write(unit),
        database.write(keep("b")),
        return_exceptions=True,
    )
    assert (outcomes[0], outcomes[2]) == ("a", "b")
    assert isinstance(outcomes[1], LookupError)
    assert await database.read(names) == ["a", "b"]


async def test_a_unit_that_returns_an_unfinished_write_fails_alone(database: Database) -> None:
    outcomes = await asyncio.gather(
        database.write(keep("a")),
        database.write(
            lambda connection: connection.execute(
                "INSERT INTO remembered VALUES ('x', ''), ('y', '') RETURNING name"
            )
        ),
        database.write(keep("b")),
        return_exceptions=True,
    )
    assert (outcomes[0], outcomes[2]) == ("a", "b")
    assert isinstance(outcomes[1], StorageError)
    assert await database.read(names) == ["a", "b"]


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK", "RELEASE unit"])
async def test_a_unit_that_ends_the_transaction_fails_the_batch(
    database: Database, end: str
) -> None:
    def rogue(connection: sqlite3.Connection) -> None:
        connection.execute(end)

    outcomes = await asyncio.gather(
        database.write(rogue), database.write(keep("a")), return_exceptions=True
    )
    assert all(isinstance(outcome, StorageError) for outcome in outcomes)
    assert await database.read(names) == []
    assert await database.write(keep("b")) == "b"


async def test_a_unit_that_fails_a_check_with_rollback_fails_the_batch(database: Database) -> None:
    def rogue(connection: sqlite3.Connection) -> None:
        remember(connection, "a", "")
        connection.execute("INSERT OR ROLLBACK INTO remembered VALUES ('a', '')")

    outcomes = await asyncio.gather(
        database.write(keep("b")), database.write(rogue), return_exceptions=True
    )
    assert all(isinstance(outcome, StorageError) for outcome in outcomes)
    assert await database.read(names) == []


async def test_a_commit_that_fails_fails_the_batch_and_the_next_goes_on(
    database: Database,
) -> None:
    def owe(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute("INSERT INTO grants VALUES (404, 1, 1)")

    outcomes = await asyncio.gather(
        database.write(keep("a")), database.write(owe), return_exceptions=True
    )
    assert all(isinstance(outcome, StorageError) for outcome in outcomes)
    assert outcomes[0] is not outcomes[1]
    assert await database.read(names) == []
    assert await database.write(keep("b")) == "b"


async def test_a_full_database_fails_one_unit_or_all_and_goes_on_later(database: Database) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    await database.write(fill)
    big = "x" * 3000
    outcomes = await asyncio.gather(
        *(database.write(partial(remember, name=f"{n:02}", value=big)) for n in range(30)),
        return_exceptions=True,
    )
    assert any(isinstance(outcome, DiskError) for outcome in outcomes)
    assert all(outcome is None or isinstance(outcome, DiskError) for outcome in outcomes)
    acknowledged = [f"{n:02}" for n, outcome in enumerate(outcomes) if outcome is None]
    assert await database.read(names) == acknowledged
    await database.write(lambda connection: connection.execute("PRAGMA max_page_count = 99999"))
    await database.write(keep("later"))
    assert await database.read(names) == [*acknowledged, "later"]


async def test_a_disk_that_takes_no_more_fails_the_batch_and_goes_on_later(
    database: Database,
) -> None:
    await database.write(keep("before"))
    log = database.path.with_name(database.path.name + "-wal")
    with files_end_at(log.stat().st_size + 5000):
        outcomes = await asyncio.gather(
            *(database.write(partial(remember, name=str(n), value="x" * 3000)) for n in range(50)),
            return_exceptions=True,
        )
        assert all(isinstance(outcome, DiskError) for outcome in outcomes)
        assert await database.read(names) == ["before"]
    await database.write(keep("later"))
    assert await database.read(names) == ["before", "later"]


async def test_a_cancelled_caller_does_not_break_its_batch(database: Database) -> None:
    early = asyncio.create_task(database.write(keep("early")))
    await asyncio.sleep(0)
    late = [asyncio.create_task(database.write(keep(f"late {n}"))) for n in range(3)]
    await asyncio.sleep(0)
    early.cancel()
    late[1].cancel()
    outcomes = await asyncio.gather(early, *late, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1] == "late 0"
    assert outcomes[3] == "late 2"
    assert {"late 0", "late 2"} <= set(await database.read(names))


async def test_a_caller_cancelled_before_its_batch_is_not_run(database: Database) -> None:
    waiting = [asyncio.create_task(database.write(keep(str(n)))) for n in range(3)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await database.read(names) == []


async def test_callers_do_not_hang_when_the_loop_cancels_the_writer(database: Database) -> None:
    writing = asyncio.create_task(database.write(keep("a")))
    await asyncio.sleep(0)
    for task in asyncio.all_tasks() - {asyncio.current_task(), writing}:
        if task.get_name() == "database writer":
            task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await database.write(keep("b")) == "b"
