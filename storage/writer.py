"""One writer with group commit: whatever waits becomes durable together."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from storage.connections import BUSY_TIMEOUT_SECONDS, ThreadedConnection, explain, is_busy
from storage.errors import StorageError

T = TypeVar("T")
Unit = Callable[[sqlite3.Connection], T]
Outcome = tuple[Any, BaseException | None]

BATCH_LIMIT = 500
RETRY_SECONDS = 0.001
LONG_BATCH_SECONDS = 0.04
PAUSE_SECONDS = 0.002
"""After a long batch, for other processes that wait for their turn."""


class Writer:
    """Takes units from many callers and commits all that wait in one transaction.

    A batch is one hop to the connection's thread and one sync of the disk, which is what makes
    group commit fast. The task that does it lives only while something waits. The connection is
    one that was opened `for_units`.
    """

    def __init__(self, connection: ThreadedConnection, batch_limit: int = BATCH_LIMIT) -> None:
        self._connection = connection
        self._batch_limit = batch_limit
        self._waiting: list[tuple[Unit[Any], asyncio.Future[Any]]] = []
        self._running: list[asyncio.Future[Any]] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` in a savepoint; return its result once it is durable.

        An exception of the unit undoes that unit alone and is raised here. StorageError: the
        batch was undone and nothing of the unit was written. A caller that is cancelled cannot
        know whether its unit was written; the other units of the batch are not touched by it.
        """
        if self._closed:
            raise StorageError("the database is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((unit, future))
        if self._task is None:
            self._start()
        return await future

    async def close(self) -> None:
        """Take no more units and return when those that wait are done."""
        self._closed = True
        while self._task is not None:
            await asyncio.wait([self._task])
            await asyncio.sleep(0)  # its callbacks run

    def _start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="database writer")
        self._task.add_done_callback(self._stopped)

    async def _work(self) -> None:
        while units := self._take():
            started = time.monotonic()
            try:
                outcomes = await self._connection.run(partial(_commit_together, units))
            except StorageError as error:
                outcomes = [(None, type(error)(*error.args)) for _ in units]
            _resolve(self._running, outcomes)
            # Callers that write again at once join the next batch.
            long = time.monotonic() - started > LONG_BATCH_SECONDS
            await asyncio.sleep(PAUSE_SECONDS if long else 0)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        """Go on with units that came as the task ended; let nobody wait for a broken one."""
        self._task = None
        if task.cancelled() or task.exception() is not None:
            for future in (*self._running, *(future for _, future in self._waiting)):
                future.cancel()
            self._waiting.clear()
            if not task.cancelled():
                task.result()
        elif self._waiting:
            self._start()

    def _take(self) -> list[Unit[Any]]:
        """Move the next batch from waiting to running and return its units."""
        live = [pair for pair in self._waiting if not pair[1].cancelled()]
        batch, self._waiting = live[: self._batch_limit], live[self._batch_limit :]
        self._running = [future for _, future in batch]
        return [unit for unit, _ in batch]


def _resolve(futures: Sequence[asyncio.Future[Any]], outcomes: Sequence[Outcome]) -> None:
    for future, (result, error) in zip(futures, outcomes, strict=True):
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def _commit_together(units: Sequence[Unit[Any]], connection: sqlite3.Connection) -> list[Outcome]:
    """Run the units in one transaction; raises StorageError with the transaction undone."""
    try:
        begin_at_once(connection)
        outcomes = [_run_unit(connection, unit) for unit in units]
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise explain(error) or StorageError(f"nothing was written: {error}") from error
    return outcomes


def begin_at_once(connection: sqlite3.Connection, patience: float = BUSY_TIMEOUT_SECONDS) -> None:
    """Begin; wait so many seconds for another process by trying every millisecond.

    SQLite's own wait tries ten times a second, so a process that writes much and pauses little
    would starve this one. The connection must not wait by itself. Raises sqlite3.Error.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return


def _run_unit(connection: sqlite3.Connection, unit: Unit[Any]) -> Outcome:
    """Run one unit in its savepoint; raises sqlite3.Error when the whole transaction is lost."""
    connection.execute("SAVEPOINT unit")
    result = None
    try:
        result = unit(connection)
        connection.execute("RELEASE unit")
    except BaseException as error:  # noqa: BLE001 - belongs to the unit's caller, who gets it
        result = None  # a cursor perhaps, which would block the commit
        return None, _undo_unit(connection, error)
    return result, None


def _undo_unit(connection: sqlite3.Connection, error: BaseException) -> BaseException:
    """Undo the unit that raised `error` and return what its caller shall see."""
    if not connection.in_transaction:
        # SQLite answers some failures, a full disk among them, by undoing the transaction.
        if isinstance(error, sqlite3.Error):
            raise error
        raise sqlite3.OperationalError("a unit ended the transaction") from error
    # The traceback keeps the unit's frames, and so perhaps a cursor that would block the commit.
    traceback.clear_frames(error.__traceback__)
    connection.execute("ROLLBACK TO unit")
    connection.execute("RELEASE unit")
    if isinstance(error, sqlite3.Error):
        return explain(error) or error
    if isinstance(error, StopIteration):
        return RuntimeError("a unit raised StopIteration")  # which a future cannot carry
    return error
