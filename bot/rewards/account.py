"""Our account at the Horde: whether it can be sent from now, and how much it can pay."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final

import structlog

from bot.clock import Clock
from bot.horde.client import HordeClient
from bot.horde.errors import HordeError, RefusedForGoodError, UnfitKeyError
from bot.rewards.outcomes import answer_of
from bot.rewards.settling import Settling
from bot.trust.alerts import AlertService
from storage.database import Database
from storage.payouts import Sender

FIRST_SILENCE: Final = timedelta(seconds=15)
LONGEST_SILENCE: Final = timedelta(minutes=15)
"""How long nobody is paid after the Horde did not answer sensibly; each time twice as long."""
MOST_DOUBLINGS: Final = 10
BALANCE_FOR: Final = timedelta(minutes=1)
"""How long what our account can pay is reckoned with, less what was sent since."""

_log = structlog.get_logger()


class PayingAccount:
    """Asks the Horde before each payout; after silence it is left alone for longer and longer.

    `number` is the account's, 0 before it was read. `spendable`: kudos that it can pay.
    `silent_until`: nobody is paid before, None while the Horde answers.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        random: Random,
        *,
        client: HordeClient,
        alerts: AlertService,
        settling: Settling,
    ) -> None:
        self._database = database
        self._clock = clock
        self._random = random
        self._client = client
        self._alerts = alerts
        self._settling = settling
        self._read_at: datetime | None = None
        self._silences = 0
        self.number = 0
        self.spendable = 0
        self.silent_until: datetime | None = None

    async def sender(self) -> Sender | None:
        """Return from where is sent now; None where the Horde or our account cannot do it."""
        try:
            heartbeat = await self._client.heartbeat()
            if not heartbeat.ok:
                self.fall_silent()
                return None
            await self._read()
        except (UnfitKeyError, RefusedForGoodError) as error:
            answer, now = answer_of(error), self._clock.now()
            await self._database.write(partial(self._settling.pause, answer=answer, now=now))
            self._alerts.wake()
            return None
        except HordeError as error:
            _log.warning("horde_silent", reason=str(error))
            self.fall_silent()
            return None
        honours_keys = heartbeat.version.idempotent and self._client.honours_keys
        return Sender(self._client.server, self.number, honours_keys)

    def fall_silent(self) -> None:
        """Send nothing for a while: the Horde did not answer sensibly."""
        doublings = min(self._silences, MOST_DOUBLINGS)
        wait = min(FIRST_SILENCE * 2**doublings, LONGEST_SILENCE)
        self._silences += 1
        self.silent_until = self._clock.now() + wait * (1 + self._random.random() / 10)

    def end_silence(self) -> None:
        """Have the next silence be as short as the first: the Horde answered."""
        self._silences = 0

    def spend(self, kudos: int) -> None:
        """Reckon with kudos as gone that were sent, or may have been."""
        self.spendable -= kudos

    def doubt_balance(self) -> None:
        """Read anew what the account can pay before the next payout."""
        self._read_at = None

    async def _read(self) -> None:
        now = self._clock.now()
        if self._read_at is None or not self._read_at <= now < self._read_at + BALANCE_FOR:
            account = await self._client.own_account()
            self.number, self.spendable = account.id, account.spendable
            self._read_at = now
