"""The worker that pays: one process at a time, one payout at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from sqlite3 import Connection
from typing import Final

import structlog

from bot.clock import Clock
from bot.horde.client import HordeClient
from bot.horde.pace import HOUR
from bot.rewards.account import LONGEST_SILENCE, PayingAccount
from bot.rewards.outcomes import NOT_ENOUGH, OF_ALL, is_of_one
from bot.rewards.planning import Planning, Ready, always
from bot.rewards.quiet import Quiet
from bot.rewards.replay import PayoutReplay
from bot.rewards.sending import LEASE, LEASE_DURATION, OnStep, Sending
from bot.rewards.settling import LONGEST_DOUBT, LONGEST_PAUSE, Settling
from bot.settings import Settings
from bot.trust.alerts import AlertService
from storage import leases, payout_attempts, payout_pauses, payouts
from storage.database import Database
from storage.errors import DatabaseBusyError, StorageError
from storage.payout_due import Due
from storage.payout_file import PayoutFile
from storage.payout_pauses import Pause
from storage.payouts import Payout, Sender

LOOK_EVERY: Final = timedelta(seconds=15)
"""Between two looks for what became due; an idle holder keeps its lease by them."""
PEOPLE_AFTER: Final = timedelta(hours=24)
"""What is in doubt for longer is shown to the operators."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Opened:
    """What was found; `taken`: the lease is new to this worker, which knows not of `sent`."""

    taken: bool
    doubted: int
    cases: int
    sent: list[datetime]
    pauses: list[Pause]


async def _tell_nobody(_step: str) -> None:
    """Take part in no step."""


