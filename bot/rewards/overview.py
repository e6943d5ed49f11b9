"""What operators see of the kudos, and how they pause payouts and let them go on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

from bot.caller import Caller
from bot.clock import Clock
from bot.horde.client import HordeClient
from bot.horde.errors import HordeError, RefusedForGoodError, UnfitKeyError
from bot.horde.records import Account
from bot.rewards import list_guard
from bot.rewards.planning import terms_of
from bot.settings import Settings
from bot.trust.access import AccessService
from storage import ledger, payout_due, payout_pauses, payouts, review_queue
from storage.database import Database
from storage.ledger import Totals
from storage.payout_due import Terms
from storage.payout_file import PayoutFile
from storage.payout_pauses import Pause
from storage.times import day_of, start_of

PATIENCE_SECONDS: Final = 8.0
"""How long an operator waits for the balance before the rest is shown without it."""

Trouble = Literal["silent", "unknown_key", "unfit_key"]


@dataclass(frozen=True, slots=True)
class Due:
    """Whom the bot would pay now, and how much today; the day's budget aside."""

    raters: int
    kudos: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at a glance; amounts in kudos.

    `account` pays the raters; None while rewards are off, and with `trouble` where it cannot be
    read. `budget_left` is of today. `cases` are payouts of which operators have to say what
    happened. `next_run` is None where nothing is to be sent, or not before an operator's word.
    """

    rewards_on: bool
    account: Account | None
    trouble: Trouble | None
    totals: Totals
    budget: int
    budget_left: int
    due: Due
    cases: int
    pauses: tuple[Pause, ...]
    next_run: datetime | None
    now: datetime


class OverviewService:
    """Adds up for operators, and takes their word; that they are operators is checked each time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        *,
        access: AccessService,
        horde: HordeClient,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._access = access
        self._horde = horde
        self._file = PayoutFile(database.path)

    async def of(self, caller: Caller) -> Overview:
        """Return the overview; takes as long as the Horde does. Raises NotAllowedError."""
        await self._access.require_operator(caller, "kudos")
        account, trouble = await self._account()
        sender = account.id if account is not None else 0

        def query(connection: Connection) -> Overview:
            return self._overview(connection, account, trouble, terms_of(self._settings, sender))

        return await self._database.read(query)

    async def pause(self, caller: Caller) -> None:
        """Send nothing until an operator says so; what is on its way arrives all the same."""
        await self._access.require_operator(caller, "kudos.pause")
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            if payout_pauses.begin(connection, "operator", "operator", now):
                self._access.record(connection, caller, "kudos.pause", actor="operator")

        await self._database.write(unit)

    async def resume(self, caller: Caller) -> None:
        """Lift every pause; what the Horde refused is tried again at once.

        The list of payouts beside the database is taken for the right one as it is now.
        """
        await self._access.require_operator(caller, "kudos.resume")

        def unit(connection: Connection) -> None:
            lifted = [payout_pauses.lift(connection, cause) for cause in ("operator", "horde")]
            if payout_pauses.find(connection, "list") is not None:
                lifted.append(list_guard.accept(connection, self._file))
            if any(lifted):
                self._access.record(connection, caller, "kudos.resume", actor="operator")

        await self._database.write(unit)

    async def _account(self) -> tuple[Account | None, Trouble | None]:
        if not self._settings.rewards_on:
            return None, None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._horde.own_account(), None
        except UnfitKeyError:
            return None, "unfit_key"
        except RefusedForGoodError:
            return None, "unknown_key"
        except (HordeError, TimeoutError):
            return None, "silent"

    def _overview(
        self, connection: Connection, account: Account | None, trouble: Trouble | None, terms: Terms
    ) -> Overview:
        now = self._clock.now()
        pauses = tuple(payout_pauses.every(connection))
        due = payout_due.due(connection, terms, now)
        left = max(0, payout_due.budget_left(connection, terms.budget, now))
        return Overview(
            rewards_on=self._settings.rewards_on,
            account=account,
            trouble=trouble,
            totals=ledger.totals(connection, now, terms.hold),
            budget=terms.budget,
            budget_left=left,
            due=_payable(due),
            cases=review_queue.count_open(connection, review_queue.PAYOUT_IN_DOUBT),
            pauses=pauses,
            next_run=self._next_run(
                connection, pauses, now, due=bool(due), enough=left >= terms.least
            ),
            now=now,
        )

    def _next_run(
        self,
        connection: Connection,
        pauses: tuple[Pause, ...],
        now: datetime,
        *,
        due: bool,
        enough: bool,
    ) -> datetime | None:
        if not self._settings.rewards_on or any(pause.lasts for pause in pauses):
            return None
        if pauses:
            return pauses[0].try_at
        moments = [
            each.next_try_at or now
            for state in payouts.OPEN
            for each in payouts.unsettled(connection, state)
        ]
        if due:
            moments.append(now if enough else start_of(day_of(now) + 1))
        return max(now, min(moments)) if moments else None


def _payable(due: Sequence[payout_due.Due]) -> Due:
    """Add up who is due; those who share an account share what it may still get today."""
    asked: Counter[int] = Counter()
    for each in due:
        asked[each.horde_id] += each.amount
    rooms = {each.horde_id: each.room for each in due}
    return Due(len(due), sum(min(asked[account], room) for account, room in rooms.items()))
