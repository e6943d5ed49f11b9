"""A lease with a heartbeat: one `jury run` a database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex
from socket import gethostname
from types import TracebackType
from typing import Protocol, Self

from storage.connections import connect, explain
from storage.database import Database
from storage.errors import DatabaseBusyError, StorageError
from storage.migrations import pending
from storage.times import from_microseconds, to_microseconds

DURATION = timedelta(seconds=30)
LONGEST_DURATION = timedelta(seconds=90)
"""No lease is taken for longer; one that ends far behind that is of a clock set back since."""
BEATS_A_DURATION = 3


class Clock(Protocol):
    """Where a lease reads the time and waits."""

    def now(self) -> datetime:
        """Return the current moment as aware UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock's time."""
        ...


@dataclass(frozen=True, slots=True)
class Process:
    """A process, told from every other one as far as the system allows.

    `place` is the machine since its boot and the namespace in which `pid` counts; `born` the
    process's start in the kernel's ticks. Both are empty where there is no /proc.
    """

    host: str
    place: str
    pid: int
    born: str

    @classmethod
    def this(cls) -> Process:
        """Return the running process."""
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            place = f"{boot},{Path('/proc/self/ns/pid').readlink()}"
        except OSError:
            place = ""
        return cls(gethostname(), place, os.getpid(), _birth(os.getpid()))

    def known_dead(self) -> bool:
        """Say whether this process certainly ended; False where that cannot be known."""
        if not self.place or self.place != Process.this().place:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return _birth(self.pid) != self.born


def _birth(pid: int) -> str:
    """Return when the process `pid` started, proc(5) `stat` field 22; empty if it ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The second field is the program's name in parentheses and may itself hold any of them.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]


class Lease:
    """Holds the name `name` in a database while the context is open.

        async with Lease(database, "run", clock) as lease:
            await lease.lost.wait()  # beside the work; stop when it returns

    Entering raises DatabaseBusyError while a live process holds the name. A holder that stopped
    beating is followed after `duration`, or at once where it is known to be dead. `lost` is set
    when another took over or no beat could be written for `duration`.
    """

    def __init__(
        self, database: Database, name: str, clock: Clock, duration: timedelta = DURATION
    ) -> None:
        self._holder = new_holder()
        self._database = database
        self._name = name
        self._clock = clock
        self._duration = duration
        self._held_until: datetime | None = None
        self._beating: asyncio.Task[None] | None = None
        self.lost = asyncio.Event()

    async def __aenter__(self) -> Self:
        now = self._clock.now()
        await self._database.write(
            partial(
                _take, name=self._name, holder=self._holder, now=now, until=now + self._duration
            )
        )
        self._held_until = now + self._duration
        self._beating = asyncio.create_task(self._beat_on(), name=f"lease {self._name}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait([self._beating])
        with contextlib.suppress(
            StorageError, sqlite3.Error
        ):  # left behind, the lease runs out by itself
            await self._database.write(partial(leave, name=self._name, holder=self._holder))

    async def beat(self) -> None:
        """Make the lease last for another duration from now, or set `lost`."""
        now = self._clock.now()
        until = now + self._duration
        try:
            kept = await self._database.write(
                partial(keep, name=self._name, holder=self._holder, until=until)
            )
        except (StorageError, sqlite3.Error):
            # A locked or full database: the lease is ours until the last beat's time is over.
            kept = self._held_until is not None and self._clock.now() < self._held_until
        else:
            self._held_until = until
        if not kept:
            self.lost.set()

    async def _beat_on(self) -> None:
        while not self.lost.is_set():
            await self._clock.sleep(self._duration.total_seconds() / BEATS_A_DURATION)
            await self.beat()


def new_holder() -> str:
    """Return a name for one holder in this process, different from every other one's."""
    process = Process.this()
    return "|".join((process.host, process.place, str(process.pid), process.born, token_hex(8)))


def is_held(connection: sqlite3.Connection, name: str, now: datetime) -> bool:
    """Tell whether somebody holds the name, so that long work beside them can make room."""
    row = connection.execute(
        "SELECT 1 FROM leases WHERE name = ? AND expires_at > ? AND expires_at <= ?",
        (name, to_microseconds(now), to_microseconds(now + 2 * LONGEST_DURATION)),
    ).fetchone()
    return row is not None


def is_held_by(connection: sqlite3.Connection, name: str, holder: str) -> bool:
    """Tell whether the name is `holder`'s, and was nobody else's since it took it."""
    row = connection.execute("SELECT holder FROM leases WHERE name = ?", (name,)).fetchone()
    return row is not None and row[0] == holder


def refuse_held(connection: sqlite3.Connection, name: str, now: datetime) -> None:
    """Raise DatabaseBusyError while a live process holds the name."""
    row = connection.execute(
        "SELECT holder, expires_at FROM leases WHERE name = ?", (name,)
    ).fetchone()
    if row is not None:
        host, place, pid, born, _ = row[0].split("|")
        expires_at = from_microseconds(row[1])
        lasts = now < expires_at <= now + 2 * LONGEST_DURATION
        if lasts and not Process(host, place, int(pid), born).known_dead():
            raise DatabaseBusyError(
                f"another `jury {name}` (process {pid} on {host}) uses this database; stop it "
                f"first, or if it is gone wait until {expires_at:%Y-%m-%d %H:%M:%S} UTC"
            )


def keep(connection: sqlite3.Connection, *, name: str, holder: str, until: datetime) -> bool:
    """Let a lease last until then; False where it is not `holder`'s any more."""
    changed = connection.execute(
        "UPDATE leases SET expires_at = ? WHERE name = ? AND holder = ?",
        (to_microseconds(until), name, holder),
    ).rowcount
    return changed == 1


def take_or_keep(
    connection: sqlite3.Connection, *, name: str, holder: str, now: datetime, until: datetime
) -> bool:
    """Hold the name for `holder` until then, without a heartbeat; True where it was not its own.

    Raises DatabaseBusyError while another live holder has it.
    """
    if keep(connection, name=name, holder=holder, until=until):
        return False
    _take(connection, name=name, holder=holder, now=now, until=until)
    return True


def leave(connection: sqlite3.Connection, *, name: str, holder: str) -> None:
    """Hold the name no more; another holder's is left alone."""
    connection.execute("DELETE FROM leases WHERE name = ? AND holder = ?", (name, holder))


def refuse_upgrade(path: Path, name: str, now: datetime) -> None:
    """Raise DatabaseBusyError where the schema would change under a live holder of the name.

    Also raises what `storage.migrations.pending` does.
    """
    if not path.exists() or not pending(path):
        return
    try:
        with contextlib.closing(connect(path, query_only=True)) as connection:
            if connection.execute("SELECT 1 FROM pragma_table_info('leases')").fetchone():
                refuse_held(connection, name, now)
    except sqlite3.Error as error:
        raise explain(error) or StorageError(str(error)) from error


def _take(
    connection: sqlite3.Connection, *, name: str, holder: str, now: datetime, until: datetime
) -> None:
    refuse_held(connection, name, now)
    connection.execute(
        "INSERT INTO leases (name, holder, expires_at) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,"
        " expires_at = excluded.expires_at",
        (name, holder, to_microseconds(until)),
    )
