"""Who is to be paid next and how much, and whether what was planned may still be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final

from storage.releases import OWED, RELEASED, release_moments
from storage.times import day_of, from_microseconds, start_of, to_microseconds

LONGEST_REFUSAL: Final = timedelta(days=7)
"""How long an account that the Horde refuses is left alone; what is later is of a clock that was
set back, and counts as over."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say of payouts; amounts in kudos.

    `cap` is the most a day for one account, proved or not and whoever the raters are, `budget` the
    most a day for all. `sender` is our own account, which is never paid.
    """

    hold: timedelta
    period: timedelta
    minimum: int
    cap: int
    budget: int
    sender: int

    @property
    def least(self) -> int:
        """The least of a payout: no minimum is above what the limits of a day allow."""
        return min(self.minimum, self.day)

    @property
    def day(self) -> int:
        """The most that one account can get in a day."""
        return min(self.budget, self.cap)


@dataclass(frozen=True, slots=True)
class Due:
    """A rater whose released awards may be paid now; `since` is when the oldest was earned.

    `room` is what the account may still get today, of all whom it stands for.
    """

    rater: int
    horde_id: int
    verified: bool
    amount: int
    room: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Picked:
    """What the next payout of a rater is: the oldest released awards, as image and scale."""

    horde_id: int
    verified: bool
    amount: int
    awards: tuple[tuple[int, str], ...]


def due(connection: Connection, terms: Terms, now: datetime) -> list[Due]:
    """Return everybody who is due, whose oldest award waits longest first.

    The day's budget is left out of account. An amount is all that is released.
    """
    rows = connection.execute(_DUE, _parameters(terms, now))
    return [
        Due(rater, horde_id, bool(verified), amount, terms.cap - sent, from_microseconds(since))
        for rater, horde_id, verified, amount, sent, since in rows
    ]


def pick(
    connection: Connection,
    rater: int,
    terms: Terms,
    now: datetime,
    before: Mapping[int, int] | None = None,
) -> Picked | None:
    """Return the next payout of a rater, of as many awards as today's limits leave; None for none.

    Within the unit that plans it this is certain. `before`: kudos by account that are to be planned
    before it. Less than the minimum is paid only where a whole day's limit leaves no more, and more
    than that limit only where one award is: it goes alone, on a day on which nothing else went.
    """
    parameters = {**_parameters(terms, now), "rater": rater}
    payee = connection.execute(_PAYEE, parameters).fetchone()
    if payee is None:
        return None
    horde_id, verified, sent = payee
    earlier = before or {}
    left = min(
        budget_left(connection, terms.budget, now) - sum(earlier.values()),
        terms.cap - sent - earlier.get(horde_id, 0),
    )
    awards: list[tuple[int, str]] = []
    total, cut = 0, False
    for image_id, scale, amount in connection.execute(_AWARDS, parameters):
        cut = total + amount > left
        if cut and (awards or left < terms.day):
            break
        total += amount
        awards.append((image_id, scale))
        if cut:
            break
    if not awards or (total < terms.least and not (cut and left == terms.day)):
        return None
    return Picked(horde_id, bool(verified), total, tuple(awards))


def not_before(connection: Connection, rater: int, terms: Terms, now: datetime) -> datetime | None:
    """Return the earliest moment of a linked rater's next payout; None where it may be now.

    That is when the period since the last payout to rater or account is over, and when the day's
    limit of the account leaves enough; the day's budget is left out of account.
    """
    parameters = {**_parameters(terms, now), "rater": rater}
    last, sent = connection.execute(_LAST, parameters).fetchone() or (None, 0)
    moments = []
    if last is not None:
        moments.append(from_microseconds(last) + terms.period)
    if terms.cap - sent < terms.least:
        moments.append(start_of(day_of(now) + 1))
    return max(moments, default=None)


def budget_left(connection: Connection, budget: int, now: datetime) -> int:
    """Return what may still be planned today; below 0 where the budget was lowered meanwhile."""
    row = connection.execute(
        f"SELECT coalesce(sum(amount), 0) FROM ({_OF_TODAY})",  # noqa: S608 - constants
        _day(now),
    ).fetchone()
    return budget - int(row[0])


def obstacle(connection: Connection, payout_id: int, cap: int, now: datetime) -> str | None:
    """Return in one word why a planned payout may not be sent any more, or None.

    link: the rater is paid elsewhere by now, or was erased. banned, held: so it is. vote: one of
    its votes was taken out. cap: with it the account would get more than that today.
    """
    row = connection.execute(
        _OBSTACLES, {**_day(now), "payout": payout_id, "cap": cap, "now": to_microseconds(now)}
    ).fetchone()
    names = ("link", "banned", "held", "vote", "cap")
    return next((name for name, stands in zip(names, row, strict=True) if stands), None)


def refuse_account(
    connection: Connection, rater: int, horde_id: int, *, answer: str, until: datetime
) -> None:
    """Note why the Horde would not pay this account; nothing is sent there `until` then."""
    connection.execute(
        "UPDATE horde_links SET refused_answer = ?, not_before = ?"
        " WHERE rater = ? AND horde_id = ?",
        (answer, to_microseconds(until), rater, horde_id),
    )


def accept_account(connection: Connection, rater: int, horde_id: int) -> None:
    """Forget that the Horde once would not pay this account: it did."""
    connection.execute(
        "UPDATE horde_links SET refused_answer = NULL, not_before = NULL"
        " WHERE rater = ? AND horde_id = ? AND refused_answer IS NOT NULL",
        (rater, horde_id),
    )


def _parameters(terms: Terms, now: datetime) -> dict[str, int]:
    return {
        **release_moments(now, terms.hold),
        **_day(now),
        "period_start": to_microseconds(now - terms.period),
        "refusals_end": to_microseconds(now + LONGEST_REFUSAL),
        "least": terms.least,
        "cap": terms.cap,
        "sender": terms.sender,
    }


def _day(now: datetime) -> dict[str, int]:
    day = day_of(now)
    return {
        "day": to_microseconds(start_of(day)),
        "tomorrow": to_microseconds(start_of(day + 1)),
    }


_OF_TODAY: Final = """
    SELECT horde_id, amount FROM payouts
    WHERE state IN ('planned', 'sending', 'in_doubt') AND state = 'planned'
    UNION ALL
    SELECT horde_id, amount FROM payouts
    WHERE first_sent_at >= :day AND first_sent_at < :tomorrow
    AND state IN ('sending', 'in_doubt', 'paid')
