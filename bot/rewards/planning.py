"""Who is paid next: the query's answer is gone through in order, and each payout planned alone."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from sqlite3 import Connection
from typing import Final
from uuid import uuid4

from bot.clock import Clock
from bot.settings import Settings
from storage import payout_due, payouts
from storage.database import Database
from storage.payout_due import Due, Terms
from storage.payouts import Payout

OLDEST_ANSWER: Final = timedelta(minutes=5)
"""After that the query is asked again, for those who became due meanwhile and wait longer."""

Ready = Callable[[], Awaitable[bool]]
"""Tells whether holds are as young as payouts need them; if not, work on that is under way."""


async def always() -> bool:
    """Hold nobody up."""
    return True


def terms_of(settings: Settings, sender: int = 0) -> Terms:
    """Return what the settings say; `sender` is our own account, 0 where it is not known yet."""
    return Terms(
        hold=timedelta(hours=settings.hold_hours),
        period=timedelta(hours=settings.payout_period_hours),
        minimum=settings.payout_minimum,
        cap=settings.kudos_daily_cap,
        budget=settings.kudos_daily_budget,
        sender=sender,
    )


@dataclass(frozen=True, slots=True)
class Coming:
    """What would be paid next: a rater, and how much today's limits leave for them."""

    due: Due
    amount: int


class Planning:
    """Finds the rater who has waited longest and may be paid, and plans their payout."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, ready: Ready = always
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._ready = ready
        self._waiting: deque[Due] = deque()
        self._asked_at: datetime | None = None

    async def next(self, sender: int, most: int | None = None) -> Due | None:
        """Return who is to be paid next, of no more than `most` kudos if given, or None.

        Nobody is looked for while that or the day's budget leaves less than a payout, and nobody
        is next before it is `ready` who is held. `most` is for a second look, after a first one.
        """
        now = self._clock.now()
        terms = terms_of(self._settings, sender)
        left = await self._database.read(lambda c: payout_due.budget_left(c, terms.budget, now))
        if min(left, left if most is None else most) < terms.least:
            return None
        if not self._waiting or not self._is_fresh(now):
            self._waiting = deque(
                await self._database.read(lambda c: payout_due.due(c, terms, now))
            )
            self._asked_at = now
        kept = _kept(left, most)
        while self._waiting:
            due = self._waiting[0]
            pick = partial(payout_due.pick, rater=due.rater, terms=terms, now=now, before=kept)
            if await self._database.read(pick) is None:
                self._waiting.popleft()
            elif most is None and not await self._ready():
                return None
            else:
                return due
        return None

    async def plan(self, due: Due, sender: int, most: int | None = None) -> Payout | None:
        """Plan the payout of who is next, of no more than `most` kudos if given.

        None where there is nothing to pay any more.
        """
        if self._waiting and self._waiting[0] == due:
            self._waiting.popleft()
        now = self._clock.now()
        terms = terms_of(self._settings, sender)
        key = str(uuid4())

        def unit(connection: Connection) -> Payout | None:
            left = payout_due.budget_left(connection, terms.budget, now)
            picked = payout_due.pick(connection, due.rater, terms, now, _kept(left, most))
            if picked is None:
                return None
            return payouts.create(
                connection,
                key=key,
                rater=due.rater,
                horde_id=picked.horde_id,
                verified=picked.verified,
                awards=picked.awards,
                now=now,
            )

        return await self._database.write(unit)

    async def coming(self, limit: int) -> list[Coming]:
        """Return the next `limit` payouts as they would be planned now, one after another."""
        now = self._clock.now()
        terms = terms_of(self._settings)

        def query(connection: Connection) -> list[Coming]:
            planned: Counter[int] = Counter()
            found = []
            for due in payout_due.due(connection, terms, now):
                picked = payout_due.pick(connection, due.rater, terms, now, planned)
                if picked is None:
                    continue
                planned[picked.horde_id] += picked.amount
                found.append(Coming(due, picked.amount))
                if len(found) == limit:
                    break
            return found

        return await self._database.read(query)

    def _is_fresh(self, now: datetime) -> bool:
        return self._asked_at is not None and self._asked_at <= now < self._asked_at + OLDEST_ANSWER


def _kept(left: int, most: int | None) -> Mapping[int, int]:
    """Return what of the day's budget is kept back, as sent to nobody, for only `most` to be left.

    The limits of a day stay what they are: they tell how small a payout may be.
    """
    return {} if most is None else {0: max(0, left - most)}
