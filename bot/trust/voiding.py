"""What moderators take out and bring back: votes and reports since a moment, or a single vote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from bot.caller import Caller
from bot.clock import Clock
from bot.trust.access import AccessService
from bot.trust.hiding import Hiding
from bot.trust.moments import parse_past
from bot.trust.people import as_subject, known
from bot.trust.refusals import NothingToRestoreError, UnknownVoteError
from bot.trust.void_orders import VoidOrders
from bot.trust.wording import tidy
from storage import raters, reports, void_orders, voids, votes
from storage.audit import Details
from storage.database import Database
from storage.raters import Rater
from storage.void_orders import Cause, VoidOrder


@dataclass(frozen=True, slots=True)
class Revert:
    """A revert that is in force: so many votes are void because of it, and open reports out.

    `images` came back into sight with it, for these reports alone had hidden them.
    """

    id: int
    since: datetime
    ordered_at: datetime
    reason: str | None
    votes: int
    reports: int
    images: int = 0


@dataclass(frozen=True, slots=True)
class Restored:
    """How many reverts were lifted, and how many of the rater's votes are void all the same."""

    reverts: int
    void: int


@dataclass(frozen=True, slots=True)
class VoteVerdict:
    """What came of a decision about one vote: whether it was news, and whether the vote is void.

    A vote that is restored stays void as long as a ban or revert wants it.
    """

    changed: bool
    void: bool


