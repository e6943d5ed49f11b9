"""Payouts of which only a person can say whether they were paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from sqlite3 import Connection

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import (
    PayoutNotSentError,
    PayoutOnItsWayError,
    PayoutSettledError,
    UnknownPayoutError,
)
from bot.horde.payee import Alias
from bot.trust.access import AccessService
from bot.trust.enrolment import Enrolment
from storage import (
    audit,
    horde_links,
    payout_attempts,
    payout_pauses,
    payouts,
    raters,
    review_queue,
)
from storage.database import Database
from storage.payout_attempts import Attempt
from storage.payout_file import PayoutFile
from storage.payouts import Payout
from storage.review_queue import PAYOUT_IN_DOUBT, QueueItem

OPERATOR = "operator"
"""The answer that is kept with a payout that was settled by an operator's word."""


@dataclass(frozen=True, slots=True)
class PayoutCase:
    """A payout in doubt with every attempt; `waiting` counts the open cases, this one included.

    `discord_id` is None for an erased rater, `account` where the rater is paid elsewhere by now.
    """

    item: QueueItem
    payout: Payout
    attempts: tuple[Attempt, ...]
    waiting: int
    discord_id: int | None
    account: Alias | None


class Cases:
    """Shows operators the oldest case and takes their word; who they are is checked each time.

    What is found out meanwhile settles a case by itself.
    """

    def __init__(
        self, database: Database, clock: Clock, access: AccessService, enrolment: Enrolment
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._enrolment = enrolment
        self._file = PayoutFile(database.path)

    async def next(self, caller: Caller, *, after: int = 0) -> PayoutCase | None:
        """Return the case that has waited longest, `after` one that was left for later.

        Behind the newest comes the oldest again. Raises NotAllowedError.
        """
        await self._access.require_operator(caller, "payout.review")
        return await self._database.read(partial(_next, after=after))

    async def settle(self, caller: Caller, case_id: int, *, paid: bool) -> Payout:
        """Take an operator's word on a case and return the payout.

        Raises NotAllowedError, UnknownPayoutError, PayoutSettledError, PayoutOnItsWayError.
        """
        await self._access.require_operator(caller, "payout.settle")
        now = self._clock.now()

        def unit(connection: Connection) -> Payout:
            item = review_queue.by_id(connection, case_id)
            if item is None or item.payout_id is None:
                raise UnknownPayoutError
            if item.outcome is not None:
                raise PayoutSettledError
            by = self._enrolment.rater(connection, caller.discord_id, now).number
            return self._settle(connection, item.payout_id, paid=paid, by=by, now=now)

        return await self._database.write(unit)

    async def settle_by_id(self, payout_id: int, *, paid: bool) -> Payout:
        """Take the word of whoever runs the program; there need not be a case.

        Raises UnknownPayoutError, PayoutSettledError, PayoutNotSentError, PayoutOnItsWayError.
        """
        now = self._clock.now()
        return await self._database.write(
            partial(self._settle, payout_id=payout_id, paid=paid, by=None, now=now)
        )

    async def hurry(self, payout_id: int) -> Payout:
        """Let a payout wait no longer for itself or for our account; return it.

        It is sent as soon as the Horde can be asked and no operator's pause stands. Raises
        UnknownPayoutError, PayoutSettledError, PayoutOnItsWayError.
        """
        now = self._clock.now()

        def unit(connection: Connection) -> Payout:
            payout = unsettled(connection, payout_id)
            payouts.set_next_try(connection, payout.id, now)
            pause = payout_pauses.find(connection, "horde")
            if pause is not None:
                payout_pauses.begin(connection, "horde", pause.answer, pause.since, now)
            _note(connection, payout, "payout.retry", by=None, now=now)
            return payout

        return await self._database.write(unit)

    def _settle(
        self, connection: Connection, payout_id: int, *, paid: bool, by: int | None, now: datetime
    ) -> Payout:
        payout = unsettled(connection, payout_id)
        if payout.state == "planned":
            raise PayoutNotSentError
        if paid:
            payouts.pay(connection, payout.id, now, answer=OPERATOR)
        else:
            # Its awards may be in another payout from now on; the list has to know that before.
            self._file.knows(payout.key, now, OPERATOR, paid=False)
            payouts.refuse(connection, payout.id, OPERATOR, now)
        outcome = "paid" if paid else "unpaid"
        review_queue.settle_payout(connection, payout.id, by=by, outcome=outcome, now=now)
        _note(connection, payout, f"payout.{outcome}", by=by, now=now)
        return payout


def _next(connection: Connection, after: int) -> PayoutCase | None:
    item = review_queue.next_open(connection, PAYOUT_IN_DOUBT, after=after)
    if item is None or item.payout_id is None:
        return None
    payout = payouts.by_id(connection, item.payout_id)
    if payout is None:
        return None
    rater = raters.by_number(connection, payout.rater)
    link = horde_links.find(connection, payout.rater)
    same = link is not None and link.horde_id == payout.horde_id
    return PayoutCase(
        item=item,
        payout=payout,
        attempts=tuple(payout_attempts.of_payout(connection, payout.id)),
        waiting=review_queue.count_open(connection, PAYOUT_IN_DOUBT),
        discord_id=rater.discord_id if rater is not None else None,
        account=Alias(link.name, link.horde_id) if link is not None and same else None,
    )


def unsettled(connection: Connection, payout_id: int) -> Payout:
    """Return a payout that is planned or in doubt.

    Raises UnknownPayoutError, PayoutOnItsWayError, PayoutSettledError.
    """
    payout = payouts.by_id(connection, payout_id)
    if payout is None:
        raise UnknownPayoutError
    if payout.state == "sending":
        raise PayoutOnItsWayError
    if payout.state not in payouts.OPEN:
        raise PayoutSettledError
    return payout


def _note(
    connection: Connection, payout: Payout, action: str, *, by: int | None, now: datetime
) -> None:
    audit.record(
        connection,
        at=now,
        actor="operator",
        rater=by,
        action=action,
        subject=f"payout:{payout.id}",
        details={"amount": payout.amount},
    )
