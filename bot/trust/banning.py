"""Bans: who may not rate, at home or anywhere, by word of a moderator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Literal

from bot.caller import Caller
from bot.clock import Clock
from bot.rewards.voiding import void_unpaid
from bot.trust.access import AccessService
from bot.trust.enrolment import Enrolment
from bot.trust.erased_people import Change, ErasedPeople
from bot.trust.hiding import Hiding
from bot.trust.holds import release
from bot.trust.people import as_subject
from bot.trust.recounting import Recounting
from bot.trust.validating import VALIDATE, WORDS_OF_TRUST
from bot.trust.void_orders import VoidOrders
from bot.trust.wording import tidy
from storage import audit, bars, raters, void_orders, voids
from storage.audit import Details
from storage.bars import Bar
from storage.database import Database
from storage.erasure_file import Erasure
from storage.raters import Rater, RaterStatus

Place = Literal["here", "everywhere"]
Votes = Literal["keep", "void"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a moderator decides: for how long, where, and what becomes of the votes.

    `length` None: until it is lifted. here: in the home server alone. void: the votes that are
    there count no more, those of `place`, until the ban is lifted, not only until it ends. None:
    that for a ban without end everywhere; every other one is a pause, and leaves them alone.
    """

    length: timedelta | None = None
    place: Place = "everywhere"
    votes: Votes | None = None

    @property
    def takes_votes(self) -> bool:
        """Whether the votes become void."""
        if self.votes is None:
            return self.length is None and self.place == "everywhere"
        return self.votes == "void"


@dataclass(frozen=True, slots=True)
class Verdict:
    """About whom was decided, as the audit log names them, and what came of it.

    `changed`: it was news. `until` ends a ban by itself. `void`: how many votes are void because
    of the ban, or, once it is lifted, for other reasons. `trusted`: the rater is validated again,
    as before the ban. `images` came back into sight, for reports of theirs alone had hidden them.
    """

    subject: str
    changed: bool
    until: datetime | None = None
    void: int = 0
    trusted: bool = False
    images: int = 0


