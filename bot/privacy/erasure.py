"""Erasing a rater: the link is cut at once, then the votes leave, batch by batch."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from sqlite3 import Connection
from typing import Final, Literal

import structlog

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import NothingKeptError
from bot.trust.enrolment import Enrolment
from bot.trust.recounting import Recounting
from storage import audit, erasures, raters
from storage.database import Database
from storage.erasure_file import Erasure, ErasureFile
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
        """Finish and repeat erasures; return how many raters were erased again.

        For the moment when a database is opened, also beside a running bot. A backup brings back
        whoever was erased after it was made: their hash is in the file with a time after they
        were first seen. Raises StorageError, also where the file cannot be read.
        """
        listed = await asyncio.to_thread(self._file.read)
        again = 0
        if listed:
            for rater in await self._database.read(erasures.linked):
                erasure = listed.get(self._enrolment.digest(rater.discord_id))
                if erasure is not None and rater.first_seen_at <= erasure.erased_at:
                    again += await self._repeat(rater.discord_id, erasure)
        await self._compare(listed)
        for number in await self._database.read(erasures.unfinished):
            await self._delete_votes(number)
        return again

    async def _erase(self, discord_id: int, actor: Actor) -> Erased:
        now = self._clock.now()
        digest = self._enrolment.digest(discord_id)

        def unit(connection: Connection) -> tuple[Rater, Erasure]:
            rater = raters.find(connection, discord_id)
            if rater is None:
                raise NothingKeptError
            erasure = Erasure(digest, now, rater.status == "banned")
            _take_out(connection, rater, erasure, actor, now)
            return rater, erasure

        rater, erasure = await self._database.write(unit)
        await self._list(erasure)
        return Erased(rater.number, await self._delete_votes(rater.number))

    async def _repeat(self, discord_id: int, erasure: Erasure) -> bool:
        """Cut the link again; False where another process was faster."""
        now = self._clock.now()

        def unit(connection: Connection) -> bool:
            rater = raters.find(connection, discord_id)
            if rater is None or rater.first_seen_at > erasure.erased_at:
                return False
            _take_out(connection, rater, erasure, "program", now)
            return True

        return await self._database.write(unit)

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

    async def _compare(self, listed: dict[str, Erasure]) -> None:
        """List what the program stopped before listing; take over bans decided since."""
        for erased in await self._database.read(erasures.every):
            digest, known = erased.discord_hash, listed.get(erased.discord_hash)
            if known is None or known.erased_at < erased.erased_at:
                await self._list(Erasure(digest, erased.erased_at, erased.banned))
            elif known.banned != erased.banned:
                await self._database.write(
                    partial(erasures.set_banned, discord_hash=digest, banned=known.banned)
                )

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
        ErasedRater(erasure.discord_hash, erasure.banned, erasure.erased_at),
    )
    audit.record(
        connection,
        at=now,
        actor=actor,
        rater=rater.number if actor == "rater" else None,
        action="privacy.erase",
        subject=f"rater:{rater.number}",
    )
