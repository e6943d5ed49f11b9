"""Appeals: a limited or banned rater asks the moderators for a second look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import (
    AppealOpenError,
    AppealTooSoonError,
    ManagersMatterError,
    NotLimitedError,
    UserError,
    WordsNeededError,
)
from bot.settings import Settings
from bot.trust.alerts import AlertService
from bot.trust.enrolment import Enrolment
from bot.trust.wording import tidy
from storage import appeals, erasures, limits, raters, review_queue
from storage.appeals import Appeal
from storage.database import Database
from storage.limits import Limit

WORDS_LENGTH: Final = 1000
"""Characters of an appeal that are kept."""

APART: Final = timedelta(days=1)
"""Between two appeals of one person, and between an erasure and an appeal."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What limits a person, their latest appeal, and why they may not write one now, if so."""

    limits: tuple[Limit, ...]
    latest: Appeal | None
    obstacle: UserError | None


class AppealService:
    """For raters, and about the caller alone; moderators answer through the review queue."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        enrolment: Enrolment,
        alerts: AlertService,
    ) -> None:
        self._database = database
        self._clock = clock
        self._home = settings.home_guild_id
        self._enrolment = enrolment
        self._alerts = alerts

    async def standing(self, caller: Caller) -> Standing:
        """Return how the caller stands, to be shown: an answer that comes with it is delivered."""
        now = self._clock.now()

        def unit(connection: Connection) -> Standing:
            appeals.take_untold(connection, caller.discord_id, now)
            return self._known_standing(connection, caller, now)

        return await self._database.write(unit)

    async def require_cause(self, caller: Caller) -> None:
        """Let nobody type in vain.

        Raises NotLimitedError, ManagersMatterError, AppealOpenError, AppealTooSoonError.
        """
        now = self._clock.now()
        standing = await self._database.write(lambda c: self._known_standing(c, caller, now))
        if standing.obstacle is not None:
            raise standing.obstacle

    async def open(self, caller: Caller, interaction_id: int, words: str, locale: str) -> Appeal:
        """Put at most WORDS_LENGTH characters of an appeal before the moderators.

        `locale` is the language to answer in. Idempotent by the interaction. Raises
        WordsNeededError, and what `require_cause` does.
        """
        said = tidy(words, WORDS_LENGTH)
        if said is None:
            raise WordsNeededError
        now = self._clock.now()

        def unit(connection: Connection) -> tuple[Appeal, bool]:
            before = appeals.by_interaction(connection, interaction_id)
            if before is not None:
                return before, False
            standing = self._standing(connection, caller, now)
            if standing.obstacle is not None:
                raise standing.obstacle
            rater = self._enrolment.rater(connection, caller.discord_id, now).number
            review_queue.put(connection, review_queue.APPEAL, rater=rater, now=now)
            appeal = appeals.add(
                connection,
                rater=rater,
                words=said,
                locale=locale,
                interaction_id=interaction_id,
                now=now,
            )
            return appeal, True

        appeal, new = await self._database.write(unit)
        if new:
            await self._alerts.notice("appeal_opened")
        return appeal

    def _known_standing(self, connection: Connection, caller: Caller, now: datetime) -> Standing:
        """Return how somebody stands who asks; whoever was never seen leaves no trace by that."""
        known = raters.find(connection, caller.discord_id)
        if known is None and self._erased_at(connection, caller) is None:
            return Standing((), None, NotLimitedError())
        return self._standing(connection, caller, now)

    def _standing(self, connection: Connection, caller: Caller, now: datetime) -> Standing:
        rater = self._enrolment.rater(connection, caller.discord_id, now)
        found = limits.of_rater(connection, rater, now)
        latest = appeals.latest(connection, rater.number)
        erased_at = self._erased_at(connection, caller)
        opened_at = None if latest is None else latest.opened_at
        # A moment that is still to come is of a clock that was set back since.
        moments = (at for at in (erased_at, opened_at) if at is not None and at <= now)
        before = max(moments, default=None)
        return Standing(found, latest, self._obstacle(found, latest, before, now))

    def _obstacle(
        self,
        found: tuple[Limit, ...],
        latest: Appeal | None,
        before: datetime | None,
        now: datetime,
    ) -> UserError | None:
        if latest is not None and latest.outcome is None:
            return AppealOpenError(opened=int(latest.opened_at.timestamp()))
        if not found:
            return NotLimitedError()
        if all(is_managers(limit, self._home) for limit in found):
            return ManagersMatterError()
        if before is not None and now < before + APART:
            return AppealTooSoonError(when=int((before + APART).timestamp()))
        return None

    def _erased_at(self, connection: Connection, caller: Caller) -> datetime | None:
        erased = erasures.by_hash(connection, self._enrolment.digest(caller.discord_id))
        return None if erased is None else erased.erased_at


def is_managers(limit: Limit, home_guild_id: int | None) -> bool:
    """Tell whether only the managers of another server can lift this."""
    return limit.kind == "barred" and limit.guild_id != home_guild_id
