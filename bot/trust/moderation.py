"""What moderators do to raters and images by command."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import UnknownImageError
from bot.rewards.voiding import void_unpaid
from bot.trust.access import AccessService
from bot.trust.decisions import Decision, Decisions
from bot.trust.enrolment import Enrolment
from bot.trust.recounting import Recounting
from bot.trust.wording import tidy
from storage import audit, erasures, image_lookup, images, raters
from storage.audit import Details
from storage.database import Database
from storage.erasure_file import ErasureFile
from storage.errors import StorageError
from storage.images import Image
from storage.raters import Rater

SUGGESTIONS: Final = 25
"""What Discord shows of an autocomplete."""

_LINK: Final = re.compile(r"https?://\S+/channels/(?:\d+|@me)/\d+/(\d{1,19})")
_MESSAGE: Final = re.compile(r"\d{15,19}")
_OURS: Final = re.compile(r"#(\d{1,18})")
_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """About whom a moderator decided, as the audit log names them, and whether it was news.

    An erased person is named by the beginning of their keyed hash: nobody may learn from a ban
    under which number their history goes on.
    """

    subject: str
    changed: bool


class ModerationService:
    """Bans raters and hides images; every act is checked, logged and counted at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        access: AccessService,
        enrolment: Enrolment,
        decisions: Decisions,
        recounting: Recounting,
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._enrolment = enrolment
        self._decisions = decisions
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

    async def hide(self, caller: Caller, image_id: int) -> bool:
        """Take an image out of sight; False where it was. Raises NotAllowedError."""
        return await self._decide(caller, image_id, "hide")

    async def restore(self, caller: Caller, image_id: int) -> bool:
        """Bring a hidden image back; False where it was not hidden. Raises NotAllowedError."""
        return await self._decide(caller, image_id, "restore")

    async def resume(self) -> None:
        """Finish at a start what a stop interrupted: images that a ban or unban left uncounted."""
        await self._recounting.settle()

    async def find_image(self, caller: Caller, reference: str) -> Image:
        """Return the image that a key, a message's link or id, or `#<id>` names.

        Raises NotAllowedError; UnknownImageError also where several data sets have the key.
        """
        await self._access.require_moderator(caller, "image.find")
        image = await self._database.read(lambda c: _find(c, reference.strip()))
        if image is None:
            raise UnknownImageError
        return image

    async def suggest_images(self, caller: Caller, beginning: str) -> list[Image]:
        """Return images whose key begins so; none for anybody but a moderator."""
        if not self._access.is_moderator(caller):
            return []
        return await self._database.read(
            lambda c: image_lookup.beginning_with(c, beginning.strip(), SUGGESTIONS)
        )

    async def _decide(self, caller: Caller, image_id: int, decision: Decision) -> bool:
        await self._access.require_moderator(caller, f"image.{decision}")
        return await self._database.write(
            lambda c: self._decisions.carry_out(c, caller, image_id, decision)
        )

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


def _find(connection: Connection, reference: str) -> Image | None:
    ours = _OURS.fullmatch(reference)
    if ours is not None:
        return images.by_id(connection, int(ours[1]))
    link = _LINK.fullmatch(reference)
    message = link[1] if link else reference if _MESSAGE.fullmatch(reference) else None
    if message is not None and int(message) <= _LARGEST:
        image = image_lookup.by_message(connection, int(message))
        if image is not None:
            return image
    found = image_lookup.by_key(connection, reference)
    return found[0] if len(found) == 1 else None
