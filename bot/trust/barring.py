"""Bars: whom the managers of a server keep from rating in its posts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from bot.caller import Caller
from bot.clock import Clock
from bot.trust.access import AccessService
from bot.trust.enrolment import Enrolment
from bot.trust.erased_people import ErasedPeople, subject_of
from bot.trust.refusals import ModeratorsBarError
from bot.trust.wording import tidy
from storage import audit, bars, raters
from storage.bars import Bar
from storage.database import Database
from storage.erasure_file import Erasure
from storage.raters import Rater


class BarService:
    """A manager decides in the server of the interaction, and about nothing else.

    Whom moderators barred at home, moderators alone let in again.
    """

    def __init__(
        self, database: Database, clock: Clock, access: AccessService, enrolment: Enrolment
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._enrolment = enrolment
        self._erased = ErasedPeople(database, enrolment)

    async def bar(self, caller: Caller, discord_id: int, reason: str | None = None) -> bool:
        """Keep a person, seen before or not, from rating here; False where they were kept already.

        The reason, at most REASON_LENGTH characters, is for managers and the person alone. Raises
        NotAllowedError.
        """
        guild_id = await self._access.require_manager(caller, "jury.bar")
        now = self._clock.now()
        bar = Bar(guild_id, "manager", None)

        def change(erased: Erasure) -> Erasure:
            there = _there(erased.bars, guild_id, now)
            if there is not None and _outranks(there):
                return erased
            others = (each for each in erased.bars if each.guild_id != guild_id)
            return replace(erased, bars=(*others, bar))

        def unit(connection: Connection) -> bool:
            before = self._erased.store(connection, discord_id, change)
            if before is not None and raters.find(connection, discord_id) is None:
                self._log(connection, caller, "jury.bar", subject_of(before))
                return _there(before.bars, guild_id, now) is None
            rater = self._enrolment.rater(connection, discord_id, now)
            there = _there(bars.of_rater(connection, rater.number, now), guild_id, now)
            if there is None or not _outranks(there):
                bars.place(connection, rater.number, bar, now, reason=tidy(reason))
            self._log(connection, caller, "jury.bar", _named(rater))
            return there is None

        await self._erased.list(discord_id, change)
        return await self._database.write(unit)

    async def unbar(self, caller: Caller, discord_id: int) -> bool:
        """Let a person rate here again; False where they could.

        Raises NotAllowedError, ModeratorsBarError.
        """
        guild_id = await self._access.require_manager(caller, "jury.unbar")
        now = self._clock.now()

        def change(erased: Erasure) -> Erasure:
            left = (b for b in erased.bars if b.guild_id != guild_id or _outranks(b))
            return replace(erased, bars=tuple(left))

        def unit(connection: Connection) -> bool:
            before = self._erased.store(connection, discord_id, change)
            rater = raters.find(connection, discord_id)
            if rater is not None:
                held, subject = bars.of_rater(connection, rater.number, now), _named(rater)
            elif before is not None:
                held, subject = list(before.bars), subject_of(before)
            else:
                self._log(connection, caller, "jury.unbar", "")
                return False
            there = _there(held, guild_id, now)
            if there is not None and _outranks(there):
                raise ModeratorsBarError
            if rater is not None:
                bars.lift(connection, rater.number, guild_id)
            self._log(connection, caller, "jury.unbar", subject)
            return there is not None

        await self._erased.list(discord_id, change)
        try:
            return await self._database.write(unit)
        except ModeratorsBarError:
            await self._access.refuse(caller, "jury.unbar")
            raise

    def _log(self, connection: Connection, caller: Caller, action: str, subject: str) -> None:
        now = self._clock.now()
        audit.record(
            connection,
            at=now,
            actor="manager",
            rater=self._enrolment.rater(connection, caller.discord_id, now).number,
            action=action,
            subject=subject,
        )


def _outranks(bar: Bar) -> bool:
    return bar.placed_by == "moderator"


def _named(rater: Rater) -> str:
    return f"rater:{rater.number}"


def _there(held: Iterable[Bar], guild_id: int, now: datetime) -> Bar | None:
    """Return the bar in this server that holds now."""
    return next((bar for bar in held if bar.guild_id == guild_id and bar.holds_at(now)), None)
