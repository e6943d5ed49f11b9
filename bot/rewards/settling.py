"""What an answer changes in the tables, in one unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from sqlite3 import Connection
from typing import Final

from bot.rewards.outcomes import Outcome, is_of_one
from bot.trust.alerts import WINDOW
from storage import (
    alerts,
    audit,
    holds,
    horde_links,
    payout_attempts,
    payout_due,
    payout_pauses,
    payouts,
    review_queue,
)
from storage.payout_file import PayoutFile
from storage.payouts import Payout
from storage.review_queue import PAYOUT_IN_DOUBT

UNCERTAIN: Final = frozenset({"sending", "in_doubt"})
SHORTEST_PAUSE: Final = timedelta(minutes=10)
LONGEST_PAUSE: Final = timedelta(hours=1)
"""Between two tries while our own account cannot pay."""
FIRST_DOUBT: Final = timedelta(seconds=30)
LONGEST_DOUBT: Final = timedelta(hours=6)
"""Between two requests for one payout in doubt; each time twice as long."""
MOST_DOUBLINGS: Final = 12
AGAIN: Final = timedelta(seconds=30)
LONGEST_REPEAT: Final = timedelta(hours=6)
"""Before a payout that certainly was not made is sent again; each time twice as long where the
answer is of this one alone."""
MOST_UNEXPECTED: Final = 3
"""So many accounts in a row that get the same answer, which nobody foresaw: it is about ours."""
REFUSED_FOR: Final = payout_due.LONGEST_REFUSAL
UNEXPECTED_FOR: Final = timedelta(days=1)
"""For how long nothing is sent to an account after an answer about it, and after one that nobody
foresaw."""
CONTRADICTED: Final = "contradicted"
"""Why a rater is held who may have been paid twice."""

Awards = Sequence[tuple[int, str]]
"""Each an image and a scale."""


class Settling:
    """Writes outcomes; each method belongs in a unit."""

    def __init__(self, random: Random, file: PayoutFile) -> None:
        self._random = random
        self._file = file

    def settle(
        self,
        connection: Connection,
        *,
        payout: Payout,
        attempt: int,
        awards: Awards,
        outcome: Outcome,
        now: datetime,
    ) -> bool:
        """Write what an attempt's outcome makes of its payout; tell whether that is paid now.

        Only a proof that it was paid counts after a later attempt, also against somebody's word.
        `awards` are those that the attempt was to pay.
        """
        payout_attempts.finish(connection, attempt, outcome.answer)
        current = payouts.by_id(connection, payout.id)
        assert current is not None  # noqa: S101 - payouts are never deleted
        paid = outcome.becomes == "paid" and self._pay(connection, current, awards, now)
        if outcome.becomes == "paid":
            self._resume(connection, now)
        elif current.state in UNCERTAIN and payout_attempts.is_latest(connection, attempt):
            outcome = _seen_among_others(connection, outcome)
            self._unpaid(connection, current, outcome, now)
        if outcome.fault == "ours":
            self.pause(connection, outcome.answer, now)
        return paid

    def pause(self, connection: Connection, answer: str, now: datetime) -> None:
        """Send nothing for a while, for our own account cannot pay; tell so once."""
        before = payout_pauses.find(connection, "horde")
        lasted = now - before.since if before is not None else timedelta(0)
        wait = min(max(lasted, SHORTEST_PAUSE), LONGEST_PAUSE)
        if payout_pauses.begin(connection, "horde", answer, now, now + self._spread(wait)):
            alerts.add(connection, "payouts_paused", {"answer": answer}, now=now, window=WINDOW)
            _log_act(connection, "payouts.pause", now, answer=answer)

    def open_case(self, connection: Connection, payout: Payout, answer: str, now: datetime) -> bool:
        """Ask the operators what became of a payout; False where they are asked already."""
        if review_queue.is_open(connection, payout.id):
            return False
        review_queue.put(
            connection,
            PAYOUT_IN_DOUBT,
            now=now,
            payout_id=payout.id,
            details={"answer": answer, "amount": payout.amount},
        )
        told = {"payout": payout.id, "kudos": payout.amount}
        alerts.add(connection, "payout_in_doubt", told, now=now, window=WINDOW)
        return True

    def _pay(self, connection: Connection, payout: Payout, awards: Awards, now: datetime) -> bool:
        if payouts.pay(connection, payout.id, now):
            review_queue.settle_payout(connection, payout.id, by=None, outcome="paid", now=now)
        elif payout.state != "paid" and not self._contradict(connection, payout, awards, now):
            return False
        payout_due.accept_account(connection, payout.rater, payout.horde_id)
        return True

    def _contradict(
        self, connection: Connection, payout: Payout, awards: Awards, now: datetime
    ) -> bool:
        """Take back somebody's word that a payout was not made, if nobody else has its awards.

        False where others have them: then the rater is held until people have looked.
        """
        twice = payouts.pay_after_all(connection, payout.id, awards, now)
        kind = "payout_paid_twice" if twice else "payout_contradicted"
        told = {"payout": payout.id, "kudos": twice or payout.amount}
        alerts.add(connection, kind, told, now=now, window=WINDOW)
        _log_act(connection, "payout.contradicted", now, payout=payout)
        if twice and holds.place(connection, payout.rater, CONTRADICTED, now):
            _log_act(connection, "hold.placed", now, subject=f"rater:{payout.rater}")
        return not twice

    def _resume(self, connection: Connection, now: datetime) -> None:
        pause = payout_pauses.find(connection, "horde")
        if pause is not None and payout_pauses.lift(connection, "horde"):
            horde_links.pardon(connection, pause.answer, now + LONGEST_PAUSE)
            alerts.add(connection, "payouts_resumed", {}, now=now, window=WINDOW)
            _log_act(connection, "payouts.resume", now)

    def _unpaid(
        self, connection: Connection, payout: Payout, outcome: Outcome, now: datetime
    ) -> None:
        if outcome.becomes == "in_doubt":
            payouts.doubt(
                connection,
                payout.id,
                outcome.answer,
                self._next_look(connection, payout, outcome, now),
            )
            if outcome.case:
                self.open_case(connection, payout, outcome.answer, now)
            return
        # Its awards may be in another payout from now on; the list has to know that before.
        self._file.knows(payout.key, now, outcome.answer, paid=False)
        review_queue.settle_payout(connection, payout.id, by=None, outcome="unpaid", now=now)
        if outcome.becomes == "planned":
            wait = max(AGAIN, timedelta(seconds=outcome.seconds))
            if is_of_one(outcome.answer):
                wait = min(wait * 2 ** _doublings(connection, payout), LONGEST_REPEAT)
            payouts.plan_again(connection, payout.id, outcome.answer, now + self._spread(wait))
            return
        payouts.refuse(connection, payout.id, outcome.answer, now)
        until = now + (REFUSED_FOR if outcome.fault == "payees" else UNEXPECTED_FOR)
        payout_due.refuse_account(
            connection, payout.rater, payout.horde_id, answer=outcome.answer, until=until
        )
        if outcome.fault == "unexpected":
            answer: dict[str, str | int] = {"payout": payout.id, "answer": outcome.answer}
            alerts.add(connection, "payout_refused", answer, now=now, window=WINDOW)

    def _next_look(
        self, connection: Connection, payout: Payout, outcome: Outcome, now: datetime
    ) -> datetime:
        wait = FIRST_DOUBT * 2 ** _doublings(connection, payout)
        wait = max(wait, timedelta(seconds=outcome.seconds))
        return now + min(self._spread(wait), LONGEST_DOUBT)

    def _spread(self, wait: timedelta) -> timedelta:
        """Lengthen a wait by up to a tenth, so that nobody comes back all at once."""
        return wait * (1 + self._random.random() / 10)


def _doublings(connection: Connection, payout: Payout) -> int:
    return min(payout_attempts.count(connection, payout.id) - 1, MOST_DOUBLINGS)


def _seen_among_others(connection: Connection, outcome: Outcome) -> Outcome:
    """Take for our account's what nobody foresaw and several accounts got, none paid between."""
    if outcome.fault != "unexpected":
        return outcome
    accounts = payout_attempts.accounts_answered(connection, outcome.answer)
    if accounts < MOST_UNEXPECTED:
        return outcome
    return replace(outcome, becomes="planned", fault="ours")


def _log_act(
    connection: Connection,
    action: str,
    now: datetime,
    *,
    payout: Payout | None = None,
    subject: str = "",
    answer: str | None = None,
) -> None:
    audit.record_program(
        connection,
        action,
        now,
        subject=f"payout:{payout.id}" if payout else subject,
        details={"answer": answer} if answer else None,
    )
