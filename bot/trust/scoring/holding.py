"""Kudos that wait because of what the estimator found: placed by the program, and lifted by it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.trust.rules.answers import MOST_GOLD, Gold
from storage import audit, holds, rater_scores, raters, rule_queue

REASON: Final = "reliability"


def is_overruled(connection: Connection, number: int, scale: str) -> bool:
    """Tell whether gold says that a rater looks whom the others' votes on the scale say not to."""
    return Gold.of(rule_queue.gold_answers(connection, number, MOST_GOLD)).speaks_for(scale)


def place(connection: Connection, numbers: Iterable[int], now: datetime) -> None:
    """Let the kudos of raters wait who are held from now on, unless a moderator vouches for them.

    For those who were not held before: a hold that people took away does not come back each hour.
    """
    for number in numbers:
        rater = raters.by_number(connection, number)
        vouched = rater is not None and rater.status == "validated"
        if not vouched and holds.place(connection, number, REASON, now):
            _record(connection, "hold.placed", number, now)


def lift_in_vain(connection: Connection, now: datetime) -> None:
    """Lift the holds of those who are not held any more, or for whom a moderator vouches by now."""
    for number in rater_scores.held_in_vain(connection, REASON):
        holds.lift(connection, number, REASON)
        _record(connection, "hold.lifted", number, now)


def _record(connection: Connection, action: str, number: int, now: datetime) -> None:
    audit.record_program(
        connection, action, now, subject=f"rater:{number}", details={"reason": REASON}
    )
