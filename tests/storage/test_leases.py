from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import SystemClock
from storage.database import Database
from storage.errors import DatabaseBusyError
from storage.leases import (
    DURATION,
    LONGEST_DURATION,
    Lease,
    Process,
    _birth,
    is_held,
    refuse_upgrade,
)
from storage.times import from_microseconds, to_microseconds
from tests.storage.turned import TurnedClock

SECONDS = DURATION.total_seconds()


def holders(connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
    return connection.execute("SELECT name, holder, expires_at FROM leases").fetchall()


def hold_as(process: Process, expires_at: int) -> Callable[[sqlite3.Connection], None]:
    """Return a unit that leaves the lease of another process behind."""
    holder = "|".join((process.host, process.place, str(process.pid), process.born, "nonce"))

    def unit(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO leases VALUES ('run', ?, ?)", (holder, expires_at))

    return unit


def python(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a child process that runs `code` with this program's modules."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


def reaped(child: subprocess.Popen[bytes]) -> int:
    child.communicate()
    return child.pid


async def beat_after(clock: TurnedClock, seconds: float, database: Database) -> None:
    """Turn the clock and let the heartbeat write."""
    clock.turn(seconds)
    for _ in range(5):
        await asyncio.sleep(0)
    await database.write(lambda _: None)  # waits behind the beat
    await asyncio.sleep(0)


async def test_the_second_is_refused_while_the_first_holds(database: Database) -> None:
    clock = TurnedClock()
    async with Lease(database, "run", clock):
        with pytest.raises(DatabaseBusyError, match=f"process {os.getpid()} on"):
            await Lease(database, "run", clock).__aenter__()
        async with Lease(database, "something else", clock):
            pass
    assert await database.read(holders) == []
    async with Lease(database, "run", clock):
        pass


async def test_a_heartbeat_keeps_it_for_as_long_as_the_work_takes(database: Database) -> None:
    clock = TurnedClock()
    async with Lease(database, "run", clock) as lease:
        for _ in range(10):
            await beat_after(clock, SECONDS / 3, database)
        ((_, _, expires_at),) = await database.read(holders)
        assert from_microseconds(expires_at) == clock.now() + DURATION
        with pytest.raises(DatabaseBusyError):
            await Lease(database, "run", clock).__aenter__()
        assert not lease.lost.is_set()


def far_away() -> Process:
    return Process(host="elsewhere", place="another boot", pid=1, born="1")


async def test_a_holder_that_stopped_beating_is_followed_after_its_time(
    database: Database,
) -> None:
    clock = TurnedClock()
    until = clock.now() + timedelta(seconds=5)
    await database.write(hold_as(far_away(), to_microseconds(until)))
    with pytest.raises(DatabaseBusyError, match=r"process 1 on elsewhere.*12:00:05"):
        await Lease(database, "run", clock).__aenter__()
    clock.turn(5)
    async with Lease(database, "run", clock):
        pass


async def test_a_clock_set_back_keeps_nobody_out(database: Database) -> None:
    clock = TurnedClock()
    until = clock.now() + 2 * LONGEST_DURATION
    await database.write(hold_as(far_away(), to_microseconds(until)))
    assert await database.read(lambda c: is_held(c, "run", clock.now()))
    with pytest.raises(DatabaseBusyError, match=until.strftime("%Y-%m-%d %H:%M:%S")):
        await Lease(database, "run", clock).__aenter__()
    clock.turn(-1)
    assert not await database.read(lambda c: is_held(c, "run", clock.now()))
    async with Lease(database, "run", clock):
        pass


@pytest.mark.skipif(not Process.this().place, reason="needs /proc to tell processes apart")
async def test_a_holder_known_to_be_dead_is_followed_at_once(database: Database) -> None:
    clock = TurnedClock()
    me = Process.this()
    never_dies = to_microseconds(clock.now() + timedelta(seconds=90))
    ended = python("")
    for dead in (
        replace(me, born="1"),  # the number was given to another process since
        replace(me, pid=await asyncio.to_thread(reaped, ended), born="1"),
    ):
        await database.write(hold_as(dead, never_dies))
        async with Lease(database, "run", clock):
            pass
    for perhaps_alive in (replace(me), replace(me, place="", born=""), far_away()):
        await database.write(hold_as(perhaps_alive, never_dies))
        with pytest.raises(DatabaseBusyError):
            await Lease(database, "run", clock).__aenter__()
        await database.write(lambda connection: connection.execute("DELETE FROM leases"))


@pytest.mark.skipif(not Process.this().place, reason="needs /proc to tell processes apart")
def test_a_dead_process_that_nobody_reaped_yet_is_known_dead() -> None:
    child = python("input()")
    alive = replace(Process.this(), pid=child.pid, born=_birth(child.pid))
    assert not alive.known_dead()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert alive.known_dead()
    child.communicate()


async def test_a_lease_that_another_took_is_noticed(database: Database) -> None:
    clock = TurnedClock()
    async with Lease(database, "run", clock) as lease:
        await database.write(
            lambda connection: connection.execute("UPDATE leases SET holder = 'a|b|1|c|d'")
        )
        await beat_after(clock, SECONDS / 3, database)
        await asyncio.wait_for(lease.lost.wait(), timeout=30)
    assert len(await database.read(holders)) == 1  # not ours to remove


async def test_a_lease_that_cannot_be_prolonged_is_lost_once_its_time_is_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.writer.BUSY_TIMEOUT_SECONDS", 0.01)
    clock = TurnedClock()
    async with Lease(database, "run", clock) as lease:
        with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            clock.turn(1)
            await lease.beat()
            assert not lease.lost.is_set()
            other.execute("ROLLBACK")
            await lease.beat()
            other.execute("BEGIN IMMEDIATE")
            clock.turn(SECONDS - 1)
            await lease.beat()
            assert not lease.lost.is_set()
            clock.turn(1)
            await lease.beat()
            assert lease.lost.is_set()


async def test_a_lease_whose_table_is_gone_is_lost_in_time(database: Database) -> None:
    clock = TurnedClock()
    async with Lease(database, "run", clock) as lease:
        await database.write(lambda connection: connection.execute("DROP TABLE leases"))
        for _ in range(4):
            await beat_after(clock, SECONDS / 3, database)
        await asyncio.wait_for(lease.lost.wait(), timeout=30)


async def test_an_error_of_the_work_is_not_hidden(database: Database) -> None:
    async def work() -> None:
        async with Lease(database, "run", TurnedClock()):
            await database.close()
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await work()


HOLDER = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from bot.clock import SystemClock
    from storage.database import Database
    from storage.leases import Lease

    async def hold():
        database = await Database.open(Path(sys.argv[1]))
        async with Lease(database, "run", SystemClock()):
            print("held", flush=True)
            await asyncio.sleep(3600)

    asyncio.run(hold())
    """
)


@pytest.mark.process
@pytest.mark.skipif(not Process.this().place, reason="needs /proc to tell processes apart")
async def test_the_lease_of_a_killed_process_is_free_at_once(database: Database) -> None:
    child = python(HOLDER, str(database.path))
    assert child.stdout is not None
    assert await asyncio.to_thread(child.stdout.readline) == b"held\n"
    with pytest.raises(DatabaseBusyError, match=f"process {child.pid} "):
        await Lease(database, "run", SystemClock()).__aenter__()
    child.kill()
    await asyncio.to_thread(child.communicate)
    async with Lease(database, "run", SystemClock()):
        pass


async def test_no_schema_changes_under_a_live_holder(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    clock = TurnedClock()
    refuse_upgrade(path, "run", clock.now())
    database = await Database.open(path)
    async with Lease(database, "run", clock):
        refuse_upgrade(path, "run", clock.now())
        # As a newer program sees it, which has a migration that is not applied.
        await database.write(lambda c: c.execute("DELETE FROM migrations").rowcount)
        refuse_upgrade(path, "other", clock.now())
        with pytest.raises(DatabaseBusyError, match="another `jury run`"):
            refuse_upgrade(path, "run", clock.now())
    refuse_upgrade(path, "run", clock.now())
    await database.close()
