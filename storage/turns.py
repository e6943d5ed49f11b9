"""Writing beside a bot in another process: in short turns, so that no press waits for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from sqlite3 import Connection
from typing import Final, TypeVar

from storage.writer import begin_at_once

T = TypeVar("T")

TURN_SECONDS: Final = 0.004
"""How long a turn shall take, and the pause after it, beside a bot."""

ALONE_SECONDS: Final = 0.05
"""How long one shall take where nobody waits."""

FIRST_ROWS, FEWEST_ROWS, MOST_ROWS = 100, 20, 20_000
FASTEST_GROWTH: Final = 2.0

PATIENCE_SECONDS: Final = 60.0
"""How long a turn waits for the lock: under load the bot writes nearly always."""


class Turns:
    """Writes many rows in turns of a few milliseconds each, as many rows as fit in.

    `beside` says that a bot may wait. A commit waits for no disk: after a loss of power the last
    turns may be gone, in their order, and never a part of one. So this is for what is made anew.
    """

    def __init__(self, connection: Connection, *, beside: bool) -> None:
        self._connection = connection
        self._goal = TURN_SECONDS if beside else ALONE_SECONDS
        self._beside = beside
        self._rows = FIRST_ROWS
        connection.execute("PRAGMA synchronous = NORMAL")

    def write(
        self, rows: Sequence[T], unit: Callable[[Connection, Sequence[T]], object]
    ) -> Iterator[int]:
        """Hand the rows to `unit`, some in each turn; yield after each how many are done.

        Raises sqlite3.Error; what earlier turns have written stays.
        """
        done = 0
        while done < len(rows):
            some = rows[done : done + self._rows]
            started = time.monotonic()
            with self.turn() as connection:
                begun = time.monotonic()
                unit(connection, some)
            taken = max(time.monotonic() - begun, 1e-6)
            done += len(some)
            fitting = len(some) * min(self._goal / taken, FASTEST_GROWTH)
            self._rows = min(max(int(fitting), FEWEST_ROWS), MOST_ROWS)
            yield done
            self._pause(time.monotonic() - started)

    @contextmanager
    def turn(self) -> Iterator[Connection]:
        """Open one transaction, which is undone where the block raises. Raises sqlite3.Error."""
        begin_at_once(self._connection, PATIENCE_SECONDS)
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _pause(self, seconds: float) -> None:
        if self._beside:
            time.sleep(max(seconds, TURN_SECONDS))
