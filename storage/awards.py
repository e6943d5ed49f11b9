"""Awards: what a rater earned for a scale of an image; one ever, whatever becomes of the vote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

from storage.times import day_of, from_microseconds, start_of, to_microseconds
from storage.votes import SCALES

Standing = Literal["stands", "undone", "void", "forfeited"]


@dataclass(frozen=True, slots=True)
class Award:
    """What one score earned, in kudos; `payout_id` is the payout that has it, if any."""

    scale: str
    amount: int
    standing: Standing
    payout_id: int | None
    earned_at: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """All that decides what a rater's next award in a data set is, in kudos.

    `earned` is the rater's of the UTC day, taken back or not, and `standing` the part of it that
    stands; `of_all` is what the bot awarded to everybody that day. `prices` are the data set's own
    by scale, None where the settings say. `linked`: the rater said which Horde account is paid, and
    `trusted`: it is verified, and trusted. `displaced`: it was, until its owner proved it.
    """

    earned: int
    standing: int
    of_all: int
    prices: Mapping[str, int | None]
    linked: bool
    trusted: bool
    displaced: bool
    erased_before: bool


def write(
    connection: Connection,
    *,
    rater: int,
    image_id: int,
    scale: str,
    amount: int,
    now: datetime,
    gold: bool = False,
) -> bool:
    """Write an award and count it in its day; False where there was one ever before."""
    cursor = connection.execute(
        _WRITE, (rater, image_id, scale, amount, to_microseconds(now), gold)
    )
    if cursor.rowcount != 1:
        return False
    connection.execute(_COUNT_IN_DAY, (day_of(now), amount))
    return True


def outlook(connection: Connection, rater: int, data_set_id: int, now: datetime) -> Outlook:
    """Return what decides the next award. Raises LookupError for an unknown rater or data set."""
    day = day_of(now)
    values = {
        "rater": rater,
        "data_set": data_set_id,
        "day": day,
        "from": to_microseconds(start_of(day)),
        "to": to_microseconds(start_of(day + 1)),
    }
    row = connection.execute(_OUTLOOK, values).fetchone()
    if row is None:
        raise LookupError(f"there is no rater {rater} or no data set {data_set_id}")
    earned, standing, of_all, linked, trusted, displaced, erased_before, *prices = row
    return Outlook(
        earned,
        standing,
        of_all,
        dict(zip(SCALES, prices, strict=True)),
        bool(linked),
        bool(trusted),
        bool(displaced),
        bool(erased_before),
    )


def of_vote(connection: Connection, rater: int, image_id: int) -> list[Award]:
    """Return what the rater's vote on the image earned, whatever became of it."""
    return [
        Award(scale, amount, standing, payout_id, from_microseconds(earned_at))
        for scale, amount, standing, payout_id, earned_at in connection.execute(
            _OF_VOTE, (rater, image_id)
        )
    ]


def is_sent(connection: Connection, rater: int, image_id: int) -> bool:
    """Tell whether anything that the vote earned was sent or paid, so that it stays given."""
    (sent,) = connection.execute(_IS_SENT, (rater, image_id)).fetchone()
    return bool(sent)


def take_back(connection: Connection, rater: int, image_id: int) -> int:
    """Take back what an undone vote earned; return how much."""
    return _move(connection, rater, image_id, "stands", "undone")


def give_again(connection: Connection, rater: int, image_id: int) -> int:
    """Give back what was taken back, for the vote is given again; return how much."""
    return _move(connection, rater, image_id, "undone", "stands")


def set_void(connection: Connection, rater: int, image_id: int) -> int:
    """Take back what a vote earned that was taken out, paid or not; return how much stood."""
    _move(connection, rater, image_id, "undone", "void")
    return _move(connection, rater, image_id, "stands", "void")


def restore(connection: Connection, rater: int, image_id: int, *, undone: bool) -> int:
    """Return awards of a vote that was taken out to what its rater made of it; return how much.

    `undone`: the rater had taken the vote back before.
    """
    return _move(connection, rater, image_id, "void", "undone" if undone else "stands")


def unpaid(connection: Connection, rater: int) -> int:
    """Return what stands and no payout has; of a banned rater too."""
    (amount,) = connection.execute(_UNPAID, (rater,)).fetchone()
    return int(amount)


def scored(connection: Connection, rater: int) -> list[tuple[int, str]]:
    """Return image and scale of every award that the rater ever had."""
    return connection.execute(
        "SELECT image_id, scale FROM awards WHERE rater = ?", (rater,)
    ).fetchall()


def remember_earned(connection: Connection, digests: Iterable[str]) -> None:
    """Keep under which keyed hashes an erased person had awards, in an order that tells nothing."""
    connection.executemany(
        "INSERT INTO earned_before (digest) VALUES (?) ON CONFLICT DO NOTHING",
        [(digest,) for digest in sorted(digests)],
    )


def was_earned(connection: Connection, digest: str) -> bool:
    """Tell whether an erased person had an award under this keyed hash."""
    row = connection.execute("SELECT 1 FROM earned_before WHERE digest = ?", (digest,)).fetchone()
    return row is not None


def _move(connection: Connection, rater: int, image_id: int, old: Standing, new: Standing) -> int:
    rows = connection.execute(_MOVE, (new, rater, image_id, old)).fetchall()
    return sum(amount for (amount,) in rows)


_WRITE: Final = """
    INSERT INTO awards (rater, image_id, scale, amount, earned_at, gold) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING
"""
_COUNT_IN_DAY: Final = """
    INSERT INTO award_days (day, amount) VALUES (?, ?)
    ON CONFLICT (day) DO UPDATE SET amount = award_days.amount + excluded.amount
"""
_OUTLOOK: Final = f"""
    SELECT coalesce(sum(a.amount), 0),
        coalesce(sum(a.amount) FILTER (WHERE a.standing = 'stands'), 0),
        coalesce((SELECT amount FROM award_days WHERE day = :day), 0),
        l.rater IS NOT NULL, l.trusted, g.rater IS NOT NULL, r.erased_before,
        {", ".join(f"d.kudos_{scale}" for scale in SCALES)}
    FROM raters r JOIN data_sets d ON d.id = :data_set
    LEFT JOIN horde_links l ON l.rater = r.number
    LEFT JOIN horde_displaced g ON g.rater = r.number
    LEFT JOIN awards a ON a.rater = r.number AND a.earned_at >= :from AND a.earned_at < :to
    WHERE r.number = :rater
    GROUP BY r.number
"""  # noqa: S608 - constants
_OF_VOTE: Final = """
    SELECT scale, amount, standing, payout_id, earned_at FROM awards
    WHERE rater = ? AND image_id = ? ORDER BY scale
"""
_IS_SENT: Final = """
    SELECT EXISTS (
        SELECT 1 FROM awards a JOIN payouts p ON p.id = a.payout_id
        WHERE a.rater = ? AND a.image_id = ? AND p.state <> 'planned'
    )
"""
_MOVE: Final = """
    UPDATE awards SET standing = ? WHERE rater = ? AND image_id = ? AND standing = ?
    RETURNING amount
"""
_UNPAID: Final = """
    SELECT coalesce(sum(amount), 0) FROM awards
    WHERE rater = ? AND payout_id IS NULL AND standing = 'stands'
"""
