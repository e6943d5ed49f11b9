"""What was earned and what became of it: sums, and whether awards and payouts agree.

Sums are whole kudos.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final

from storage.releases import OWED, RELEASED, release_moments
from storage.times import day_of, start_of, to_microseconds

_NO_LONGER_COUNT: Final = """
    SELECT sum(a.amount) FROM awards a JOIN payouts p ON p.id = a.payout_id
    WHERE a.payout_id IS NOT NULL AND a.standing <> 'stands' AND p.state = 'paid'
"""
"""Paid for votes that were taken out, such as those of somebody banned later."""

_SHOWN: Final = 5
"""How many rows of one kind are named; a ledger that is broken on purpose may have millions."""


@dataclass(frozen=True, slots=True)
class Totals:
    """All raters together: `owed` is `held` and `released`; each award is in one sum at most.

    `planned`, `sending`, `in_doubt` and `paid` are payouts by their state; `written_off` is the
    part of `paid` whose votes no longer count. `awarded_today` and `spent_today` are of the UTC
    day; what may have been sent counts as spent.
    """

    held: int
    released: int
    planned: int
    sending: int
    in_doubt: int
    paid: int
    written_off: int
    awarded_today: int
    spent_today: int

    @property
    def owed(self) -> int:
        """What was earned and no payout settles yet."""
        return self.held + self.released


@dataclass(frozen=True, slots=True)
class RaterLedger:
    """One rater: `earned` is `held`, `released`, `paying` (a payout is under way) and `paid`.

    `written_off` is the part of `paid` whose votes no longer count. A ban without an end leaves
    nothing held or released.
    """

    held: int
    released: int
    paying: int
    paid: int
    written_off: int

    @property
    def earned(self) -> int:
        """What was earned and not taken back, paid or not."""
        return self.held + self.released + self.paying + self.paid


def totals(connection: Connection, now: datetime, hold: timedelta) -> Totals:
    """Add everything up; an award older than `hold` waits for no image."""
    owed, released = _owed(connection, now, hold)
    states = {
        state: int(amount)
        for state, amount in connection.execute(
            "SELECT state, sum(amount) FROM payouts GROUP BY state"
        )
    }
    return Totals(
        held=owed - released,
        released=released,
        planned=states.get("planned", 0),
        sending=states.get("sending", 0),
        in_doubt=states.get("in_doubt", 0),
        paid=states.get("paid", 0),
        written_off=_sum(connection, _NO_LONGER_COUNT),
        awarded_today=_sum(
            connection, "SELECT amount FROM award_days WHERE day = :day", {"day": day_of(now)}
        ),
        spent_today=_spent_on(connection, day_of(now)),
    )


def of_rater(connection: Connection, number: int, now: datetime, hold: timedelta) -> RaterLedger:
    """Add up what one rater has; all 0 for a number that nobody has."""
    owed, released = _owed(connection, now, hold, rater=number)
    of = {"rater": number}
    return RaterLedger(
        held=owed - released,
        released=released,
        paying=_sum(
            connection,
            "SELECT sum(amount) FROM payouts "
            "WHERE rater = :rater AND state IN ('planned', 'sending', 'in_doubt')",
            of,
        ),
        paid=_sum(
            connection,
            "SELECT sum(amount) FROM payouts WHERE rater = :rater AND state = 'paid'",
            of,
        ),
        written_off=_sum(connection, f"{_NO_LONGER_COUNT} AND a.rater = :rater", of),
    )


def counts(connection: Connection) -> tuple[int, int]:
    """Return how many awards and how many payouts there are."""
    (awards,) = connection.execute("SELECT count(*) FROM awards").fetchone()
    (payouts,) = connection.execute("SELECT count(*) FROM payouts").fetchone()
    return awards, payouts


def imbalances(connection: Connection) -> list[str]:
    """Return a sentence for everything in which awards and payouts disagree; reads all of both."""
    found = [sentence for query, words in _CHECKS for sentence in _named(connection, query, words)]
    return [*found, *_orphans(connection)]


def _owed(
    connection: Connection, now: datetime, hold: timedelta, *, rater: int | None = None
) -> tuple[int, int]:
    of_whom = "" if rater is None else "AND a.rater = :rater"
    owed, released = connection.execute(
        f"SELECT sum(a.amount), sum(a.amount) FILTER (WHERE {RELEASED}) FROM awards a "  # noqa: S608 - constants
        "JOIN images i ON i.id = a.image_id JOIN raters r ON r.number = a.rater "
        f"WHERE {OWED} {of_whom}",
        {**release_moments(now, hold), "rater": rater},
    ).fetchone()
    return owed or 0, released or 0


def _spent_on(connection: Connection, day: int) -> int:
    return _sum(
        connection,
        "SELECT sum(amount) FROM payouts WHERE first_sent_at >= :from AND first_sent_at < :to "
        "AND state IN ('sending', 'in_doubt', 'paid')",
        {"from": to_microseconds(start_of(day)), "to": to_microseconds(start_of(day + 1))},
    )


def _sum(connection: Connection, query: str, values: dict[str, int] | None = None) -> int:
    row = connection.execute(query, values or {}).fetchone()
    return 0 if row is None or row[0] is None else int(row[0])


def _named(connection: Connection, query: str, words: str) -> Iterator[str]:
    """Say `words` of each row found, and how many more there are."""
    rows = connection.execute(query).fetchall()
    yield from (words.format(*row) for row in rows[:_SHOWN])
    if len(rows) > _SHOWN:
        yield f"... and {len(rows) - _SHOWN} more like the last"


def _orphans(connection: Connection) -> Iterator[str]:
    """Name tables of the ledger with rows that lead nowhere."""
    for table in ("awards", "payouts", "payout_attempts", "horde_links", "holds", "review_queue"):
        rows = connection.execute(f"PRAGMA foreign_key_check({table})").fetchall()
        for parent in sorted({row[2] for row in rows}):
            number = sum(row[2] == parent for row in rows)
            yield f"{table}: {number} rows point at no row of {parent}"


_CHECKS: Final = (
    (
        """
        SELECT p.id, p.state, p.amount, coalesce(sum(a.amount), 0) FROM payouts p
        LEFT JOIN awards a ON a.payout_id = p.id
        WHERE p.state IN ('planned', 'sending', 'in_doubt', 'paid')
        GROUP BY p.id HAVING p.amount <> coalesce(sum(a.amount), 0) ORDER BY p.id
        """,
        "payout {0} ({1}) is of {2} kudos, its awards are of {3}",
    ),
    (
        """
        SELECT p.id, p.state, count(*), sum(a.amount) FROM payouts p
        JOIN awards a ON a.payout_id = p.id WHERE p.state IN ('refused', 'cancelled')
        GROUP BY p.id ORDER BY p.id
        """,
        "payout {0} ({1}) keeps {2} awards of {3} kudos, which are owed again",
    ),
    (
        """
        SELECT p.id, p.rater, a.rater, count(*) FROM payouts p
        JOIN awards a ON a.payout_id = p.id WHERE a.rater <> p.rater
        GROUP BY p.id, a.rater ORDER BY p.id, a.rater
        """,
        "payout {0} of rater {1} has {3} awards of rater {2}",
    ),
    (
        """
        SELECT rater, count(*) FROM payouts WHERE state IN ('planned', 'sending', 'in_doubt')
        GROUP BY rater HAVING count(*) > 1 ORDER BY rater
        """,
        "rater {0} has {1} payouts under way at once",
    ),
    (
        """
        SELECT id, state FROM payouts
        WHERE (settled_at IS NOT NULL) <> (state IN ('paid', 'refused', 'cancelled')) ORDER BY id
        """,
        "payout {0} ({1}) does not agree with when it was settled",
    ),
    (
        """
        SELECT id, state FROM payouts
        WHERE state IN ('sending', 'in_doubt', 'paid') AND first_sent_at IS NULL ORDER BY id
        """,
        "payout {0} ({1}) was never sent",
    ),
    (
        """
        SELECT e.date, e.amount, coalesce(d.amount, 0) FROM (
            SELECT earned_at / 86400000000 AS day, date(earned_at / 1000000, 'unixepoch') AS date,
                sum(amount) AS amount
            FROM awards GROUP BY 1
        ) e LEFT JOIN award_days d ON d.day = e.day
        WHERE e.amount > coalesce(d.amount, 0) ORDER BY e.day
        """,
        "on {0} awards of {1} kudos were earned, the day counts {2}",
    ),
)
"""What to look for, and the words for each row found."""