class BanService:
    """Bans raters and lifts bans; every act is checked, logged and in force at once.

    What it does to many votes is finished when a call returns, or after the next start.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        access: AccessService,
        enrolment: Enrolment,
        recounting: Recounting,
        orders: VoidOrders,
        hiding: Hiding,
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._enrolment = enrolment
        self._recounting = recounting
        self._orders = orders
        self._hiding = hiding
        self._erased = ErasedPeople(database, enrolment)

    async def ban(
        self,
        caller: Caller,
        discord_id: int,
        reason: str | None,
        sentence: Sentence = Sentence(),
    ) -> Verdict:
        """Ban a person, seen before or not; a later ban of the same place replaces an earlier one.

        Images that their reports alone had hidden are shown again, where it is everywhere. Kudos
        that are not paid are void as long as a ban without end lasts; the audit log says how
        many. The reason, at most REASON_LENGTH characters, is for moderators and the person alone;
        it is not in the audit log, because it must leave with an erasure. Raises NotAllowedError,
        OwnMatterError.
        """
        await self._access.require_moderator(caller, "rater.ban", about=discord_id)
        now, home = self._clock.now(), _home(caller)
        until = None if sentence.length is None else now + sentence.length
        bar = Bar(home, "moderator", until) if sentence.place == "here" else None

        def change(erased: Erasure) -> Erasure:
            if bar is None:
                return replace(erased, banned=True, banned_until=until)
            return replace(erased, bars=bars.replaced(erased.bars, bar))

        def unit(connection: Connection) -> tuple[Verdict, int | None]:
            details = dict(_details(sentence))
            before = self._store_erased(connection, discord_id, change, now)
            if before is not None and raters.find(connection, discord_id) is None:
                there = bars.there(before.bars, home, now, "moderator")
                banned = before.banned_at(now) if bar is None else there
                del details["votes"]  # an erasure left none
                self._access.record(
                    connection,
                    caller,
                    "rater.ban",
                    self._erased.subject(discord_id, before),
                    details,
                )
                return Verdict(self._erased.subject(discord_id, before), not banned, until), None
            rater = self._enrolment.rater(connection, discord_id, now)
            images = 0
            if bar is None:
                banned = rater.banned_at(now)
                details |= _shut_out(connection, rater, tidy(reason), until, now)
                images = self._hiding.bring_back(connection, rater.number, now)
            else:
                held = bars.of_rater(connection, rater.number, now)
                banned = bars.there(held, home, now, "moderator")
                bars.place(connection, rater.number, bar, now, reason=tidy(reason))
            order = _order(connection, rater, sentence, None if bar is None else home, now)
            subject = as_subject(rater)
            self._access.record(connection, caller, "rater.ban", subject, details)
            return Verdict(subject, not banned, until, images=images), order

        await self._erased.list(discord_id, change)
        verdict, order = await self._database.write(unit)
        await self._orders.settle()
        if order is None:
            return verdict
        return replace(verdict, void=await self._database.read(lambda c: voids.count(c, order)))

    async def unban(self, caller: Caller, discord_id: int) -> Verdict:
        """Lift a ban everywhere and at home, of an erased person too; of others nothing is stored.

        What bans took out counts again, also of one that ended by itself, but for votes that are
        void for another reason; whoever was validated before is so again. Raises NotAllowedError,
        OwnMatterError.
        """
        await self._access.require_moderator(caller, "rater.unban", about=discord_id)
        now, home = self._clock.now(), _home(caller)

        def change(erased: Erasure) -> Erasure:
            others = tuple(each for each in erased.bars if each.guild_id != home)
            return replace(erased, banned=False, banned_until=None, bars=others)

        def unit(connection: Connection) -> tuple[Verdict, int | None]:
            before = self._store_erased(connection, discord_id, change, now)
            rater = raters.find(connection, discord_id)
            if rater is None:
                banned = before is not None and (
                    before.banned_at(now) or bars.there(before.bars, home, now)
                )
                subject = self._erased.subject(discord_id, before)
                self._access.record(connection, caller, "rater.unban", subject)
                return Verdict(subject, banned), None
            banned = can_unban(connection, rater, home, now)
            subject = as_subject(rater)
            trusted = brings_trust_back(connection, rater)
            if rater.status == "banned":
                status: RaterStatus = "validated" if trusted else "normal"
                raters.set_status(connection, rater.number, status)
            bars.lift(connection, rater.number, home)
            for order in void_orders.in_force(connection, rater.number, "ban"):
                void_orders.lift(connection, order.id, now)
            details = {"validated": True} if trusted else None
            self._access.record(connection, caller, "rater.unban", subject, details)
            if trusted:
                release(connection, self._access, caller, rater)
            return Verdict(subject, banned, trusted=trusted), rater.number

        await self._erased.list(discord_id, change)
        verdict, number = await self._database.write(unit)
        await self._orders.settle()
        if number is None:
            return verdict
        left = await self._database.read(lambda c: voids.count_of_rater(c, number))
        return replace(verdict, void=left)

    async def resume(self) -> None:
        """Finish at a start what a stop interrupted: votes half taken out, images uncounted."""
        await self._orders.settle()
        await self._recounting.settle()

    def _store_erased(
        self, connection: Connection, discord_id: int, change: Change, now: datetime
    ) -> Erasure | None:
        """Decide about an erased person; one who is not back yet is not linked again for that."""
        before = self._erased.store(connection, discord_id, change)
        if before is not None and before.horde_hash is not None and change(before).banned_at(now):
            self._enrolment.bar(connection, {before.horde_hash}, now)
        return before


def can_unban(connection: Connection, rater: Rater, home: int | None, now: datetime) -> bool:
    """Tell whether an unban changes anything for the rater, in force or of a ban that ended."""
    barred = home in bars.guilds(connection, rater.number, now)
    took_votes = void_orders.in_force(connection, rater.number, "ban")
    changes = rater.banned_at(now) or barred or bool(took_votes)
    return changes or brings_trust_back(connection, rater)


def brings_trust_back(connection: Connection, rater: Rater) -> bool:
    """Tell whether an unban validates again: no ban takes back the moderators' word of trust."""
    if rater.status != "banned":
        return False
    last = audit.last_of(connection, as_subject(rater), WORDS_OF_TRUST)
    return last is not None and last[1] == VALIDATE


def _home(caller: Caller) -> int:
    assert caller.guild_id is not None  # noqa: S101 - moderators are such at home alone
    return caller.guild_id


def _shut_out(
    connection: Connection,
    rater: Rater,
    reason: str | None,
    until: datetime | None,
    now: datetime,
) -> Details:
    """Ban a rater everywhere; return what the log says of the kudos that are void with it."""
    kudos = 0
    if until is None and not rater.banned_for_good:
        kudos = void_unpaid(connection, rater.number, now)
    raters.set_status(connection, rater.number, "banned", reason=reason, until=until)
    return {"void_kudos": kudos} if kudos else {}


def _order(
    connection: Connection,
    rater: Rater,
    sentence: Sentence,
    guild_id: int | None,
    now: datetime,
) -> int | None:
    """Have the ban of this place mean the votes or not; return the order that does."""
    in_force = void_orders.in_force(connection, rater.number, "ban")
    there = [order.id for order in in_force if order.guild_id == guild_id]
    if not sentence.takes_votes:
        for order in there:
            void_orders.lift(connection, order, now)
        return None
    if there:
        void_orders.renew(connection, there[0], now)
        return there[0]
    return void_orders.add(connection, rater.number, "ban", now, guild_id=guild_id).id


def _details(sentence: Sentence) -> Details:
    hours = None if sentence.length is None else int(sentence.length.total_seconds()) // 3600
    return {
        "hours": hours,
        "place": sentence.place,
        "votes": "void" if sentence.takes_votes else "keep",
    }
