"""Captchas whose time is over without an answer: they end, and count against nobody."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection
from typing import Final

import structlog

from bot.clock import Clock
from bot.trust.captcha import policy
from storage import captchas
from storage.captchas import Captcha
from storage.database import Database

LOOK_SECONDS: Final = 60.0
"""Between two looks for captchas that nobody comes back to."""

BATCH: Final = 100
"""Captchas ended in one unit: presses wait for no more than that."""

_log = structlog.get_logger()


def expire(connection: Connection, captcha: Captcha, now: datetime) -> bool:
    """End an open captcha if its time is over; return whether it is.

    One that was made later than now is of a clock that was set back since: it is over, too.
    """
    if captcha.made_at <= now < captcha.expires_at:
        return False
    captchas.settle(connection, captcha.id, "expired", now)
    record = policy.after_expiry(captchas.record(connection, captcha.rater))
    captchas.save(connection, captcha.rater, record)
    return True


class CaptchaExpiry:
    """Ends what nobody answers or presses again, so that records say what became of it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def settle(self) -> int:
        """End every open captcha whose time is over; return how many there were."""
        ended = 0
        while batch := await self._expire_some():
            ended += batch
        return ended

    async def run(self) -> None:
        """Look now and then; ends by being cancelled."""
        while True:
            try:
                await self.settle()
            except Exception:  # noqa: BLE001 - the edge of a worker: it must outlive every error
                _log.exception("captcha_expiry_failed")
            await self._clock.sleep(LOOK_SECONDS)

    async def _expire_some(self) -> int:
        now = self._clock.now()
        if not await self._database.read(lambda c: captchas.overdue(c, now, 1)):
            return 0

        def unit(connection: Connection) -> int:
            overdue = captchas.overdue(connection, now, BATCH)
            return sum(expire(connection, captcha, now) for captcha in overdue)

        return await self._database.write(unit)