class PayoutWorker:
    """Pays whoever is due. Any number may exist; the lease in the database lets one of them send.

    `on_step` is awaited after each step of a payout: planned, listed, sending, answered, settled.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        random: Random,
        settings: Settings,
        *,
        client: HordeClient,
        alerts: AlertService,
        scores_ready: Ready = always,
        on_step: OnStep = _tell_nobody,
    ) -> None:
        self._database = database
        self._clock = clock
        self._client = client
        self._alerts = alerts
        self._on_step = on_step
        self._holder = leases.new_holder()
        self._planning = Planning(database, clock, settings, scores_ready)
        self._settling = Settling(random, PayoutFile(database.path))
        self._account = PayingAccount(
            database, clock, random, client=client, alerts=alerts, settling=self._settling
        )
        self._replay = PayoutReplay(database, clock, holder=self._holder)
        self._sending = Sending(
            database,
            clock,
            random,
            client=client,
            alerts=alerts,
            holder=self._holder,
            cap=settings.kudos_daily_cap,
            on_step=on_step,
        )
        self._held_at: datetime | None = None
        self._list_doubted = False
        self._quiet = Quiet()
        self._stepping = asyncio.Lock()
        self._woken = asyncio.Event()
        self._stopping = False
        self._stopped = asyncio.Event()
        self._stopped.set()

    async def step(self, *, only: int | None = None) -> datetime:
        """Send at most one payout, if one is due, and return when to come again.

        `only` is the one payout that may be sent. Raises StorageError: nothing was sent then, or
        what was answered is kept in memory and written by the next step.
        """
        async with self._stepping:
            return await self._step(only)

    async def _step(self, only: int | None) -> datetime:
        now = self._clock.now()
        try:
            pauses = await self._open(now)
        except DatabaseBusyError as error:
            _log.debug("payouts_elsewhere", reason=str(error))
            self._quiet.end(now)
            return now + LOOK_EVERY
        if pauses:
            self._quiet.end(now)  # which was told
        until = self._until(now, pauses)
        if until > self._clock.now():  # time went on: what was the present is no wait
            await self._watch(now)
            return min(until, now + LOOK_EVERY)
        found = await self._next(now, only)
        if found is None:
            if not await self._put_off():
                self._quiet.end(now)
            return now + LOOK_EVERY
        sender = await self._account.sender()
        if sender is None:
            await self._watch(now)
        if sender is not None and not only and self._exceeds(found):
            found = await self._affordable(now)
        if sender is not None and found is not None:
            payout = await self._plan(found, sender) if isinstance(found, Due) else found
            if payout is not None:
                await self._send(payout, sender)
        again = max(now, self._account.silent_until or now, self._client.pace.next_turn())
        return min(again, now + LOOK_EVERY)

    async def run(self) -> None:
        """Pay until drained or cancelled."""
        self._stopped.clear()
        try:
            while not self._stopping:
                self._woken.clear()
                moment = await self._outlive()
                seconds = (moment - self._clock.now()).total_seconds()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), max(seconds, 0))
            await self.leave()
        finally:
            self._stopped.set()

    async def send_now(self, payout_id: int) -> bool:
        """Send one payout if it is due; False where another process is the one that pays."""
        await self.step(only=payout_id)
        await self.leave()
        return self._held_at is not None

    def wake(self) -> None:
        """Look soon for what became due."""
        self._woken.set()

    async def drain(self, seconds: float) -> None:
        """Begin nothing more, and wait up to that long for the answer that is on its way.

        One that comes later is asked for again at the next start.
        """
        self._stopping = True
        self.wake()
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            _log.warning("stopped_while_paying")

    async def leave(self) -> None:
        """Let another process send at once, unless an answer is still to be written."""
        if self._sending.unsettled is None:
            with suppress(StorageError):
                await self._database.write(partial(leases.leave, name=LEASE, holder=self._holder))

    async def _open(self, now: datetime) -> list[Pause]:
        """Take or keep the lease, and finish what an earlier step or process left unfinished."""
        opened = await self._database.write(partial(self._take, now=now))
        pauses = opened.pauses
        if opened.taken or self._list_doubted:
            self._list_doubted = True  # also where the next line raises
            await self._replay.replay()
            pauses = await self._database.read(payout_pauses.every)
        self._list_doubted = any(pause.cause == "list" for pause in pauses)
        self._client.pace.remember(opened.sent)
        self._held_at = now
        if opened.doubted:
            _log.warning("payouts_in_doubt", count=opened.doubted)
        if opened.cases or self._list_doubted:
            self._alerts.wake()
        await self._sending.settle()
        return pauses

    def _take(self, connection: Connection, *, now: datetime) -> _Opened:
        taken = leases.take_or_keep(
            connection, name=LEASE, holder=self._holder, now=now, until=now + LEASE_DURATION
        )
        unsettled = self._sending.unsettled
        doubted = payouts.doubt_sending(
            connection, now, but=None if unsettled is None else unsettled.payout.id
        )
        cases = 0
        for payout in payouts.unsettled(connection, "in_doubt"):
            if payout.first_sent_at is not None and now - payout.first_sent_at > PEOPLE_AFTER:
                answer = payout.answer or "not_known"
                cases += self._settling.open_case(connection, payout, answer, now)
        since = now - HOUR if self._held_at is None else max(now - HOUR, self._held_at)
        sent = payout_attempts.since(connection, since) if taken else []
        return _Opened(taken, doubted, cases, sent, payout_pauses.every(connection))

    def _until(self, now: datetime, pauses: list[Pause]) -> datetime:
        """Return until when nobody is paid; a moment further away is of a clock set back."""
        moments = [now, self._client.pace.next_turn()]
        for pause in pauses:
            if pause.lasts:
                moments.append(now + LOOK_EVERY)
            elif pause.try_at is not None and pause.try_at <= now + 2 * LONGEST_PAUSE:
                moments.append(pause.try_at)
        silent_until = self._account.silent_until
        if silent_until is not None and silent_until <= now + 2 * LONGEST_SILENCE:
            moments.append(silent_until)
        return max(moments)

    async def _next(
        self, now: datetime, only: int | None, most: int | None = None
    ) -> Payout | Due | None:
        """Return the payout that is to be sent now, or whose is to be planned.

        Those in doubt come first, and last those that were refused for a reason of their own.
        `most`: what is planned, or is to be, may be of so many kudos.
        """
        read = self._database.read
        for payout in await read(partial(payouts.unsettled, state="in_doubt")):
            if only in {None, payout.id} and _is_due(payout, now):
                return payout
        repeated = None
        for payout in await read(partial(payouts.unsettled, state="planned")):
            fits = most is None or payout.amount <= most
            if fits and only in {None, payout.id} and _is_due(payout, now):
                if payout.answer is None or not is_of_one(payout.answer):
                    return payout
                repeated = repeated or payout
        due = None if only else await self._planning.next(self._account.number, most)
        return due or repeated

    async def _watch(self, now: datetime) -> None:
        """Tell operators once where somebody is due, and for long nothing could be sent."""
        if not self._quiet.is_long(now):
            return
        if await self._put_off() or await self._next(now, None) is not None:
            self._quiet.tell()
            await self._alerts.notice("payouts_silent")
        else:
            self._quiet.end(now)

    async def _put_off(self) -> bool:
        """Tell whether a payout is planned that the Horde did not even look at."""
        planned = await self._database.read(partial(payouts.unsettled, state="planned"))
        return any(payout.answer in OF_ALL for payout in planned)

    def _exceeds(self, found: Payout | Due) -> bool:
        """Tell whether our account may have too little; what is in doubt may be paid already."""
        doubtful = isinstance(found, Payout) and found.state == "in_doubt"
        return found.amount > self._account.spendable and not doubtful

    async def _affordable(self, now: datetime) -> Payout | Due | None:
        """Return what is next of all that our account can pay; if that is nothing, pause."""
        found = await self._next(now, None, self._account.spendable)
        if found is None:
            pause = partial(self._settling.pause, answer=NOT_ENOUGH, now=now)
            await self._database.write(pause)
            self._alerts.wake()
        return found

    async def _plan(self, due: Due, sender: Sender) -> Payout | None:
        payout = await self._planning.plan(due, sender.account, self._account.spendable)
        if payout is not None:
            await self._on_step("planned")
        return payout

    async def _send(self, payout: Payout, sender: Sender) -> None:
        reason = None if payout.state == "planned" else _unprotected(payout, sender)
        if reason is not None:
            await self._database.write(partial(self._leave_to_people, payout, reason))
            self._alerts.wake()
            return
        try:
            outcome = await self._sending.send(payout, sender)
        finally:
            self._held_at = self._clock.now()
        if outcome is None:
            return
        if outcome.becomes in {"paid", "in_doubt"}:
            self._account.spend(payout.amount)
        elif outcome.fault == "ours":
            self._account.doubt_balance()
        if outcome.silent:
            self._account.fall_silent()
        else:
            self._account.end_silence()
            if outcome.answer not in OF_ALL:
                self._quiet.end(self._clock.now())

    def _leave_to_people(self, payout: Payout, reason: str, connection: Connection) -> None:
        """Ask the operators about a payout that must not be sent again as things are."""
        now = self._clock.now()
        payouts.set_next_try(connection, payout.id, now + LONGEST_DOUBT)
        self._settling.open_case(connection, payout, reason, now)

    async def _outlive(self) -> datetime:
        try:
            return await self.step()
        except Exception:  # noqa: BLE001 - the edge of a worker: it must outlive every error
            _log.exception("paying_failed")
            return self._clock.now() + LOOK_EVERY


def _is_due(payout: Payout, now: datetime) -> bool:
    """Tell whether it is time; a moment further away than any wait is of a clock set back."""
    at = payout.next_try_at
    return at is None or at <= now or at > now + 2 * LONGEST_DOUBT


def _unprotected(payout: Payout, sender: Sender) -> str | None:
    """Return in one word why sending a payout again might pay it twice, or None."""
    if not payout.resendable:
        return "keys_ignored"
    if payout.server != sender.server:
        return "other_server"
    if payout.sender_id != sender.account:
        return "other_account"
    return None if sender.honours_keys else "keys_ignored"
