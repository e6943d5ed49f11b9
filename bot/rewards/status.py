"""What one rater earned, what became of it, and what comes next."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from sqlite3 import Connection
from typing import Final, Literal

from bot.caller import Caller
from bot.clock import Clock
from bot.rewards.planning import terms_of
from bot.settings import Settings
from storage import (
    holds,
    horde_links,
    ledger,
    payout_due,
    payout_pauses,
    payouts,
    rater_awards,
    raters,
)
from storage.database import Database
from storage.horde_links import HordeLink
from storage.ledger import RaterLedger
from storage.payouts import Payout
from storage.raters import Rater
from storage.times import day_of, start_of

LAST_PAYOUTS: Final = 10

Outlook = Literal[
    "off", "banned", "under_way", "no_link", "refused", "paused", "minimum", "soon", "at"
]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why kudos are held; all of it may be at once.

    `images_until`: the last award that waits for its image waits no longer than that. `checked`:
    until somebody has looked at the ratings. `banned_until`: a ban that ends by itself.
    """

    images_until: datetime | None = None
    checked: bool = False
    banned_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NextPayout:
    """What comes next, or what is missing.

    `kudos`: of the payout under way or next, at most, or what is missing to the minimum. `moment`:
    not earlier than that.
    """

    outlook: Outlook
    kudos: int = 0
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """The kudos earned on each day of a UTC month up to `today`."""

    today: date
    kudos: tuple[int, ...]

    @property
    def days(self) -> int:
        """How many days the whole month has."""
        return monthrange(self.today.year, self.today.month)[1]


@dataclass(frozen=True, slots=True)
class Status:
    """All that `/horde status` shows; `banned` is a ban without an end.

    `displaced`: the account that the rater had named, and its owner then proved.
    """

    rewards_on: bool
    banned: bool
    ledger: RaterLedger
    waiting: Waiting
    next_payout: NextPayout
    link: HordeLink | None
    displaced: str | None
    payouts: tuple[Payout, ...]
    month: Month


class StatusService:
    """Tells raters about themselves."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._terms = terms_of(settings)

    async def of(self, caller: Caller) -> Status:
        """Return the caller's; all 0 for somebody who was never seen."""
        return await self._database.read(lambda connection: self._of(connection, caller))

    def _of(self, connection: Connection, caller: Caller) -> Status:
        now = self._clock.now()
        rater = raters.find(connection, caller.discord_id)
        number = 0 if rater is None else rater.number
        sums = ledger.of_rater(connection, number, now, self._terms.hold)
        link = horde_links.find(connection, number)
        return Status(
            rewards_on=self._settings.rewards_on,
            banned=rater is not None and rater.banned_for_good,
            ledger=sums,
            waiting=self._waiting(connection, rater, now),
            next_payout=self._next(connection, rater, sums, link, now),
            link=link,
            displaced=horde_links.displaced(connection, number),
            payouts=tuple(payouts.of_rater(connection, number, LAST_PAYOUTS)),
            month=_month(connection, number, now),
        )

    def _waiting(self, connection: Connection, rater: Rater | None, now: datetime) -> Waiting:
        if rater is None:
            return Waiting()
        return Waiting(
            rater_awards.last_release(connection, rater.number, now, self._terms.hold),
            checked=bool(holds.of_rater(connection, rater.number)),
            banned_until=rater.status_until if rater.banned_at(now) else None,
        )

    def _next(
        self,
        connection: Connection,
        rater: Rater | None,
        sums: RaterLedger,
        link: HordeLink | None,
        now: datetime,
    ) -> NextPayout:
        if sums.paying:
            return NextPayout("under_way", sums.paying)
        if not self._settings.rewards_on:
            return NextPayout("off")
        if rater is not None and rater.banned_at(now):
            return NextPayout("banned", moment=rater.status_until)
        if link is None:
            return NextPayout("no_link")
        if link.not_before is not None and link.not_before > now:
            return NextPayout("refused", moment=link.not_before)
        return self._due(connection, link, sums, now)

    def _due(
        self, connection: Connection, link: HordeLink, sums: RaterLedger, now: datetime
    ) -> NextPayout:
        terms = self._terms
        if sums.released < terms.least:
            return NextPayout("minimum", terms.least - sums.released)
        most = min(sums.released, terms.day)
        if payout_pauses.every(connection):
            return NextPayout("paused", most)
        due = payout_due.not_before(connection, link.rater, terms, now)
        if due is not None:
            return NextPayout("at", most, due)
        picked = payout_due.pick(connection, link.rater, terms, now)
        if picked is None:
            return NextPayout("at", most, start_of(day_of(now) + 1))
        return NextPayout("soon", picked.amount)


def _month(connection: Connection, number: int, now: datetime) -> Month:
    last = day_of(now)
    first = last - now.day + 1
    earned = rater_awards.by_day(connection, number, first, last)
    return Month(now.date(), tuple(earned.get(day, 0) for day in range(first, last + 1)))
