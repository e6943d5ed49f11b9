"""What follows from a rater's risk, as the path of a vote reads it."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection
from typing import Final

from storage.times import to_microseconds

UNSUSPECTED: Final = 0
"""Gold that is asked for where nothing is suspected of a rater: the settings say how much it is."""


def gold_percent(connection: Connection, rater: int) -> int:
    """Return how many showings in a hundred this rater's risk asks to be gold, or UNSUSPECTED.

    The settings say what comes of it: `bot.trust.gold.mixing`.
    """
    row = connection.execute("SELECT gold_percent FROM risks WHERE rater = ?", (rater,)).fetchone()
    return UNSUSPECTED if row is None else int(row[0])


def set_gold_percent(connection: Connection, rater: int, percent: int, now: datetime) -> None:
    """Ask for so much gold for the rater from now on."""
    connection.execute(
        "INSERT INTO risks (rater, gold_percent, changed_at) VALUES (?, ?, ?)"
        " ON CONFLICT (rater) DO UPDATE SET"
        " gold_percent = excluded.gold_percent, changed_at = excluded.changed_at",
        (rater, percent, to_microseconds(now)),
    )


def ask_captcha(
    connection: Connection, rater: int, because: str, votes: int, now: datetime
) -> None:
    """Have the rater, with so many votes, asked a captcha before the next one.

    The first reason stays until then.
    """
    connection.execute(
        "INSERT INTO risks (rater, gold_percent, captcha_because, captcha_asked_at, changed_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (rater) DO UPDATE SET"
        " captcha_because = coalesce(captcha_because, excluded.captcha_because),"
        " captcha_asked_at = excluded.captcha_asked_at, changed_at = excluded.changed_at",
        (rater, UNSUSPECTED, because, votes, to_microseconds(now)),
    )


def captcha_asked_at(connection: Connection, rater: int) -> int | None:
    """Return how many votes the rater had when a rule asked for a captcha last; None: none did."""
    row = connection.execute(
        "SELECT captcha_asked_at FROM risks WHERE rater = ?", (rater,)
    ).fetchone()
    return None if row is None else row[0]


def captcha_because(connection: Connection, rater: int) -> str | None:
    """Return the rule that asks for a captcha now, None if none does."""
    row = connection.execute(
        "SELECT captcha_because FROM risks WHERE rater = ?", (rater,)
    ).fetchone()
    return None if row is None else row[0]


def settle_captcha(connection: Connection, rater: int) -> None:
    """Note that the rater was asked, with whatever outcome lets them go on."""
    connection.execute("UPDATE risks SET captcha_because = NULL WHERE rater = ?", (rater,))
