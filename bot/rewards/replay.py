"""What the list beside the database knows and the database does not, at every opening."""

from __future__ import annotations

import asyncio
from functools import partial
from sqlite3 import Connection

import structlog

from bot.clock import Clock
from bot.rewards import list_guard
from bot.rewards.sending import LEASE
from bot.trust.alerts import WINDOW
from storage import alerts, leases, payout_list, payout_restore
from storage.database import Database
from storage.errors import DatabaseBusyError
from storage.payout_file import PayoutFile, Told

_log = structlog.get_logger()


class PayoutReplay:
    """Puts back the payouts that a restored backup does not know of, so that none is paid twice.

    `holder` is who holds the lease of those that pay; whoever only opens the database has none.
    """

    def __init__(self, database: Database, clock: Clock, *, holder: str | None = None) -> None:
        self._database = database
        self._clock = clock
        self._holder = holder
        self._file = PayoutFile(database.path)

    async def replay(self) -> int:
        """Return how many payouts were put back or changed; 0 beside a process that pays.

        That one does it when it begins. A list that is not the right one pauses payouts. Raises
        StorageError, also where the list cannot be read, and for a holder DatabaseBusyError once it
        is none.
        """
        if await self._database.read(partial(list_guard.is_current, file=self._file)):
            return 0
        now = self._clock.now()
        fault = await self._database.write(partial(list_guard.watch, file=self._file, now=now))
        if fault is not None:
            _log.warning("payouts_paused", reason=fault)
            await asyncio.to_thread(self._file.check)
            return 0
        known = await self._database.read(payout_restore.read_up_to)
        told, end = await asyncio.to_thread(self._file.read, known)
        try:
            restored = await self._database.write(partial(self._restore, told=told, end=end))
        except DatabaseBusyError:
            if self._holder is not None:
                raise
            return 0
        if restored:
            _log.warning("payouts_restored", payouts=restored)
        return restored

    def _restore(self, connection: Connection, *, told: list[Told], end: int) -> int:
        now = self._clock.now()
        if self._holder is None or not leases.is_held_by(connection, LEASE, self._holder):
            leases.refuse_held(connection, LEASE, now)
        payout_list.note(connection, self._file)
        before = payout_restore.lost(connection)
        restored = payout_restore.restore(connection, told, end, now)
        payouts, kudos = lost = payout_restore.lost(connection)
        if lost != before:
            values = {"payouts": payouts, "kudos": kudos}
            alerts.add(connection, "payouts_lost", values, now=now, window=WINDOW)
        return restored