"""
"""What counts against the limits of a day: planned, or first sent that day and perhaps paid."""
_SENT: Final = f"SELECT horde_id, sum(amount) AS amount FROM ({_OF_TODAY}) GROUP BY horde_id"  # noqa: S608 - constants
_IN_PERIOD: Final = "p.first_sent_at > :period_start AND p.first_sent_at <= :now"
"""A payout of a time to come is of a clock that was set back, and stands in nobody's way."""
_BY_RATER: Final = f"p.rater = l.rater AND p.state = 'paid' AND {_IN_PERIOD}"
_BY_ACCOUNT: Final = f"""
    l.verified_at IS NOT NULL AND p.horde_id = l.horde_id
    AND p.state IN ('sending', 'in_doubt', 'paid') AND {_IN_PERIOD}
"""
"""A proved account waits for the period after whatever was sent there, whoever the rater was."""
_MAY_BE_PAID: Final = f"""
    l.horde_id <> :sender
    AND (l.not_before IS NULL OR l.not_before <= :now OR l.not_before > :refusals_end)
    AND NOT EXISTS (
        SELECT 1 FROM payouts p
        WHERE p.rater = l.rater AND p.state IN ('planned', 'sending', 'in_doubt')
    )
    AND NOT EXISTS (SELECT 1 FROM payouts p WHERE {_BY_RATER})
    AND NOT EXISTS (SELECT 1 FROM payouts p WHERE {_BY_ACCOUNT})
    AND (l.verified_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM horde_links o WHERE o.horde_id = l.horde_id AND o.verified_at IS NOT NULL
    ))
"""  # noqa: S608 - constants
_DUE: Final = f"""
    SELECT l.rater, l.horde_id, l.verified_at IS NOT NULL, sum(a.amount),
        coalesce(u.amount, 0), min(a.earned_at)
    FROM horde_links l
    CROSS JOIN raters r ON r.number = l.rater
    CROSS JOIN awards a INDEXED BY awards_unpaid ON a.rater = l.rater
    CROSS JOIN images i ON i.id = a.image_id
    LEFT JOIN ({_SENT}) u ON u.horde_id = l.horde_id
    WHERE {OWED} AND {RELEASED} AND {_MAY_BE_PAID} AND :cap - coalesce(u.amount, 0) >= :least
    GROUP BY l.rater
    HAVING sum(a.amount) >= :least
    ORDER BY min(a.earned_at), l.rater
"""  # noqa: S608 - constants
"""CROSS JOIN has SQLite look at each link once, by itself it begins with the awards; and INDEXED BY
has it leave out what was paid in years."""
_SENT_THERE: Final = f"""
    (SELECT coalesce(sum(u.amount), 0) FROM ({_OF_TODAY}) u WHERE u.horde_id = l.horde_id)
"""  # noqa: S608 - constants
_PAYEE: Final = f"""
    SELECT l.horde_id, l.verified_at IS NOT NULL, {_SENT_THERE}
    FROM horde_links l WHERE l.rater = :rater AND {_MAY_BE_PAID}
"""  # noqa: S608 - constants
_LAST: Final = f"""
    SELECT nullif(max(
        coalesce((SELECT max(p.first_sent_at) FROM payouts p WHERE {_BY_RATER}), 0),
        coalesce((SELECT max(p.first_sent_at) FROM payouts p WHERE {_BY_ACCOUNT}), 0)
    ), 0), {_SENT_THERE}
    FROM horde_links l WHERE l.rater = :rater
"""  # noqa: S608 - constants
_AWARDS: Final = f"""
    SELECT a.image_id, a.scale, a.amount
    FROM awards a INDEXED BY awards_unpaid
    JOIN raters r ON r.number = a.rater JOIN images i ON i.id = a.image_id
    WHERE a.rater = :rater AND {OWED} AND {RELEASED}
    ORDER BY a.earned_at, a.image_id, a.scale
"""  # noqa: S608 - constants
_OBSTACLES: Final = f"""
    SELECT
        l.rater IS NULL OR l.horde_id <> p.horde_id OR (l.verified_at IS NOT NULL) < p.verified,
        r.status = 'banned' AND (r.status_until IS NULL OR r.status_until > :now),
        EXISTS (SELECT 1 FROM holds h WHERE h.rater = p.rater),
        EXISTS (SELECT 1 FROM awards a WHERE a.payout_id = p.id AND a.standing <> 'stands'),
        (
            SELECT sum(u.amount) > :cap
                AND (count(*) > 1
                    OR (SELECT count(*) FROM awards a WHERE a.payout_id = p.id) > 1)
            FROM ({_OF_TODAY}) u WHERE u.horde_id = p.horde_id
        )
    FROM payouts p JOIN raters r ON r.number = p.rater LEFT JOIN horde_links l ON l.rater = p.rater
    WHERE p.id = :payout
"""  # noqa: S608 - constants
