"""What is decided about people who were erased: it outlives that, and a restored backup too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from sqlite3 import Connection
from typing import Final

from bot.trust.enrolment import Enrolment
from storage import erasures
from storage.database import Database
from storage.erasure_file import Erasure, ErasureFile
from storage.errors import StorageError

Change = Callable[[Erasure], Erasure]

HASH_SHOWN: Final = 12
"""Digits of a keyed hash that name a person without a number in the audit log."""

ERASED: Final = "erased"
UNSEEN: Final = "unseen"
"""What their subjects in the audit log begin with; `audit.subject.*` has the texts."""


class ErasedPeople:
    """Keeps decisions in the row that stays of an erased person, and in the list beside it.

    Also of somebody who is back: a backup from before that may be restored.
    """

    def __init__(self, database: Database, enrolment: Enrolment) -> None:
        self._database = database
        self._enrolment = enrolment
        self._file = ErasureFile(database.path)

    async def list(self, discord_id: int, change: Change) -> None:
        """List a decision, for the day on which a backup is restored.

        Before it is stored: at each start the list overrules the database. Raises StorageError.
        """
        digest = self._enrolment.digest(discord_id)
        erased = await self._database.read(lambda c: erasures.by_hash(c, digest))
        if erased is None or change(erased) == erased:
            return
        try:
            await asyncio.to_thread(self._file.append, change(erased))
        except OSError as error:
            raise StorageError(
                f"the list of erasures cannot be written: {error.strerror}"
            ) from error

    def store(self, connection: Connection, discord_id: int, change: Change) -> Erasure | None:
        """Store a decision that was listed; return what stood before, None for nobody erased."""
        erased = erasures.by_hash(connection, self._enrolment.digest(discord_id))
        if erased is not None:
            erasures.remember(connection, change(erased))
        return erased

    def subject(self, discord_id: int, erased: Erasure | None) -> str:
        """Return how the audit log names whoever has no number: erased, or never seen.

        By the beginning of their keyed hash: nobody may learn from a decision under which number
        the history of somebody erased goes on.
        """
        word = UNSEEN if erased is None else ERASED
        return f"{word}:{self._enrolment.digest(discord_id)[:HASH_SHOWN]}"
