"""Holds: reasons for which a rater's kudos wait until somebody has looked."""

from __future__ import annotations

import re
from dataclasses import replace
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import JuryError, NothingKeptError
from bot.trust.access import AccessService
from bot.trust.enrolment import BEFORE_ERASURE, Enrolment, held_again
from bot.trust.erased_people import ErasedPeople
from bot.trust.people import as_subject
from bot.trust.rules.ruleset import BY_NAME
from bot.trust.scoring import holding
from storage import audit, erasures, holds, raters
from storage.database import Database
from storage.erasure_file import Erasure
from storage.raters import Rater

REASON: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
"""A reason is a word, not what somebody wrote about a person: the audit log keeps it for good."""


BY_PROGRAM: Final = frozenset({*BY_NAME, holding.REASON, BEFORE_ERASURE})
"""Holds that the program places and moderators may lift: those of the rules and of the estimator,
which it lifts by itself too, and that of whoever it held before an erasure."""


class HoldService:
    """Places and lifts holds for operators; every change is audited by the rater's number.

    That of somebody erased who is not back by their keyed hash, and decided in the row that stays.
    """

    def __init__(self, database: Database, clock: Clock, enrolment: Enrolment) -> None:
        self._database = database
        self._clock = clock
        self._enrolment = enrolment
        self._erased = ErasedPeople(database, enrolment)

    async def place(self, discord_id: int, reason: str) -> bool:
        """Let the rater's kudos wait; False where they do already for this reason.

        A person who was never seen may be held before they come; of one who was erased and is not
        back only that operators hold is kept. Raises JuryError for a reason that is no word as of
        REASON, or that is one of the program's own.
        """
        if not REASON.fullmatch(reason):
            raise JuryError(
                "a reason is one word of at most 40 small letters, digits, - and _, such as review"
            )
        if reason in BY_PROGRAM:
            raise JuryError(
                f"{reason} is the name of a hold that the program places itself; choose another"
            )
        now = self._clock.now()

        def change(erased: Erasure) -> Erasure:
            return replace(erased, held_by_operators=True)

        def unit(connection: Connection) -> bool:
            before = self._erased.store(connection, discord_id, change)
            if before is not None and raters.find(connection, discord_id) is None:
                placed = not before.held_by_operators
                subject = self._erased.subject(discord_id, before)
            else:
                rater = self._enrolment.rater(connection, discord_id, now)
                placed = holds.place(connection, rater.number, reason, now)
                subject = as_subject(rater)
            if placed:
                self._audit(connection, "placed", subject, reason)
            return placed

        await self._erased.list(discord_id, change)
        return await self._database.write(unit)

    async def lift(self, discord_id: int) -> tuple[str, ...]:
        """Take all holds away, of an erased person too; return the reasons that stood.

        Raises NothingKeptError for somebody who was never seen.
        """

        def change(erased: Erasure) -> Erasure:
            return replace(erased, held=False, held_by_operators=False)

        def unit(connection: Connection) -> tuple[str, ...]:
            before = self._erased.store(connection, discord_id, change)
            rater = raters.find(connection, discord_id)
            if rater is not None:
                lifted = tuple(holds.lift(connection, rater.number))
                subject = as_subject(rater)
            elif before is not None:
                lifted = tuple(held_again(before))
                subject = self._erased.subject(discord_id, before)
            else:
                raise NothingKeptError
            for each in lifted:
                self._audit(connection, "lifted", subject, each)
            return lifted

        await self._erased.list(discord_id, change)
        return await self._database.write(unit)

    async def of_rater(self, discord_id: int) -> tuple[str, ...]:
        """Return the reasons that stand. Raises NothingKeptError as `lift` does."""

        def query(connection: Connection) -> tuple[str, ...]:
            rater = raters.find(connection, discord_id)
            if rater is not None:
                return tuple(holds.of_rater(connection, rater.number))
            erased = erasures.by_hash(connection, self._enrolment.digest(discord_id))
            if erased is None:
                raise NothingKeptError
            return tuple(held_again(erased))

        return await self._database.read(query)

    def _audit(self, connection: Connection, what: str, subject: str, reason: str) -> None:
        audit.record(
            connection,
            at=self._clock.now(),
            actor="operator",
            rater=None,
            action=f"hold.{what}",
            subject=subject,
            details={"reason": reason},
        )


def of_program(connection: Connection, rater: Rater) -> tuple[str, ...]:
    """Return the reasons for which the program holds the rater's kudos."""
    held = holds.of_rater(connection, rater.number)
    return tuple(reason for reason in held if reason in BY_PROGRAM)


def of_operators(connection: Connection, rater: Rater) -> tuple[str, ...]:
    """Return the reasons of holds that operators alone lift."""
    held = holds.of_rater(connection, rater.number)
    return tuple(reason for reason in held if reason not in BY_PROGRAM)


def release(connection: Connection, access: AccessService, moderator: Caller, rater: Rater) -> None:
    """Lift, by a moderator's word, all that the program holds: what operators hold stays.

    What a person lifted is not placed again while its finding stands.
    """
    for reason in of_program(connection, rater):
        holds.lift(connection, rater.number, reason)
        details = {"reason": reason}
        subject = as_subject(rater)
        access.record(connection, moderator, "hold.lifted", subject, details)
