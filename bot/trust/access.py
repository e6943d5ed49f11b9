"""Who may do what: managers, moderators and operators, checked anew at every use."""

from __future__ import annotations

from datetime import timedelta
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import NotAllowedError, UnknownDataSetError
from bot.settings import Settings
from bot.trust import acts
from bot.trust.enrolment import Enrolment
from bot.trust.refusals import OwnMatterError
from storage import audit, bars, data_sets, raters
from storage.audit import Actor, Details
from storage.data_sets import DataSet
from storage.database import Database

FOLDED: Final = timedelta(minutes=1)
"""Equal refusals, and equal acts of a manager, in that time are one entry with their number: each
is counted, and nobody can flood what stays for ever."""


class AccessService:
    """Decides by the Caller of this very interaction alone; refusals go to the audit log."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, enrolment: Enrolment
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._enrolment = enrolment

    def is_operator(self, caller: Caller) -> bool:
        """Tell whether the caller is an operator, here and now: only in the home server."""
        return self._at_home(caller) and caller.discord_id in self._settings.operator_ids

    def is_moderator(self, caller: Caller) -> bool:
        """Tell whether the caller has the moderators' role, in the home server."""
        return self._at_home(caller) and self._settings.moderator_role_id in caller.role_ids

    def is_manager(self, caller: Caller) -> bool:
        """Tell whether the caller has Manage Server in the server of this interaction."""
        return caller.guild_id is not None and caller.manages_server

    async def require_operator(self, caller: Caller, action: str) -> None:
        """Raise NotAllowedError for anybody but an operator."""
        await self._require(caller, action, allowed=self.is_operator(caller))

    async def require_moderator(
        self, caller: Caller, action: str, *, about: int | None = None
    ) -> None:
        """Raise NotAllowedError for anybody but a moderator.

        And OwnMatterError where they would decide `about` their own Discord id: nobody does, also
        not an operator, or the only moderator that there is.
        """
        await self._require(caller, action, allowed=self.is_moderator(caller), about=about)

    async def require_manager(
        self,
        caller: Caller,
        action: str,
        *,
        of_guild: int | None = None,
        about: int | None = None,
    ) -> int:
        """Return the caller's server; raise NotAllowedError for anybody but its manager.

        With `of_guild` it has to be that server. OwnMatterError as of `require_moderator`.
        """
        there = of_guild is None or of_guild == caller.guild_id
        allowed = there and self.is_manager(caller)
        await self._require(caller, action, allowed=allowed, about=about)
        assert caller.guild_id is not None  # noqa: S101 - is_manager said so, for the type checker
        return caller.guild_id

    def number(self, connection: Connection, caller: Caller) -> int:
        """Return the caller's number as a rater."""
        return self._enrolment.rater(connection, caller.discord_id, self._clock.now()).number

    def record(
        self,
        connection: Connection,
        caller: Caller,
        action: str,
        subject: str = "",
        details: Details | None = None,
        *,
        actor: Actor = "moderator",
    ) -> int:
        """Keep an act in the unit that does it; return the number of the caller.

        `subject` is such as `image:7` or `rater:3`; `actor`, as what the caller was allowed it.
        For managers there is `record_manager`.
        """
        number = self.number(connection, caller)
        audit.record(
            connection,
            at=self._clock.now(),
            actor=actor,
            rater=number,
            action=action,
            subject=subject,
            details=details,
        )
        return number

    def record_manager(
        self,
        connection: Connection,
        action: str,
        subject: str,
        details: Details | None = None,
        *,
        guild_id: int,
        by: int,
    ) -> None:
        """Keep what a manager of a server did in the unit that does it; `by` is their Discord id.

        Anybody may be one, in a server of their own, which is then among the details: equal acts
        are folded, and what changes nothing should not be kept.
        """
        now = self._clock.now()
        elsewhere = guild_id != self._settings.home_guild_id
        if elsewhere:
            details = {**(details or {}), "server": guild_id}
        rater = self._enrolment.rater(connection, by, now).number
        if not audit.repeat(
            connection,
            rater=rater,
            action=action,
            subject=subject,
            details=details,
            now=now,
            within=FOLDED,
        ):
            audit.record(
                connection,
                at=now,
                actor="manager",
                rater=rater,
                action=action,
                subject=subject,
                details=details,
                elsewhere=elsewhere,
            )

    async def log(
        self,
        caller: Caller,
        actor: Actor,
        action: str,
        subject: str = "",
        details: Details | None = None,
    ) -> None:
        """Keep an act that writes nothing else."""
        await self._database.write(
            lambda c: self.record(c, caller, action, subject, details, actor=actor)
        )

    async def refuse(self, caller: Caller, action: str) -> None:
        """Keep that the caller was refused an act; whoever calls this raises why."""
        now = self._clock.now()
        refused = acts.refused(action)

        def unit(connection: Connection) -> None:
            rater = self.number(connection, caller)
            if not audit.repeat(connection, rater=rater, action=refused, now=now, within=FOLDED):
                self.record(connection, caller, refused, actor="rater")

        await self._database.write(unit)

    async def usable_data_sets(self, caller: Caller) -> list[DataSet]:
        """Return the data sets that may be used here, by name; a stranger's server has none.

        In direct messages without those of servers from which the caller is barred.
        """
        home, now = self._settings.home_guild_id, self._clock.now()

        def query(connection: Connection) -> list[DataSet]:
            rater = raters.find(connection, caller.discord_id) if caller.guild_id is None else None
            barred = frozenset() if rater is None else bars.guilds(connection, rater.number, now)
            return data_sets.usable(connection, caller.guild_ids - barred, home)

        return await self._database.read(query)

    async def data_set(self, caller: Caller, name: str) -> DataSet:
        """Return a usable data set by name.

        Raises UnknownDataSetError for one that does not exist and one that was not granted alike.
        """
        for each in await self.usable_data_sets(caller):
            if each.name == name:
                return each
        raise UnknownDataSetError

    def _at_home(self, caller: Caller) -> bool:
        return caller.guild_id is not None and caller.guild_id == self._settings.home_guild_id

    async def _require(
        self, caller: Caller, action: str, *, allowed: bool, about: int | None = None
    ) -> None:
        if allowed and about != caller.discord_id:
            return
        await self.refuse(caller, action)
        raise OwnMatterError if allowed else NotAllowedError
