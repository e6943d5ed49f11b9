"""Validation: a moderator's word that a rater is trusted."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import BannedRaterError
from bot.trust.access import AccessService
from bot.trust.holds import release
from bot.trust.people import as_subject, known
from storage import raters
from storage.database import Database

VALIDATE: Final = "rater.validate"
UNVALIDATE: Final = "rater.unvalidate"
WORDS_OF_TRUST: Final = frozenset({VALIDATE, UNVALIDATE})
"""The acts that are in the log for each word of trust."""


class ValidationService:
    """Validates raters and takes it back; every act is checked and logged."""

    def __init__(self, database: Database, clock: Clock, access: AccessService) -> None:
        self._database = database
        self._clock = clock
        self._access = access

    async def validate(self, caller: Caller, discord_id: int) -> bool:
        """Mark a rater as validated, of whom the program then holds nothing; False where they were.

        Raises NotAllowedError, OwnMatterError, NeverSeenError, BannedRaterError as long as they are
        banned.
        """
        return await self._set(caller, discord_id, validated=True)

    async def unvalidate(self, caller: Caller, discord_id: int) -> bool:
        """Take the mark away; False where there was none. Raises what `validate` does."""
        return await self._set(caller, discord_id, validated=False)

    async def _set(self, caller: Caller, discord_id: int, *, validated: bool) -> bool:
        action = VALIDATE if validated else UNVALIDATE
        await self._access.require_moderator(caller, action, about=discord_id)

        def unit(connection: Connection) -> bool:
            now = self._clock.now()
            rater = known(connection, discord_id)
            if rater.banned_at(now):
                raise BannedRaterError(user=f"<@{discord_id}>")
            changed = (rater.status == "validated") != validated
            if changed:
                raters.set_status(connection, rater.number, "validated" if validated else "normal")
            self._access.record(connection, caller, action, as_subject(rater))
            if validated:
                release(connection, self._access, caller, rater)
            return changed

        try:
            return await self._database.write(unit)
        except BannedRaterError:
            await self._access.refuse(caller, action)
            raise
