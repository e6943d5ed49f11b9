"""Appeals, as cases for moderators."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import SettledError, WordsNeededError
from bot.settings import Settings
from bot.trust.access import AccessService
from bot.trust.appeal_answers import AnswerService
from bot.trust.banning import BanService, brings_trust_back, can_unban
from bot.trust.holds import BY_PROGRAM, release
from bot.trust.people import as_subject
from bot.trust.review import CaseKind
from bot.trust.void_orders import VoidOrders
from bot.trust.voiding import lift_all
from bot.trust.wording import tidy
from storage import appeals, captchas, limits, raters, review_queue
from storage.appeals import Appeal
from storage.database import Database
from storage.limits import Limit
from storage.raters import Rater
from storage.review_queue import APPEAL, QueueItem

GRANT: Final = "appeal_grant"
REFUSE: Final = "appeal_refuse"


@dataclass(frozen=True, slots=True)
class AppealCase:
    """An open appeal: who wrote it, and what limits them now; that may be nothing any more.

    `brings_trust_back`: granting validates them again, as they were before a ban.
    """

    appeal: Appeal
    rater: Rater
    limits: tuple[Limit, ...]
    brings_trust_back: bool

    @property
    def lasting_holds(self) -> tuple[str, ...]:
        """The reasons of holds that granting does not lift: operators placed them."""
        held = (limit.reason for limit in self.limits if limit.kind == "held")
        return tuple(reason for reason in held if reason is not None and reason not in BY_PROGRAM)


class AppealCases(CaseKind):
    """Grant, which lifts what moderators can lift, or refuse; both with words for the rater."""

    name = APPEAL
    decisions = (GRANT, REFUSE)

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        *,
        access: AccessService,
        bans: BanService,
        orders: VoidOrders,
        answers: AnswerService,
    ) -> None:
        self._database = database
        self._clock = clock
        self._home = settings.home_guild_id
        self._access = access
        self._bans = bans
        self._orders = orders
        self._answers = answers

    def look(self, connection: Connection, item: QueueItem) -> AppealCase | None:
        """Return the appeal; None once it is answered."""
        rater = None if item.rater is None else raters.by_number(connection, item.rater)
        appeal = None if rater is None else appeals.open_of(connection, rater.number)
        if rater is None or appeal is None:
            return None
        found = limits.of_rater(connection, rater, self._clock.now())
        return AppealCase(appeal, rater, found, brings_trust_back(connection, rater))

    async def prepare(self, caller: Caller, item: QueueItem, decision: str, words: str) -> None:
        """Lift the ban of whoever is granted their appeal, and bring back what an ended one took.

        Both take more than one unit.
        """
        _said(words)

        def banned(connection: Connection) -> int | None:
            case = self.look(connection, item)
            if case is None or not can_unban(connection, case.rater, self._home, self._clock.now()):
                return None
            return case.rater.discord_id

        discord_id = await self._database.read(banned) if decision == GRANT else None
        if discord_id is not None:
            await self._bans.unban(caller, discord_id)

    def carry_out(
        self, connection: Connection, caller: Caller, item: QueueItem, decision: str, words: str
    ) -> None:
        """Answer the appeal; once it is granted, only operators hold the rater's kudos any more.

        What reverts took out, and votes that were taken out one by one, counts again with it.
        Raises WordsNeededError where nothing is left of the words, SettledError where the rater
        was erased meanwhile.
        """
        case = self.look(connection, item)
        if case is None:
            raise SettledError
        now, granted = self._clock.now(), decision == GRANT
        action = "appeal.grant" if granted else "appeal.refuse"
        by = self._access.record(connection, caller, action, as_subject(case.rater))
        appeals.answer(
            connection,
            case.appeal.id,
            by=by,
            outcome="granted" if granted else "refused",
            words=_said(words),
            now=now,
        )
        review_queue.settle(connection, item.id, by=by, outcome=decision, now=now)
        if granted:
            release(connection, self._access, caller, case.rater)
            captchas.end_pause(connection, case.rater.number)
            lift_all(connection, self._access, caller, case.rater, now)

    async def follow_up(self) -> None:
        """Bring back the votes that a granted appeal lets count again, and have the answer sent."""
        self._answers.wake()
        await self._orders.settle()


def _said(words: str) -> str:
    said = tidy(words)
    if said is None:
        raise WordsNeededError
    return said
