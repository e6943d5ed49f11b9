"""What verified accounts say of their raters, read again while the raters are active."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot.clock import Clock
from bot.horde.client import HordeClient
from bot.horde.errors import HordeError, RefusedForGoodError
from bot.rewards.linking import signals_of
from storage import horde_links
from storage.database import Database
from storage.horde_links import HordeLink

READ_EVERY: Final = timedelta(hours=24)
ACTIVE: Final = timedelta(days=1)
"""Who voted within this time is active."""

AGAIN_AFTER: Final = timedelta(hours=1)
"""When an account that the Horde refused to show is asked for again."""

AT_ONCE: Final = 20
"""How many accounts are read in one go; the Horde answers 60 to 90 a minute."""

LOOK_EVERY_SECONDS: Final = 60.0

_log = structlog.get_logger()


class SignalsService:
    """Keeps the signals of active raters young. Needs no key: they are public."""

    def __init__(self, database: Database, clock: Clock, horde: HordeClient) -> None:
        self._database = database
        self._clock = clock
        self._horde = horde
        self._refused: dict[int, datetime] = {}

    async def run(self) -> None:
        """Keep them young for ever; ends by being cancelled."""
        while True:
            try:
                await self.refresh_due()
            except Exception:  # noqa: BLE001 - the edge of a worker: it must outlive every error
                _log.exception("signals_failed")
            await self._clock.sleep(LOOK_EVERY_SECONDS)

    async def refresh_due(self) -> int:
        """Read what is due, one account after another; return how many were read.

        Stops where the Horde is silent: the rest is still due at the next call.
        """
        now = self._clock.now()
        self._refused = {one: until for one, until in self._refused.items() if until > now}
        due = await self._database.read(
            partial(
                horde_links.to_read_again,
                read_before=now - READ_EVERY,
                voted_after=now - ACTIVE,
                now=now,
                limit=AT_ONCE + len(self._refused),
            )
        )
        read = 0
        for link in [one for one in due if one.horde_id not in self._refused][:AT_ONCE]:
            try:
                read += await self._refresh(link)
            except RefusedForGoodError as error:
                self._refused[link.horde_id] = now + AGAIN_AFTER
                _log.info("signals_refused", rater=link.rater, answer=error.rc)
            except HordeError as error:
                _log.info("signals_wait", reason=str(error))
                break
        return read

    async def _refresh(self, link: HordeLink) -> bool:
        account = await self._horde.account(link.horde_id)
        now = self._clock.now()
        return await self._database.write(
            lambda connection: horde_links.keep_signals(
                connection, link, account.name, signals_of(account), now
            )
        )
