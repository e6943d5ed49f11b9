"""Raters' reports of images: one a rater and image, and enough of them hide it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import BannedError, ConsentNeededError
from bot.rating.admission import find_shown
from bot.rating.consent import CONSENT_VERSION
from bot.settings import Settings
from bot.trust.access import AccessService
from bot.trust.alerts import AlertService
from bot.trust.enrolment import Enrolment
from bot.trust.hiding import Hiding
from bot.trust.rate_limit import charge
from bot.trust.refusals import ReportsOpenError
from bot.trust.wording import tidy
from storage import reports, review_queue
from storage.database import Database

PER_MINUTE: Final = 10
"""New reports that a rater may send."""


@dataclass(frozen=True, slots=True)
class ReportReceipt:
    """What came of a report; `new` is False for one that was made before, `hidden` if it hid."""

    image_id: int
    new: bool
    hidden: bool


class ReportService:
    """Takes reports. Each is idempotent by its interaction id, and by rater and image."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        *,
        access: AccessService,
        enrolment: Enrolment,
        alerts: AlertService,
        hiding: Hiding,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._enrolment = enrolment
        self._alerts = alerts
        self._access = access
        self._hiding = hiding

    async def report(
        self, caller: Caller, interaction_id: int, post_id: int, reason: str | None
    ) -> ReportReceipt:
        """Keep a report, at most REASON_LENGTH characters of its reason, for the moderators.

        The image is hidden at REPORTS_TO_HIDE reports of raters with REPORT_VOTES votes and, where
        there are captchas, a passed one; of moderators and validated raters each counts. Raises
        UnknownPostError, ForeignPostError, NotAllowedError, BannedError, BarredError,
        ConsentNeededError, RateLimitedError(seconds=...), ReportsOpenError where REPORTS_OPEN of
        theirs wait, and as many more for each that was upheld.
        """
        receipt = await self._database.write(
            lambda c: self._unit(c, caller, interaction_id, post_id, tidy(reason))
        )
        if receipt.new:
            kind = "image_hidden" if receipt.hidden else "image_reported"
            await self._alerts.notice(kind, image=receipt.image_id)
        return receipt

    def _unit(
        self,
        connection: Connection,
        caller: Caller,
        interaction_id: int,
        post_id: int,
        reason: str | None,
    ) -> ReportReceipt:
        now = self._clock.now()
        rater = self._enrolment.rater(connection, caller.discord_id, now)
        home = self._settings.home_guild_id
        shown, _ = find_shown(connection, caller, post_id, home, now, in_place=True)
        if rater.banned_at(now):
            raise BannedError.ending(rater.status_until)
        if rater.consent_version != CONSENT_VERSION:
            raise ConsentNeededError
        image_id = shown.post.image_id
        by_moderator = self._access.is_moderator(caller)
        if not reports.add(
            connection,
            image_id=image_id,
            rater=rater.number,
            post_id=post_id,
            reason=reason,
            interaction_id=interaction_id,
            by_moderator=by_moderator,
            now=now,
        ):
            return ReportReceipt(image_id, new=False, hidden=False)
        charge(connection, rater.number, "report", PER_MINUTE, now)
        if not by_moderator and rater.status != "validated":
            self._refuse_too_many(connection, rater.number, now)
        review_queue.put(connection, review_queue.REPORTED_IMAGE, image_id=image_id, now=now)
        hidden = self._hiding.hide(connection, image_id, now)
        return ReportReceipt(image_id, new=True, hidden=hidden)

    def _refuse_too_many(self, connection: Connection, rater: int, now: datetime) -> None:
        waiting, upheld = reports.count_of_rater(connection, rater, now)
        most = self._settings.reports_open * (1 + upheld)
        if waiting > most:
            raise ReportsOpenError(n=most)
