"""Bars: whom the managers of a server keep from rating in its posts."""

from __future__ import annotations

from dataclasses import replace
from sqlite3 import Connection

from bot.caller import Caller
from bot.clock import Clock
from bot.trust.access import AccessService
from bot.trust.enrolment import Enrolment
from bot.trust.erased_people import ErasedPeople
from bot.trust.people import as_subject
from bot.trust.refusals import ModeratorsBarError
from bot.trust.wording import tidy
from storage import bars, raters
from storage.bars import Bar
from storage.database import Database
from storage.erasure_file import Erasure


class BarService:
    """A manager decides in the server of the interaction, and about nothing else.

    Whom moderators barred at home, moderators alone let in again. What both decided stands beside
    each other, so that the milder or shorter of both takes nothing from the other.
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
        """Keep a person, seen before or not, from rating here; False where managers did already.

        The reason, at most REASON_LENGTH characters, is for managers and the person alone. Raises
        NotAllowedError, OwnMatterError.
        """
        guild_id = await self._access.require_manager(caller, "jury.bar", about=discord_id)
        now = self._clock.now()
        bar = Bar(guild_id, "manager", None)

        def change(erased: Erasure) -> Erasure:
            return replace(erased, bars=bars.replaced(erased.bars, bar))

        def unit(connection: Connection) -> bool:
            before = self._erased.store(connection, discord_id, change)
            if before is not None and raters.find(connection, discord_id) is None:
                new = changed = not bars.there(before.bars, guild_id, now, "manager")
                subject = self._erased.subject(discord_id, before)
            else:
                rater = self._enrolment.rater(connection, discord_id, now)
                held = bars.of_rater(connection, rater.number, now)
                new = not bars.there(held, guild_id, now, "manager")
                changed = bars.place(connection, rater.number, bar, now, reason=tidy(reason))
                subject = as_subject(rater)
            if changed:
                self._record(connection, caller, "jury.bar", subject)
            return new

        await self._erased.list(discord_id, change)
        return await self._database.write(unit)

    async def unbar(self, caller: Caller, discord_id: int) -> bool:
        """Lift the managers' bar of a person; False where there was none, and nothing is stored.

        Raises NotAllowedError, OwnMatterError; ModeratorsBarError where moderators keep them out,
        which stays.
        """
        guild_id = await self._access.require_manager(caller, "jury.unbar", about=discord_id)
        now = self._clock.now()

        def change(erased: Erasure) -> Erasure:
            left = (b for b in erased.bars if (b.guild_id, b.placed_by) != (guild_id, "manager"))
            return replace(erased, bars=tuple(left))

        def unit(connection: Connection) -> list[Bar]:
            before = self._erased.store(connection, discord_id, change)
            rater = raters.find(connection, discord_id)
            if rater is None:
                held = [] if before is None else list(before.bars)
                subject = self._erased.subject(discord_id, before)
            else:
                held, subject = bars.of_rater(connection, rater.number, now), as_subject(rater)
                bars.lift(connection, rater.number, guild_id, "manager")
            if bars.there(held, guild_id, now, "manager"):
                self._record(connection, caller, "jury.unbar", subject)
            return held

        await self._erased.list(discord_id, change)
        held = await self._database.write(unit)
        if bars.there(held, guild_id, now, "moderator"):
            await self._access.refuse(caller, "jury.unbar")
            raise ModeratorsBarError
        return bars.there(held, guild_id, now, "manager")

    def _record(self, connection: Connection, caller: Caller, action: str, subject: str) -> None:
        assert caller.guild_id is not None  # noqa: S101 - managers are such in a server
        self._access.record_manager(
            connection, action, subject, guild_id=caller.guild_id, by=caller.discord_id
        )
