"""The queue of what waits for moderators: any kind of case, one moderator at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import ClassVar

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import ClaimedError, SettledError, WrongValueError
from bot.trust.access import AccessService
from bot.trust.enrolment import Enrolment
from storage import claims, raters, review_queue
from storage.claims import Waiting
from storage.database import Database
from storage.review_queue import QueueItem


class CaseKind(ABC):
    """One kind of case: what a moderator has to see, and what may be decided.

    A new kind is a subclass that is given to the ReviewService, and a card in
    `cogs.reviewing.CARDS`.
    """

    name: ClassVar[str]
    """As in `review_queue.kind`; also names texts."""

    decisions: ClassVar[tuple[str, ...]]
    """Small letters and _, at most 20: they are in custom_ids. `later` and `words` are taken."""

    @abstractmethod
    def look(self, connection: Connection, item: QueueItem) -> object | None:
        """Return what the case is about; None where nothing is left to decide."""

    async def prepare(  # noqa: B027 - most kinds have nothing to do before
        self, caller: Caller, item: QueueItem, decision: str, words: str
    ) -> None:
        """Do before the unit what takes more than one; the case is the caller's, `decide` may fail.

        So it has to be something that may be done again, and stay done. May raise a UserError.
        """

    @abstractmethod
    def carry_out(
        self, connection: Connection, caller: Caller, item: QueueItem, decision: str, words: str
    ) -> None:
        """Do what was decided and settle the case, inside the unit that checked it is open.

        `words` are what the moderator typed, for decisions that ask for some. May raise a
        UserError: then the case stays as it was.
        """

    async def follow_up(self) -> None:  # noqa: B027 - most kinds have nothing to finish
        """Finish outside of the unit what a decision began; again where a stop interrupted it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case that the caller now has in hand, until `until` at least.

    `about` is what its kind returned from `look`; `waiting` counts this one too.
    """

    item: QueueItem
    about: object
    waiting: Waiting
    until: datetime


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing waits for the caller; what there is, others have in hand."""

    waiting: Waiting


class ReviewService:
    """Hands out the oldest cases and takes decisions; the role is checked at each of both."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        access: AccessService,
        enrolment: Enrolment,
        kinds: Sequence[CaseKind],
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._enrolment = enrolment
        self._kinds = {kind.name: kind for kind in kinds}

    @property
    def kinds(self) -> Collection[CaseKind]:
        """Every kind of case that is handed out."""
        return self._kinds.values()

    async def next_case(self, caller: Caller, *, after: int = 0) -> Case | Idle:
        """Hand out the case that has waited longest, `after` one that is left for later.

        It is the caller's for `claims.LENGTH`: nobody else is shown it or may decide it; none is
        about the caller. The one left for later is free again. Behind the newest comes the oldest.
        Cases of which nothing is left to decide are settled on the way. Raises NotAllowedError.
        """
        await self._access.require_moderator(caller, "rater.review")

        def unit(connection: Connection) -> Case | Idle:
            now = self._clock.now()
            by = self._enrolment.rater(connection, caller.discord_id, now).number
            if after:
                claims.release(connection, after, by=by)
            found = self._take_next(connection, by, now, after)
            waiting = claims.waiting(connection, self._kinds, by=by, now=now)
            if found is None:
                return Idle(waiting)
            return Case(*found, waiting, now + claims.LENGTH)

        return await self._database.write(unit)

    async def hold(self, caller: Caller, item_id: int, decision: str) -> QueueItem:
        """Have a case for another while, for a decision that needs words first.

        Raises what `decide` does.
        """
        action = self._action(decision)
        await self._access.require_moderator(caller, action)
        about = await self._database.read(lambda c: _about(c, item_id))
        await self._access.require_moderator(caller, action, about=about)
        return await self._database.write(lambda c: self._claimed(c, caller, item_id, decision))

    async def decide(
        self, caller: Caller, item_id: int, decision: str, words: str = ""
    ) -> QueueItem:
        """Settle a case and return it as it was.

        Raises NotAllowedError, OwnMatterError, WrongValueError for an unknown case or decision,
        SettledError, ClaimedError(until=...) where another moderator has it, and what its kind
        raises.
        """
        item = await self.hold(caller, item_id, decision)
        await self._kinds[item.kind].prepare(caller, item, decision, words)

        def unit(connection: Connection) -> QueueItem:
            item = self._claimed(connection, caller, item_id, decision)
            self._kinds[item.kind].carry_out(connection, caller, item, decision, words)
            return item

        item = await self._database.write(unit)
        await self._kinds[item.kind].follow_up()
        return item

    def _action(self, decision: str) -> str:
        """Name a decision for the log: what is forged must not bring in words of its own."""
        known = any(decision in kind.decisions for kind in self._kinds.values())
        return f"review.{decision if known else 'decide'}"

    def _take_next(
        self, connection: Connection, by: int, now: datetime, after: int
    ) -> tuple[QueueItem, object] | None:
        while item := claims.take_next(connection, self._kinds, by=by, now=now, after=after):
            about = self._kinds[item.kind].look(connection, item)
            if about is not None:
                return item, about
            review_queue.settle(connection, item.id, by=None, outcome="gone", now=now)
        return None

    def _claimed(
        self, connection: Connection, caller: Caller, item_id: int, decision: str
    ) -> QueueItem:
        """Return an open case that the caller has from now on."""
        item = review_queue.by_id(connection, item_id)
        kind = None if item is None else self._kinds.get(item.kind)
        if item is None or kind is None or decision not in kind.decisions:
            raise WrongValueError
        if item.outcome is not None:
            raise SettledError
        now = self._clock.now()
        by = self._enrolment.rater(connection, caller.discord_id, now).number
        if not claims.take(connection, item.id, by=by, now=now):
            until = claims.held_until(connection, item.id, by=by, now=now) or now
            raise ClaimedError(until=int(until.timestamp()))
        return item


def _about(connection: Connection, item_id: int) -> int | None:
    """Return the Discord id of whom a case is about; None of an image, or of somebody erased."""
    item = review_queue.by_id(connection, item_id)
    rater = None if item is None or item.rater is None else raters.by_number(connection, item.rater)
    return None if rater is None else rater.discord_id
