"""Suspects of the online rules, as cases for moderators: people decide, no rule does."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import SettledError, WordsNeededError
from bot.trust.banning import BanService
from bot.trust.enrolment import Enrolment
from bot.trust.holds import BY_PROGRAM
from bot.trust.review import CaseKind
from bot.trust.wording import tidy
from storage import audit, findings, holds, raters, review_queue
from storage.database import Database
from storage.raters import Rater
from storage.review_queue import SUSPECT, QueueItem

HONEST: Final = "honest"
WATCH: Final = "watch"
BAN: Final = "ban"


@dataclass(frozen=True, slots=True)
class SuspectCase:
    """A rater of whom the rules find something; `held` is why the program holds their kudos."""

    rater: Rater
    discord_id: int
    held: tuple[str, ...]


class Suspects(CaseKind):
    """Honest after all, which lets held kudos go; left as it is; or banned.

    None of it touches the findings: they stand as long as the votes look so. After each the rules
    ask again only when there are many more votes to judge by.
    """

    name = SUSPECT
    decisions = (HONEST, WATCH, BAN)

    def __init__(
        self, database: Database, clock: Clock, enrolment: Enrolment, bans: BanService
    ) -> None:
        self._database = database
        self._clock = clock
        self._enrolment = enrolment
        self._bans = bans

    def look(self, connection: Connection, item: QueueItem) -> SuspectCase | None:
        """Return the rater; None where they are gone or banned, or nothing is found any more."""
        rater = _named(connection, item)
        if rater is None or rater.discord_id is None or rater.banned_at(self._clock.now()):
            return None
        held = tuple(
            reason for reason in holds.of_rater(connection, rater.number) if reason in BY_PROGRAM
        )
        if not held and not findings.of_rater(connection, rater.number):
            return None
        return SuspectCase(rater, rater.discord_id, held)

    async def prepare(self, caller: Caller, item: QueueItem, decision: str, words: str) -> None:
        """Ban, which takes more than one unit, also where nothing is found any more.

        What the moderator saw was enough to decide. Raises WordsNeededError without a reason.
        """
        if decision != BAN:
            return
        reason = tidy(words)
        if reason is None:
            raise WordsNeededError
        rater = await self._database.read(lambda connection: _named(connection, item))
        if rater is None or rater.discord_id is None or rater.banned_at(self._clock.now()):
            return  # erased, or banned by somebody else meanwhile
        await self._bans.ban(caller, rater.discord_id, reason)

    def carry_out(
        self, connection: Connection, caller: Caller, item: QueueItem, decision: str, words: str
    ) -> None:
        """Settle the case. Raises SettledError where the rater is gone meanwhile.

        A ban has an entry of its own in the log.
        """
        del words  # the reason of a ban is with the ban
        now = self._clock.now()
        by = self._enrolment.rater(connection, caller.discord_id, now).number
        if decision == BAN:
            rater = _named(connection, item)
            if rater is None or not rater.banned_at(now):
                raise SettledError
            review_queue.settle(connection, item.id, by=by, outcome=decision, now=now)
            return
        case = self.look(connection, item)
        if case is None:
            raise SettledError
        review_queue.settle(connection, item.id, by=by, outcome=decision, now=now)
        self._log(connection, case.rater, by, f"suspect.{decision}")
        if decision == HONEST:
            for reason in case.held:
                holds.lift(connection, case.rater.number, reason)
                self._log(connection, case.rater, by, "hold.lifted", {"reason": reason})

    def _log(
        self,
        connection: Connection,
        rater: Rater,
        by: int,
        action: str,
        details: audit.Details | None = None,
    ) -> None:
        audit.record(
            connection,
            at=self._clock.now(),
            actor="moderator",
            rater=by,
            action=action,
            subject=f"rater:{rater.number}",
            details=details,
        )


def _named(connection: Connection, item: QueueItem) -> Rater | None:
    """Return whom a case is about."""
    return None if item.rater is None else raters.by_number(connection, item.rater)
