"""Erasing a rater: the link is cut at once, then the votes leave, batch by batch."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

import structlog

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import NothingKeptError
from bot.privacy.erasure_file import Erasure, ErasureFile
from bot.trust.enrolment import Enrolment
from bot.trust.recounting import Recounting
from storage import audit, erasures, raters
from storage.database import Database
from storage.erasures import ErasedRater
from storage.raters import Rater

BATCH: Final = 200
"""Votes deleted in one unit: presses wait for no more than that."""

_log = structlog.get_logger()

Actor = Literal["rater", "operator", "program"]


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: the number that stays, without a person, and the votes deleted."""

    number: int
    votes: int


class ErasureService:
    """Erases raters, and again those whom a restored backup brings back."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        enrolment: Enrolment,
        recounting: Recounting,
    ) -> None:
        self._database = database
        self._clock = clock
        self._enrolment = enrolment
        self._recounting = recounting
        self._file = ErasureFile(database.path)

    async def erase(self, caller: Caller) -> Erased:
        """Erase the caller. Raises NothingKeptError."""
        return await self._erase(caller.discord_id, "rater")

    async def erase_by_id(self, discord_id: int) -> Erased:
        """Erase a person for an operator, as after a letter. Raises NothingKeptError."""
        return await self._erase(discord_id, "operator")

    async def replay(self) -> int:
        """Finish and repeat erasures at a start; return how many raters were erased again.

        A backup brings back whoever was erased after it was made: their hash is in the file
        with a time after they were first seen. Raises OSError where the file cannot be read.
        """
        listed = await asyncio.to_thread(self._file.read)
        await self._list_missing(listed)
        again = [
            (rater.discord_id, listed[digest])
            for rater in await self._database.read(erasures.linked)
            if (digest := self._enrolment.digest(rater.discord_id)) in listed
            and rater.first_seen_at <= listed[digest].erased_at
        ]
        for discord_id, erasure in again:
            await self._cut(discord_id, "program", erasure)
        for number in await self._database.read(erasures.unfinished):
            await self._delete_votes(number)
        return len(again)

    async def _erase(self, discord_id: int, actor: Actor) -> Erased:
        rater = await self._cut(discord_id, actor)
        return Erased(rater.number, await self._delete_votes(rater.number))

    async def _cut(self, discord_id: int, actor: Actor, earlier: Erasure | None = None) -> Rater:
        """Cut the link between number and person; `earlier` is the erasure that is repeated."""
        now = self._clock.now()
        digest = self._enrolment.digest(discord_id)

        def unit(connection: Connection) -> tuple[Rater, Erasure]:
            rater = raters.find(connection, discord_id)
            if rater is None:
                raise NothingKeptError
            erasure = earlier or Erasure(digest, now, rater.status == "banned")
            _take_out(connection, rater, erasure, actor, now)
            return rater, erasure

        rater, erasure = await self._database.write(unit)
        if earlier is None:
            await self._list(erasure)
        return rater

    async def _delete_votes(self, number: int) -> int:
        deleted = 0
        while batch := await self._database.write(lambda c: self._batch(c, number)):
            deleted += batch
        return deleted

    def _batch(self, connection: Connection, number: int) -> int:
        now = self._clock.now()
        images = erasures.delete_votes(connection, number, now, limit=BATCH)
        self._recounting.images(connection, images)
        return len(images)

    async def _list_missing(self, listed: dict[str, Erasure]) -> None:
        """List what the program stopped before listing."""
        for erased in await self._database.read(erasures.every):
            known = listed.get(erased.discord_hash)
            if known is None or known.erased_at < erased.erased_at:
                erasure = Erasure(erased.discord_hash, erased.erased_at, erased.banned)
                await self._list(erasure)
                listed[erased.discord_hash] = erasure

    async def _list(self, erasure: Erasure) -> None:
        """Add a line to the file; what the disk refuses is tried again at the next start."""
        try:
            await asyncio.to_thread(self._file.append, erasure)
        except OSError as error:
            _log.error("erasure_not_listed", path=str(self._file.path), reason=error.strerror)


def _take_out(
    connection: Connection, rater: Rater, erasure: Erasure, actor: Actor, now: datetime
) -> None:
    erasures.cut_link(connection, rater.number, now)
    erasures.remember(
        connection,
        ErasedRater(erasure.discord_hash, rater.number, erasure.banned, erasure.erased_at),
    )
    audit.record(
        connection,
        at=now,
        actor=actor,
        rater=rater.number if actor == "rater" else None,
        action="privacy.erase",
        subject=f"rater:{rater.number}",
    )
