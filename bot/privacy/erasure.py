"""Erasing a rater: the link is cut at once, then votes and claims leave, batch by batch.

Only what needs the link comes before it: the hashes of what was earned.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from sqlite3 import Connection
from typing import Final, Literal

import structlog

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import NothingKeptError
from bot.privacy.earnings import AtStake, EarnedBefore, Scored, at_stake
from bot.trust.captcha import policy
from bot.trust.enrolment import Enrolment
from bot.trust.holds import of_operators, of_program
from bot.trust.recounting import Recounting
from storage import audit, bars, captchas, erasures, horde_links, payouts, raters
from storage.database import Database
from storage.erasure_file import Erasure, ErasureFile
from storage.erasures import LinkedRater
from storage.payout_file import PayoutFile
from storage.raters import Rater

BATCH: Final = 200
"""Votes deleted, or awards given up, in one unit: presses wait for no more than that."""

_log = structlog.get_logger()

Actor = Literal["rater", "operator", "program"]


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: the number that stays, without a person, and the votes deleted.

    `kudos` were given up; `kudos_under_way` may have been sent already, and go on.
    """

    number: int
    votes: int
    kudos: int
    kudos_under_way: int


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
        self._payouts = PayoutFile(database.path)
        self._earned = EarnedBefore(database, enrolment.hash_key)

    async def at_stake(self, caller: Caller) -> AtStake:
        """Return what erasing the caller would cost them. Raises NothingKeptError."""

        def query(connection: Connection) -> AtStake:
            rater = raters.find(connection, caller.discord_id)
            if rater is None:
                raise NothingKeptError
            return at_stake(connection, rater)

        return await self._database.read(query)

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
            back = self._brought_back(await self._database.read(erasures.linked), listed)
            paid = await asyncio.to_thread(self._paid_to, list(back)) if back else {}
            for rater, erasure in back.items():
                again += await self._repeat(rater, erasure, paid[rater])
        await self._compare(listed)
        await self._bar()
        for number in await self._database.read(erasures.unfinished):
            await self._finish(number)
        return again

    async def _erase(self, discord_id: int, actor: Actor) -> Erased:
        found = await self._database.read(lambda c: raters.find(c, discord_id))
        if found is None:
            raise NothingKeptError
        kept = await self._earned.keep_most(discord_id, found.number)
        now = self._clock.now()

        def unit(connection: Connection) -> tuple[int, AtStake, Erasure]:
            rater = raters.find(connection, discord_id)
            if rater is None:
                raise NothingKeptError
            erasure = self._erasure(connection, rater, now)
            stake = at_stake(connection, rater)
            self._take_out(connection, rater, erasure, kept, actor)
            return rater.number, stake, erasure

        number, stake, erasure = await self._database.write(unit)
        await self._list(erasure)
        return Erased(number, await self._finish(number), stake.forfeited, stake.under_way)

    def _erasure(self, connection: Connection, rater: Rater, now: datetime) -> Erasure:
        """Return what is kept of a rater who is erased now.

        Tries at a captcha that were spent are as a fail then, or an erasure would bring them back.
        """
        assert rater.discord_id is not None  # noqa: S101 - found by it
        captcha = captchas.record(connection, rater.number)
        if policy.tries_for_next(captchas.last(connection, rater.number), now) < policy.TRIES:
            captcha = policy.after_fail(captcha, now)
        return Erasure(
            self._enrolment.digest(rater.discord_id),
            now,
            rater.banned_at(now),
            self._account(connection, rater.number),
            held=bool(of_program(connection, rater)),
            held_by_operators=bool(of_operators(connection, rater)),
            banned_until=rater.status_until if rater.banned_at(now) else None,
            bars=tuple(bars.of_rater(connection, rater.number, now)),
            captcha_fails=captcha.fails_in_a_row,
            captcha_not_before=captcha.not_before,
        )

    def _brought_back(
        self, linked: list[LinkedRater], listed: dict[str, Erasure]
    ) -> dict[LinkedRater, Erasure]:
        """Return who was erased after they were first seen, and when."""
        back = {}
        for rater in linked:
            erasure = listed.get(self._enrolment.digest(rater.discord_id))
            if erasure is not None and rater.first_seen_at <= erasure.erased_at:
                back[rater] = erasure
        return back

    def _paid_to(self, back: list[LinkedRater]) -> dict[LinkedRater, list[Scored]]:
        """Return for what they were paid by the list of payouts, after the backup too."""
        told, _ = self._payouts.read()
        paid: dict[LinkedRater, list[Scored]] = {rater: [] for rater in back}
        by_number = {(rater.number, rater.first_seen_at): paid[rater] for rater in back}
        for payout in (each.payout for each in told if each.what != "unpaid"):
            if payout is not None:
                of_rater = by_number.get((payout.rater, payout.first_seen_at), [])
                of_rater.extend((award.image_id, award.scale) for award in payout.awards)
        return paid

    async def _repeat(self, linked: LinkedRater, erasure: Erasure, paid: list[Scored]) -> bool:
        """Cut the link again; False where another process was faster."""
        kept = await self._earned.keep_most(linked.discord_id, linked.number, paid)

        def unit(connection: Connection) -> bool:
            rater = raters.find(connection, linked.discord_id)
            if rater is None or rater.first_seen_at > erasure.erased_at:
                return False
            account = erasure.horde_hash or self._account(connection, rater.number)
            whole = replace(erasure, horde_hash=account)
            self._take_out(connection, rater, whole, kept, "program")
            return True

        return await self._database.write(unit)

    def _account(self, connection: Connection, number: int) -> str | None:
        """Return the hash of the Horde account that the rater proved to be theirs."""
        link = horde_links.find(connection, number)
        if link is None or link.verified_at is None:
            return None
        return self._enrolment.horde_digest(link.horde_id)

    def _take_out(
        self,
        connection: Connection,
        rater: Rater,
        erasure: Erasure,
        kept: frozenset[Scored],
        actor: Actor,
    ) -> None:
        """Do all that cannot wait, inside one unit; `kept` is what was kept of their awards."""
        assert rater.discord_id is not None  # noqa: S101 - found by it
        now = self._clock.now()
        self._earned.keep_rest(connection, rater.discord_id, rater.number, kept)
        payouts.cancel_planned(connection, rater.number, now, answer="erased")
        erasures.cut_link(connection, rater.number, now)
        erasures.remember(connection, erasure)
        audit.record(
            connection,
            at=now,
            actor=actor,
            rater=rater.number if actor == "rater" else None,
            action="privacy.erase",
            subject=f"rater:{rater.number}",
        )

    async def _finish(self, number: int) -> int:
        """Delete the votes, give up what no payout has, and return how many votes there were.

        In this order: an award follows its vote as long as that is there.
        """
        deleted = await self._delete_votes(number)
        while await self._database.write(lambda c: erasures.forfeit(c, number, limit=BATCH)):
            pass
        return deleted

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
        """List what the program stopped before listing; take over what a backup does not know."""
        stored = {each.discord_hash: each for each in await self._database.read(erasures.every)}
        for erasure in stored.values():
            known = listed.get(erasure.discord_hash)
            if known is None or known.erased_at < erasure.erased_at:
                await self._list(erasure)
        for known in listed.values():
            erasure = stored.get(known.discord_hash, known)
            whole = replace(known, horde_hash=known.horde_hash or erasure.horde_hash)
            if known.discord_hash not in stored or (
                known.erased_at >= erasure.erased_at and whole != erasure
            ):
                await self._database.write(partial(erasures.remember, erasure=whole))

    async def _bar(self) -> None:
        """End the links to accounts of banned people that a backup brought back."""
        stored = await self._database.read(erasures.every)
        now = self._clock.now()
        hashes = {each.horde_hash for each in stored if each.banned_at(now) and each.horde_hash}
        if hashes:
            await self._database.write(lambda c: self._enrolment.bar(c, hashes, now))

    async def _list(self, erasure: Erasure) -> None:
        """Add a line to the file; what the disk refuses is tried again at the next start."""
        try:
            await asyncio.to_thread(self._file.append, erasure)
        except OSError as error:
            _log.error("erasure_not_listed", path=str(self._file.path), reason=error.strerror)
