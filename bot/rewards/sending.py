"""One payout on its way: listed, marked as sending, sent once, and settled by the answer.

A crash before it is listed leaves it planned. After a later one the next start takes it for in
doubt: it is sending, or it is listed, and nobody knows more. What an answer proves is written in
one unit; until that is done nothing else is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from sqlite3 import Connection
from typing import Final

import structlog

from bot.clock import Clock
from bot.horde.answers import CONCERNS, Concern
from bot.horde.client import HordeClient
from bot.horde.errors import HordeError, NotSentError, RefusedForGoodError
from bot.rewards import list_guard
from bot.rewards.outcomes import Outcome, Situation, outcome
from bot.rewards.settling import Settling
from bot.trust.alerts import AlertService
from storage import (
    leases,
    payout_attempts,
    payout_due,
    payout_list,
    payout_pauses,
    payout_restore,
    payouts,
)
from storage.database import Database
from storage.errors import StorageError
from storage.payout_file import PayoutFile
from storage.payouts import Payout, Sender

LEASE: Final = "payouts"
LEASE_DURATION: Final = leases.LONGEST_DURATION
"""Longer than a request may take to leave and to be answered, without its wait for the pace: it is
taken anew before each one, and whoever lost it takes what it finds sending for in doubt."""
LATEST_START: Final = timedelta(seconds=30)
"""A request that could not leave so long after its mark does not leave any more."""

NEVER_SENT: Final = frozenset({"planned", "cancelled"})

OnStep = Callable[[str], Awaitable[None]]
"""Told each step when it is done: planned, listed, sending, answered, settled."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that leaves now, and the awards that it pays, each an image and a scale."""

    attempt: int
    awards: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer in memory that the tables do not know yet."""

    payout: Payout
    begun: Begun
    outcome: Outcome
    honours_keys: bool


class Sending:
    """Sends one payout at a time, for the holder of the lease."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        random: Random,
        *,
        client: HordeClient,
        alerts: AlertService,
        holder: str,
        cap: int,
        on_step: OnStep,
    ) -> None:
        self._database = database
        self._clock = clock
        self._client = client
        self._holder = holder
        self._cap = cap
        self._on_step = on_step
        self._file = PayoutFile(database.path)
        self._settling = Settling(random, self._file)
        self._alerts = alerts
        self.unsettled: Answered | None = None

    async def send(self, payout: Payout, sender: Sender) -> Outcome | None:
        """Send a planned payout, or one in doubt once more; None where it may not be sent.

        Raises StorageError: then it was not sent, or `unsettled` keeps the answer.
        """
        first = payout.state == "planned"
        if not await self._database.write(partial(self._list, payout, sender)):
            self._alerts.wake()
            return None
        await self._on_step("listed")
        try:
            begun = await self._database.write(partial(self._begin, payout, sender))
        except StorageError:
            await self._database.write(partial(self._list_unsent, payout))
            raise
        if begun is None:
            await self._database.write(partial(self._list_unsent, payout))
            return None
        begun_at = self._clock.now()
        await self._on_step("sending")
        error = await self._request(payout, begun_at)
        honours_keys = sender.honours_keys and self._client.honours_keys
        situation = Situation(first, honours_keys, await self._own_deleted(error))
        self.unsettled = Answered(payout, begun, outcome(error, situation), honours_keys)
        await self._on_step("answered")
        return await self.settle()

    async def settle(self) -> Outcome | None:
        """Write what the last answer proves, if that is still to be done. Raises StorageError."""
        answered = self.unsettled
        if answered is None:
            return None
        now = self._clock.now()
        paid = await self._database.write(partial(self._settle, answered, now))
        self.unsettled = None
        self._alerts.wake()
        _log.info(
            "payout_answered",
            payout=answered.payout.id,
            becomes=answered.outcome.becomes,
            answer=answered.outcome.answer,
        )
        if paid:
            await self._note_paid(answered.payout, now)
        await self._on_step("settled")
        return answered.outcome

    def _settle(self, answered: Answered, now: datetime, connection: Connection) -> bool:
        """Write an answer in a unit; tell whether the payout is paid now."""
        if not answered.honours_keys:
            payouts.distrust_key(connection, answered.payout.id)
        return self._settling.settle(
            connection,
            payout=answered.payout,
            attempt=answered.begun.attempt,
            awards=answered.begun.awards,
            outcome=answered.outcome,
            now=now,
        )

    def _list(self, payout: Payout, sender: Sender, connection: Connection) -> bool:
        """List that a request is about to leave; False where it is not ours to send any more.

        In a unit, so that no line comes between those of somebody who took the payout over.
        """
        now = self._clock.now()
        current = payouts.by_id(connection, payout.id)
        if current is None or current.state != payout.state or not self._keep_lease(connection):
            return False
        if list_guard.watch(connection, self._file, now) is not None:
            return False
        if current.state == "planned":
            self._file.sends(payout_restore.listing(connection, current, sender, now))
        else:
            self._file.sends_again(current.key, now)
        payout_list.note(connection, self._file)
        return True

    def _list_unsent(self, payout: Payout, connection: Connection) -> None:
        """List that a first request did not leave; without the lease nobody knows that."""
        current = payouts.by_id(connection, payout.id)
        if current is None or current.state not in NEVER_SENT:
            return
        if self._keep_lease(connection):
            self._file.knows(payout.key, self._clock.now(), "not_sent", paid=False)

    def _begin(self, payout: Payout, sender: Sender, connection: Connection) -> Begun | None:
        """Mark the payout as sending, if it may still be sent and the lease is ours."""
        now = self._clock.now()
        if not self._keep_lease(connection):
            return None
        if any(pause.lasts for pause in payout_pauses.every(connection)):
            return None
        if payout.state == "planned":
            hindrance = payout_due.obstacle(connection, payout.id, self._cap, now)
            if hindrance is not None:
                payouts.cancel(connection, payout.id, hindrance, now)
                return None
            marked = payouts.begin_first(connection, payout.id, sender, now)
        else:
            marked = payouts.begin_again(connection, payout.id)
        if not marked:
            return None
        awards = tuple(
            (image, scale) for image, scale, *_ in payouts.awards_of(connection, payout.id)
        )
        return Begun(payout_attempts.add(connection, payout.id, now), awards)

    def _keep_lease(self, connection: Connection) -> bool:
        """Keep the lease for as long as a request takes; False where it was lost, if only once.

        So nobody else can have listed or sent anything between two units of ours.
        """
        until = self._clock.now() + LEASE_DURATION
        return leases.keep(connection, name=LEASE, holder=self._holder, until=until)

    async def _request(self, payout: Payout, begun_at: datetime) -> HordeError | None:
        if self._clock.now() - begun_at > LATEST_START:
            return NotSentError("the program stood still")
        try:
            await self._client.transfer(payout.horde_id, payout.amount, payout.key)
        except HordeError as error:
            return error
        except ValueError as error:  # refused by our own client, before anything left
            _log.error("payout_refused_here", payout=payout.id, reason=str(error))
            return RefusedForGoodError("KudosTransferToSelf", 0)
        return None

    async def _own_deleted(self, error: HordeError | None) -> bool | None:
        """Find out whom an answer means that does not say which account is deleted."""
        if error is None or CONCERNS.get(error.rc) is not Concern.EITHER:
            return False
        try:
            return (await self._client.own_account()).deleted
        except HordeError:
            return None

    async def _note_paid(self, payout: Payout, now: datetime) -> None:
        """List the proof; without it a restored backup would only ask the Horde again."""
        try:
            await asyncio.to_thread(self._file.knows, payout.key, now, "paid", paid=True)
        except StorageError as error:
            _log.warning("payout_not_listed_as_paid", payout=payout.id, reason=str(error))
