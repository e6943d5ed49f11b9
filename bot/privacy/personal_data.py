"""Everything that is kept about a rater, shown and handed out to them alone."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import NothingKeptError
from bot.trust import rate_limit
from bot.trust.enrolment import Enrolment
from storage import audit, horde_links, ledger, personal_data, raters
from storage.database import Database
from storage.horde_links import HordeLink
from storage.ledger import RaterLedger
from storage.personal_data import Activity, PastVote
from storage.raters import Rater

LAST_VOTES = 5

DOWNLOADS_PER_MINUTE: Final = 2

_ANY = timedelta(0)
"""Held or released is all the same here."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What is kept, in figures: rows by table; tables without a row are left out.

    `held_back_until` as of a `Download`.
    """

    rater: Rater
    banned: bool
    rows: Mapping[str, int]
    kudos: RaterLedger
    link: HordeLink | None
    held_back_until: datetime | None


@dataclass(frozen=True, slots=True)
class Download:
    """A file with everything, JSON or gzipped JSON.

    `but_earned_before`: except for the hashes of what the caller earned before an erasure, which
    cannot be found without trying every image. `held_back_until`: without what is measured of the
    caller, which would tell what their newest ratings were; None if it is in there.
    """

    filename: str
    content: bytes
    but_earned_before: bool
    held_back_until: datetime | None


@dataclass(frozen=True, slots=True)
class Past:
    """What a rater did, their newest votes, newest first, and whether moderators vouch for them."""

    activity: Activity
    votes: tuple[PastVote, ...]
    validated: bool = False


class PersonalDataService:
    """Answers people about themselves; nobody can ask about anybody else."""

    def __init__(self, database: Database, clock: Clock, enrolment: Enrolment) -> None:
        self._database = database
        self._clock = clock
        self._enrolment = enrolment

    async def past(self, caller: Caller) -> Past:
        """Return what the caller did, today (since 00:00 UTC) and ever."""
        now = self._clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)

        def query(connection: Connection) -> Past:
            rater = raters.find(connection, caller.discord_id)
            if rater is None:
                return Past(Activity(0, 0, 0, 0, 0), ())
            return Past(
                personal_data.activity(connection, rater.number, midnight),
                tuple(personal_data.last_votes(connection, rater.number, LAST_VOTES, now)),
                validated=rater.status == "validated",
            )

        return await self._database.read(query)

    async def overview(self, caller: Caller) -> Overview:
        """Return how much is kept about the caller. Raises NothingKeptError."""

        def query(connection: Connection) -> Overview:
            rater = self._find(connection, caller)
            now = self._clock.now()
            counts = personal_data.count(connection, rater.number, self._digest(rater), now)
            return Overview(
                rater,
                rater.banned_at(self._clock.now()),
                {table: rows for table, rows in counts.items() if rows},
                ledger.of_rater(connection, rater.number, now, _ANY),
                horde_links.find(connection, rater.number),
                personal_data.held_back_until(connection, rater.number, now),
            )

        return await self._database.read(query)

    async def download(self, caller: Caller, size_limit: int) -> Download | None:
        """Return everything as a JSON file; compressed where it is above `size_limit` bytes.

        None if even that does not fit. Raises NothingKeptError, RateLimitedError(seconds=...).
        """
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            number = self._find(connection, caller).number
            rate_limit.charge(connection, number, "download", DOWNLOADS_PER_MINUTE, now)
            audit.record(connection, at=now, actor="rater", rater=number, action="privacy.download")

        def query(connection: Connection) -> tuple[bytes, bool, datetime | None]:
            rater = self._find(connection, caller)
            tables = personal_data.collect(connection, rater.number, self._digest(rater), now)
            until = personal_data.held_back_until(connection, rater.number, now)
            document = {
                "written_at": now.isoformat(),
                "held_back_until": None if until is None else until.isoformat(),
                **tables,
            }
            content = json.dumps(document, ensure_ascii=False, indent=1).encode()
            return content, bool(tables["erased_raters"]), until

        await self._database.write(unit)
        content, erased_before, until = await self._database.read(query)
        name = "horde-jury-personal-data.json"
        if len(content) > size_limit:
            content, name = gzip.compress(content, mtime=0), f"{name}.gz"
        if len(content) > size_limit:
            return None
        return Download(name, content, erased_before, until)

    def _digest(self, rater: Rater) -> str:
        assert rater.discord_id is not None  # noqa: S101 - found by it
        return self._enrolment.digest(rater.discord_id)

    @staticmethod
    def _find(connection: Connection, caller: Caller) -> Rater:
        rater = raters.find(connection, caller.discord_id)
        if rater is None:
            raise NothingKeptError
        return rater
