"""What the list beside the database knows and the database does not, at every opening."""

from __future__ import annotations

import asyncio
from functools import partial
from sqlite3 import Connection

from bot.clock import Clock
from bot.rewards.sending import LEASE
from storage import leases, payout_restore
from storage.database import Database
from storage.errors import DatabaseBusyError
from storage.payout_file import PayoutFile, Told


class PayoutReplay:
    """Puts back the payouts that a restored backup does not know of, so that none is paid twice."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._file = PayoutFile(database.path)

    async def replay(self) -> int:
        """Return how many payouts were put back or changed; 0 beside a process that pays.

        That one did it when it started. Raises StorageError, also where the list cannot be read.
        """
        size = await asyncio.to_thread(self._file.size)
        known = await self._database.read(payout_restore.read_up_to)
        if size == known:
            return 0
        told, end = await asyncio.to_thread(self._file.read, known if known < size else 0)
        try:
            return await self._database.write(partial(self._restore, told=told, end=end))
        except DatabaseBusyError:
            return 0

    def _restore(self, connection: Connection, *, told: list[Told], end: int) -> int:
        now = self._clock.now()
        leases.refuse_held(connection, LEASE, now)
        return payout_restore.restore(connection, told, end, now)
