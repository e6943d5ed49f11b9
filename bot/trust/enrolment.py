"""Who a Discord id is to us, over erasures: a banned person stays banned after coming back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.keyed_hash import KeyedHash
from storage import erasures, raters
from storage.raters import Rater

ERASURE: Final = "erasure"
"""The purpose under which erased Discord ids are hashed; changing it forgets every erasure."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Finds the rater of a Discord id, or makes one."""

    hash_key: KeyedHash

    def digest(self, discord_id: int) -> str:
        """Return the hash under which an erased Discord id is kept."""
        return self.hash_key.digest(ERASURE, discord_id)

    def rater(self, connection: Connection, discord_id: int, now: datetime) -> Rater:
        """Return the rater; one who was banned when erased is made as a banned one."""
        rater = raters.find(connection, discord_id)
        if rater is not None:
            return rater
        rater = raters.get_or_create(connection, discord_id, now)
        erased = erasures.by_hash(connection, self.digest(discord_id))
        if erased is None or not erased.banned:
            return rater
        raters.set_status(connection, rater.number, "banned")
        return raters.get_or_create(connection, discord_id, now)
