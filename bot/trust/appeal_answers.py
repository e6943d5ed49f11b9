"""Bringing the answer of an appeal to its rater: by direct message, else when they next come."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from bot.clock import Clock
from bot.errors import JuryError
from bot.texts import Texts
from bot.trust.wording import escape
from storage import appeals
from storage.appeals import Appeal, Untold
from storage.database import Database
from storage.errors import StorageError

RETRY_SECONDS: Final = 600.0
"""Until an answer is sent again that Discord did not take for now."""

GIVE_UP_AFTER: Final = timedelta(days=1)
"""An answer that could not be sent for so long waits for its rater to come."""

_log = structlog.get_logger()


class NotSentError(JuryError):
    """Discord does not take a direct message at the moment; it may later."""


class DirectMessages(Protocol):
    """How a person is written to."""

    async def send(self, discord_id: int, text: str) -> bool:
        """Send a message; False where this person takes none. Raises NotSentError."""
        ...


class AnswerService:
    """Sends what the database has to tell; nothing is lost by a restart, a crash may repeat it."""

    def __init__(self, database: Database, clock: Clock, texts: Texts) -> None:
        self._database = database
        self._clock = clock
        self._texts = texts
        self._messages: DirectMessages | None = None
        self._wanted = asyncio.Event()
        self._absent: set[int] = set()

    def connect(self, messages: DirectMessages) -> None:
        """Send answers from now on, and those that wait."""
        self._messages = messages
        self._wanted.set()

    def wake(self) -> None:
        """Send soon what was answered."""
        self._wanted.set()

    def waits_for(self, discord_id: int) -> bool:
        """Tell whether this person has to be told something when they come; asks no database."""
        return discord_id in self._absent

    async def take(self, discord_id: int, language: str) -> str | None:
        """Return the answer that waits for a person, once."""
        if discord_id not in self._absent:
            return None
        self._absent.discard(discord_id)
        now = self._clock.now()
        appeal = await self._database.write(lambda c: appeals.take_untold(c, discord_id, now))
        return None if appeal is None else told(self._texts, language, appeal)

    async def settle(self) -> None:
        """Try once to send each answer that was not sent yet."""
        self._wanted.clear()
        absent = await self._database.read(appeals.refused)
        self._absent = {each.discord_id for each in absent}
        if self._messages is not None:
            for untold in await self._database.read(appeals.untold):
                await self._try(self._messages, untold)

    async def run(self) -> None:
        """Deliver for ever; ends by being cancelled."""
        while True:
            try:
                await self.settle()
            except Exception:  # noqa: BLE001 - the edge of a worker: the bot ends with it
                _log.exception("answers_failed")
            try:
                async with asyncio.timeout(RETRY_SECONDS):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def _try(self, messages: DirectMessages, untold: Untold) -> None:
        appeal, now = untold.appeal, self._clock.now()
        language = self._texts.locale_for(untold.chosen_locale, appeal.locale)
        try:
            if await messages.send(untold.discord_id, told(self._texts, language, appeal)):
                await self._database.write(lambda c: appeals.set_delivered(c, appeal.id, now))
                return
        except (NotSentError, StorageError) as error:
            _log.warning("answer_not_sent", rater=appeal.rater, reason=str(error))
            if appeal.answered_at is None or _is_young(appeal.answered_at, now):
                return
        await self._database.write(lambda c: appeals.set_tried(c, appeal.id, now))
        self._absent.add(untold.discord_id)


def _is_young(answered_at: datetime, now: datetime) -> bool:
    """Tell whether the answer is tried again; one to come is of a clock that was set back since."""
    return answered_at <= now < answered_at + GIVE_UP_AFTER


def told(texts: Texts, language: str, appeal: Appeal) -> str:
    """Say how an answered appeal ended, with the moderator's words."""
    return texts.say(
        f"appeal.{appeal.outcome}",
        language,
        opened=int(appeal.opened_at.timestamp()),
        answer=escape(appeal.answer or ""),
    )