class VoidingService:
    """For moderators. Several orders over the same votes compose: each is lifted by itself."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        access: AccessService,
        orders: VoidOrders,
        hiding: Hiding,
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._orders = orders
        self._hiding = hiding

    async def revert(
        self, caller: Caller, discord_id: int, since: str, reason: str | None = None
    ) -> Revert:
        """Take out every vote that the rater gave, changed or took back since a moment.

        And their open reports since then, which follow from the order as long as it stands; images
        that these alone had hidden are shown again.
        `since` is as of `parse_past`; what is to come counts again. Returns when all votes are
        out, or after the next start they are. Raises NotAllowedError, OwnMatterError,
        NeverSeenError, UnknownMomentError, FutureMomentError.
        """
        await self._access.require_moderator(caller, "rater.revert", about=discord_id)
        now = self._clock.now()
        moment = parse_past(since, now)

        def unit(connection: Connection) -> tuple[VoidOrder, int]:
            rater = known(connection, discord_id)
            order = void_orders.add(
                connection, rater.number, "revert", now, since=moment, reason=tidy(reason)
            )
            details: Details = {"order": order.id, "since": moment.isoformat()}
            self._access.record(connection, caller, "rater.revert", as_subject(rater), details)
            return order, self._hiding.bring_back(connection, rater.number, now)

        order, images = await self._database.write(unit)
        await self._orders.settle()
        return await self._database.read(lambda c: _revert(c, order, images))

    async def reverts(self, caller: Caller, discord_id: int) -> list[Revert]:
        """Return the rater's reverts that are in force, the latest first.

        For an autocomplete: none for anybody but a moderator, none of an unknown rater.
        """
        if not self._access.is_moderator(caller):
            return []

        def query(connection: Connection) -> list[Revert]:
            rater = raters.find(connection, discord_id)
            if rater is None:
                return []
            in_force = void_orders.in_force(connection, rater.number, "revert")
            return [_revert(connection, order) for order in reversed(in_force)]

        return await self._database.read(query)

    async def restore(
        self, caller: Caller, discord_id: int, revert_id: int | None = None
    ) -> Restored:
        """Lift one revert of the rater, or all of them.

        Raises NotAllowedError, OwnMatterError, NeverSeenError, NothingToRestoreError.
        """
        await self._access.require_moderator(caller, "rater.restore", about=discord_id)
        now = self._clock.now()

        def unit(connection: Connection) -> tuple[int, int]:
            rater = known(connection, discord_id)
            lifted = [
                order
                for order in void_orders.in_force(connection, rater.number, "revert")
                if revert_id in {None, order.id}
            ]
            if not lifted:
                raise NothingToRestoreError
            for order in lifted:
                _lift(connection, self._access, caller, rater=rater, order=order, now=now)
            return rater.number, len(lifted)

        number, lifted = await self._database.write(unit)
        await self._orders.settle()
        left = await self._database.read(lambda c: voids.count_of_rater(c, number))
        return Restored(lifted, left)

    async def void_vote(self, caller: Caller, discord_id: int, image_id: int) -> VoteVerdict:
        """Take one vote out.

        Raises NotAllowedError, OwnMatterError, NeverSeenError, UnknownVoteError.
        """
        await self._access.require_moderator(caller, "vote.void", about=discord_id)
        now = self._clock.now()

        def unit(connection: Connection) -> VoteVerdict:
            rater = known(connection, discord_id)
            if votes.find(connection, rater.number, image_id) is None:
                raise UnknownVoteError
            if _of_vote(connection, rater, image_id):
                return VoteVerdict(changed=False, void=True)
            order = void_orders.add(connection, rater.number, "vote", now, image_id=image_id)
            self._orders.void(connection, order, image_id)
            void_orders.settle(connection, order.id, now)
            self._access.record(
                connection, caller, "vote.void", as_subject(rater), {"image": image_id}
            )
            return VoteVerdict(changed=True, void=True)

        return await self._database.write(unit)

    async def restore_vote(self, caller: Caller, discord_id: int, image_id: int) -> VoteVerdict:
        """Bring one vote back that was taken out by itself. Raises what `void_vote` does."""
        await self._access.require_moderator(caller, "vote.restore", about=discord_id)
        now = self._clock.now()

        def unit(connection: Connection) -> VoteVerdict:
            rater = known(connection, discord_id)
            if votes.find(connection, rater.number, image_id) is None:
                raise UnknownVoteError
            orders = _of_vote(connection, rater, image_id)
            for order in orders:
                void_orders.lift(connection, order.id, now)
                self._orders.restore(connection, order, image_id)
                void_orders.settle(connection, order.id, now)
            if orders:
                self._access.record(
                    connection, caller, "vote.restore", as_subject(rater), {"image": image_id}
                )
            void = voids.undone(connection, rater.number, image_id) is not None
            return VoteVerdict(changed=bool(orders), void=void)

        return await self._database.write(unit)


def lift_all(
    connection: Connection, access: AccessService, caller: Caller, rater: Rater, now: datetime
) -> None:
    """Lift every revert of the rater, and bring back each vote that was taken out by itself.

    In the unit of a decision that was checked; `VoidOrders.settle` then carries it out.
    """
    causes: tuple[Cause, ...] = ("revert", "vote")
    for cause in causes:
        for order in void_orders.in_force(connection, rater.number, cause):
            _lift(connection, access, caller, rater=rater, order=order, now=now)


def _lift(
    connection: Connection,
    access: AccessService,
    caller: Caller,
    *,
    rater: Rater,
    order: VoidOrder,
    now: datetime,
) -> None:
    void_orders.lift(connection, order.id, now)
    action, details = "rater.restore", {"order": order.id}
    if order.image_id is not None:
        action, details = "vote.restore", {"image": order.image_id}
    access.record(connection, caller, action, as_subject(rater), details)


def _of_vote(connection: Connection, rater: Rater, image_id: int) -> list[VoidOrder]:
    in_force = void_orders.in_force(connection, rater.number, "vote")
    return [order for order in in_force if order.image_id == image_id]


def _revert(connection: Connection, order: VoidOrder, images: int = 0) -> Revert:
    assert order.since is not None  # noqa: S101 - a revert has it
    return Revert(
        order.id,
        order.since,
        order.ordered_at,
        order.reason,
        votes=voids.count(connection, order.id),
        reports=reports.count_reverted(connection, order.id),
        images=images,
    )
