"""Alerts, folded: a flood of one kind is one message with a count.

What moderators act on goes to a channel of theirs where there is one, all else to the operators'.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final, Protocol

import structlog

from bot.clock import Clock
from bot.errors import JuryError
from bot.settings import Settings
from bot.texts import ENGLISH, Texts
from storage import alerts, servers
from storage.alerts import Alert
from storage.database import Database
from storage.errors import StorageError

WINDOW: Final = timedelta(hours=1)
"""A kind begins a new message after that: Discord caps edits of older messages (code 30046)."""

MODERATORS: Final = frozenset({"appeal_opened", "image_hidden", "image_reported", "rater_suspect"})
"""The kinds that moderators act on; each says by which command."""

PAUSE_SECONDS: Final = 2.0
"""Between two deliveries: what comes meanwhile is folded into one edit."""

_log = structlog.get_logger()


class AlertsUndeliverableError(JuryError):
    """The alert channel is missing, or Discord refuses the message."""


class AlertChannel(Protocol):
    """Where alerts are shown."""

    async def send(self, text: str) -> int:
        """Post a message and return its id; raises AlertsUndeliverableError."""
        ...

    async def edit(self, message_id: int, text: str) -> bool:
        """Change a message; False where it is gone. Raises AlertsUndeliverableError."""
        ...


class AlertService:
    """Keeps alerts in the database first, then shows them; nothing is lost by a restart."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, texts: Texts) -> None:
        self._database = database
        self._clock = clock
        self._home = settings.home_guild_id
        self._texts = texts
        self._operators: AlertChannel | None = None
        self._moderators: AlertChannel | None = None
        self._waiting = asyncio.Event()

    def connect(
        self, operators: AlertChannel | None, moderators: AlertChannel | None = None
    ) -> None:
        """Show alerts there from now on, and those that wait.

        Without a channel of their own what concerns moderators goes to the operators'. What has no
        channel waits.
        """
        self._operators = operators
        self._moderators = moderators or operators
        self._waiting.set()

    async def notice(self, kind: str, **values: str | int) -> None:
        """Keep one alert; `alert.<kind>` is its text and `values` fill it. Never raises."""
        now = self._clock.now()
        try:
            await self._database.write(
                lambda c: alerts.add(c, kind, values, now=now, window=WINDOW)
            )
        except StorageError as error:
            _log.warning("alert_not_kept", kind=kind, values=values, reason=str(error))
        self._waiting.set()

    def wake(self) -> None:
        """Show soon what another unit of this program kept with `storage.alerts.add`."""
        self._waiting.set()

    async def settle(self) -> None:
        """Show what is not shown yet, once.

        What Discord does not take waits for the next alert or start; nothing is tried in a loop.
        What this program cannot even put into words waits for news of its kind.
        """
        self._waiting.clear()
        if self._operators is None and self._moderators is None:
            return
        try:
            waiting = await self._database.read(alerts.undelivered)
        except StorageError as error:
            _log.warning("alerts_not_delivered", reason=str(error))
            return
        for alert in waiting:
            channel = self._moderators if alert.kind in MODERATORS else self._operators
            if channel is not None:
                await self._try(channel, alert)

    async def run(self) -> None:
        """Deliver for ever; ends by being cancelled."""
        while True:
            await self._waiting.wait()
            try:
                await self.settle()
            except Exception:  # noqa: BLE001 - the edge of a worker: the bot ends with it
                _log.exception("alerts_failed")
            await self._clock.sleep(PAUSE_SECONDS)

    async def _try(self, channel: AlertChannel, alert: Alert) -> None:
        try:
            await self._deliver(channel, alert)
        except (AlertsUndeliverableError, StorageError) as error:
            _log.warning("alert_not_delivered", kind=alert.kind, reason=str(error))
        except Exception:  # noqa: BLE001 - the edge of a worker, for each alert on its own
            _log.exception("alert_given_up", kind=alert.kind, values=alert.values)
            await self._database.write(lambda c: alerts.give_up(c, alert))

    async def _deliver(self, channel: AlertChannel, alert: Alert) -> None:
        text = await self._text(alert)
        message_id = alert.message_id
        is_old = not alert.first_at <= self._clock.now() < alert.first_at + WINDOW
        if message_id is None or is_old or not await channel.edit(message_id, text):
            message_id = await channel.send(text)
        shown_in = message_id
        await self._database.write(lambda c: alerts.delivered(c, alert, shown_in))

    async def _text(self, alert: Alert) -> str:
        locale = ENGLISH
        if self._home is not None:
            home = self._home
            chosen = await self._database.read(lambda c: servers.locale(c, home))
            locale = chosen or ENGLISH
        text = self._texts.say(f"alert.{alert.kind}", locale, **alert.values)
        if alert.count == 1:
            return text
        since = int(alert.first_at.timestamp())
        return self._texts.say("alert.folded", locale, text=text, n=alert.count, since=since)
