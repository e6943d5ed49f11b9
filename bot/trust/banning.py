"""Bans: who may not rate, by word of a moderator."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Connection

from bot.caller import Caller
from bot.clock import Clock
from bot.rewards.voiding import void_unpaid
from bot.trust.access import AccessService
from bot.trust.enrolment import Enrolment
from bot.trust.recounting import Recounting
from bot.trust.wording import tidy
from storage import audit, erasures, raters
from storage.audit import Details
from storage.database import Database
from storage.erasure_file import ErasureFile
from storage.errors import StorageError
from storage.raters import Rater


@dataclass(frozen=True, slots=True)
class Verdict:
    """About whom a moderator decided, as the audit log names them, and whether it was news.

    An erased person is named by the beginning of their keyed hash: nobody may learn from a ban
    under which number their history goes on.
    """

    subject: str
    changed: bool


class BanService:
    """Bans raters and lifts bans; every act is checked, logged and counted at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        access: AccessService,
        enrolment: Enrolment,
        recounting: Recounting,
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._enrolment = enrolment
        self._recounting = recounting
        self._erasure_file = ErasureFile(database.path)

    async def ban(self, caller: Caller, discord_id: int, reason: str | None) -> Verdict:
        """Ban a person, seen before or not; their votes no longer count anywhere.

        Kudos that are not paid are void as long as the ban lasts; the audit log says how many.
        The reason, at most REASON_LENGTH characters, is for moderators and the person alone; it
        is not in the audit log, because it must leave with an erasure. Raises NotAllowedError.
        """
        return await self._set_banned(caller, discord_id, banned=True, reason=tidy(reason))

    async def unban(self, caller: Caller, discord_id: int) -> Verdict:
        """Lift a ban, of an erased person too; their votes count again. Raises NotAllowedError."""
        return await self._set_banned(caller, discord_id, banned=False, reason=None)

    async def resume(self) -> None:
        """Finish at a start what a stop interrupted: images that a ban or unban left uncounted."""
        await self._recounting.settle()

    async def _set_banned(
        self, caller: Caller, discord_id: int, *, banned: bool, reason: str | None
    ) -> Verdict:
        action = "rater.ban" if banned else "rater.unban"
        await self._access.require_moderator(caller, action)
        await self._list_ban(discord_id, banned=banned)
        now = self._clock.now()

        def unit(connection: Connection) -> Verdict:
            details: Details = {}
            verdict = self._ban_erased(connection, discord_id, banned=banned, now=now)
            if verdict is None:
                rater = self._enrolment.rater(connection, discord_id, now)
                changed = (rater.status == "banned") != banned
                if banned:
                    details = _void(connection, rater, now)
                    raters.set_status(connection, rater.number, "banned", reason=reason)
                elif changed:
                    raters.set_status(connection, rater.number, "normal")
                if changed:
                    self._recounting.owe(connection, rater.number)
                verdict = Verdict(f"rater:{rater.number}", changed)
            by = self._enrolment.rater(connection, caller.discord_id, now).number
            audit.record(
                connection,
                at=now,
                actor="moderator",
                rater=by,
                action=action,
                subject=verdict.subject,
                details=details,
            )
            return verdict

        verdict = await self._database.write(unit)
        await self._recounting.settle()
        return verdict

    async def _list_ban(self, discord_id: int, *, banned: bool) -> None:
        """List the decision about an erased person, for the day on which a backup is restored.

        Before it is stored: at each start the list overrules the database. Raises StorageError.
        """
        digest = self._enrolment.digest(discord_id)
        erased = await self._database.read(lambda c: erasures.by_hash(c, digest))
        if erased is None or erased.banned == banned:
            return
        try:
            await asyncio.to_thread(self._erasure_file.append, replace(erased, banned=banned))
        except OSError as error:
            raise StorageError(
                f"the list of erasures cannot be written: {error.strerror}"
            ) from error

    def _ban_erased(
        self, connection: Connection, discord_id: int, *, banned: bool, now: datetime
    ) -> Verdict | None:
        """Decide about an erased person; one who is not back yet is not linked again for that."""
        digest = self._enrolment.digest(discord_id)
        erased = erasures.by_hash(connection, digest)
        if erased is None:
            return None
        erasures.set_banned(connection, digest, banned=banned)
        if banned and erased.horde_hash is not None:
            self._enrolment.bar(connection, {erased.horde_hash}, now)
        if raters.find(connection, discord_id) is not None:
            return None
        return Verdict(f"erased:{digest[:12]}", erased.banned != banned)


def _void(connection: Connection, rater: Rater, now: datetime) -> Details:
    """Void what a rater earned who was not banned for good before; return what the log says."""
    if rater.status == "banned" and rater.status_until is None:
        return {}
    kudos = void_unpaid(connection, rater.number, now)
    return {"void_kudos": kudos} if kudos else {}
