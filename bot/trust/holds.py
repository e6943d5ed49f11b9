"""Holds: reasons for which a rater's kudos wait until somebody has looked."""

from __future__ import annotations

import re
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import JuryError, NothingKeptError
from bot.trust.access import AccessService
from bot.trust.enrolment import BEFORE_ERASURE, Enrolment
from bot.trust.people import as_subject
from bot.trust.rules.ruleset import BY_NAME
from bot.trust.scoring import holding
from storage import audit, holds, raters
from storage.database import Database
from storage.raters import Rater

REASON: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
"""A reason is a word, not what somebody wrote about a person: the audit log keeps it for good."""


BY_PROGRAM: Final = frozenset({*BY_NAME, holding.REASON, BEFORE_ERASURE})
"""Holds that the program places and moderators may lift: those of the rules and of the estimator,
which it lifts by itself too, and that of whoever it held before an erasure."""


class HoldService:
    """Places and lifts holds for operators; every change is audited by the rater's number."""

    def __init__(self, database: Database, clock: Clock, enrolment: Enrolment) -> None:
        self._database = database
        self._clock = clock
        self._enrolment = enrolment

    async def place(self, discord_id: int, reason: str) -> bool:
        """Let the rater's kudos wait; False where they do already for this reason.

        A person who was never seen may be held before they come. Raises JuryError for a reason
        that is no word as of REASON, or that is one of the program's own.
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

        def unit(connection: Connection) -> bool:
            rater = self._enrolment.rater(connection, discord_id, now)
            placed = holds.place(connection, rater.number, reason, now)
            if placed:
                self._audit(connection, "placed", rater, reason)
            return placed

        return await self._database.write(unit)

    async def lift(self, discord_id: int, reason: str | None = None) -> tuple[str, ...]:
        """Take one hold away, or all of them; return the reasons that stood.

        Raises NothingKeptError for somebody who was never seen.
        """

        def unit(connection: Connection) -> tuple[str, ...]:
            rater = _known(connection, discord_id)
            lifted = holds.lift(connection, rater.number, reason)
            for each in lifted:
                self._audit(connection, "lifted", rater, each)
            return tuple(lifted)

        return await self._database.write(unit)

    async def of_rater(self, discord_id: int) -> tuple[str, ...]:
        """Return the reasons that stand. Raises NothingKeptError as `lift` does."""
        return await self._database.read(
            lambda c: tuple(holds.of_rater(c, _known(c, discord_id).number))
        )

    def _audit(self, connection: Connection, what: str, rater: Rater, reason: str) -> None:
        audit.record(
            connection,
            at=self._clock.now(),
            actor="operator",
            rater=None,
            action=f"hold.{what}",
            subject=as_subject(rater),
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


def _known(connection: Connection, discord_id: int) -> Rater:
    rater = raters.find(connection, discord_id)
    if rater is None:
        raise NothingKeptError
    return rater
