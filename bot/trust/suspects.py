"""Suspects of the online rules, as cases for moderators: people decide, no rule does."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import SettledError, WordsNeededError
from bot.trust.access import AccessService
from bot.trust.banning import BanService
from bot.trust.holds import of_program, release
from bot.trust.people import as_subject
from bot.trust.review import CaseKind
from bot.trust.wording import tidy
from storage import findings, raters, review_queue
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
        self, database: Database, clock: Clock, access: AccessService, bans: BanService
    ) -> None:
        self._database = database
        self._clock = clock
        self._access = access
        self._bans = bans

    def look(self, connection: Connection, item: QueueItem) -> SuspectCase | None:
        """Return the rater; None where they are gone or banned, or nothing is found any more."""
        rater = _named(connection, item)
        if rater is None or rater.discord_id is None or rater.banned_at(self._clock.now()):
            return None
        held = of_program(connection, rater)
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
        if decision == BAN:
            rater = _named(connection, item)
            if rater is None or not rater.banned_at(now):
                raise SettledError
            by = self._access.number(connection, caller)
        else:
            case = self.look(connection, item)
            if case is None:
                raise SettledError
            action, subject = f"suspect.{decision}", as_subject(case.rater)
            by = self._access.record(connection, caller, action, subject)
            if decision == HONEST:
                release(connection, self._access, caller, case.rater)
        review_queue.settle(connection, item.id, by=by, outcome=decision, now=now)


def _named(connection: Connection, item: QueueItem) -> Rater | None:
    """Return whom a case is about."""
    return None if item.rater is None else raters.by_number(connection, item.rater)
