"""What follows from a rater's risk, as the path of a vote reads it."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection
from typing import Final

from storage.times import to_microseconds

LEAST_GOLD_PERCENT: Final = 5
"""Showings of gold in a hundred, for a rater of whom nothing is suspected."""


def gold_percent(connection: Connection, rater: int) -> int:
    """Return how many showings in a hundred are to be gold for this rater, by their risk.

    The settings say what comes of it: `bot.trust.gold.mixing`.
    """
    row = connection.execute("SELECT gold_percent FROM risks WHERE rater = ?", (rater,)).fetchone()
    return LEAST_GOLD_PERCENT if row is None else int(row[0])


def set_gold_percent(connection: Connection, rater: int, percent: int, now: datetime) -> None:
    """Show the rater so much gold from now on."""
    connection.execute(
        "INSERT INTO risks (rater, gold_percent, changed_at) VALUES (?, ?, ?)"
        " ON CONFLICT (rater) DO UPDATE SET"
        " gold_percent = excluded.gold_percent, changed_at = excluded.changed_at",
        (rater, percent, to_microseconds(now)),
    )


def ask_captcha(connection: Connection, rater: int, because: str, now: datetime) -> None:
    """Have the rater asked a captcha before the next vote; the first reason stays until then."""
    connection.execute(
        "INSERT INTO risks (rater, gold_percent, captcha_because, changed_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (rater) DO UPDATE SET"
        " captcha_because = coalesce(captcha_because, excluded.captcha_because),"
        " changed_at = excluded.changed_at",
        (rater, LEAST_GOLD_PERCENT, because, to_microseconds(now)),
    )


def captcha_because(connection: Connection, rater: int) -> str | None:
    """Return the rule that asks for a captcha now, None if none does."""
    row = connection.execute(
        "SELECT captcha_because FROM risks WHERE rater = ?", (rater,)
    ).fetchone()
    return None if row is None else row[0]


def settle_captcha(connection: Connection, rater: int) -> None:
    """Note that the rater was asked, with whatever outcome lets them go on."""
    connection.execute("UPDATE risks SET captcha_because = NULL WHERE rater = ?", (rater,))
