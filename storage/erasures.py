"""What an erasure takes out of the tables, and the one row that stays."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from storage import claims, removed_rows
from storage.bars import Bar
from storage.erasure_file import Erasure
from storage.times import from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class LinkedRater:
    """A rater whose number still leads to a Discord id."""

    number: int
    discord_id: int
    first_seen_at: datetime


def by_hash(connection: sqlite3.Connection, discord_hash: str) -> Erasure | None:
    """Return what stayed of the rater with this hash, or None if none was erased."""
    row = connection.execute(f"{_SELECT} WHERE discord_hash = ?", (discord_hash,)).fetchone()
    return None if row is None else _erased(connection, row)


def account_banned(connection: sqlite3.Connection, horde_hash: str, now: datetime) -> bool:
    """Tell whether a rater is banned and was erased whose verified Horde account this was."""
    row = connection.execute(
        "SELECT 1 FROM erased_raters WHERE horde_hash = ? AND banned = 1"
        " AND coalesce(banned_until > ?, 1) LIMIT 1",
        (horde_hash, to_microseconds(now)),
    ).fetchone()
    return row is not None


def every(connection: sqlite3.Connection) -> list[Erasure]:
    """Return all that stayed, in the order of erasure."""
    rows = connection.execute(f"{_SELECT} ORDER BY erased_at").fetchall()
    return [_erased(connection, row) for row in rows]


def remember(connection: sqlite3.Connection, erasure: Erasure) -> None:
    """Keep the one row; a person who came back and is erased again still has one.

    Without a Horde account at the last time, that of the time before stays.
    """
    connection.execute(
        """
        INSERT INTO erased_raters
            (discord_hash, banned, erased_at, held, horde_hash, banned_until, captcha_fails,
            captcha_not_before, held_by_operators)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (discord_hash) DO UPDATE SET
            banned = excluded.banned, erased_at = excluded.erased_at, held = excluded.held,
            horde_hash = coalesce(excluded.horde_hash, erased_raters.horde_hash),
            banned_until = excluded.banned_until, captcha_fails = excluded.captcha_fails,
            captcha_not_before = excluded.captcha_not_before,
            held_by_operators = excluded.held_by_operators
        """,
        (
            erasure.discord_hash,
            int(erasure.banned),
            to_microseconds(erasure.erased_at),
            int(erasure.held),
            erasure.horde_hash,
            _microseconds(erasure.banned_until),
            erasure.captcha_fails,
            _microseconds(erasure.captcha_not_before),
            int(erasure.held_by_operators),
        ),
    )
    connection.execute("DELETE FROM erased_bars WHERE discord_hash = ?", (erasure.discord_hash,))
    connection.executemany(
        "INSERT INTO erased_bars (discord_hash, guild_id, placed_by, until) VALUES (?, ?, ?, ?)",
        [
            (erasure.discord_hash, bar.guild_id, bar.placed_by, _microseconds(bar.until))
            for bar in erasure.bars
        ],
    )


def mark_returned(connection: sqlite3.Connection, number: int) -> None:
    """Note that whoever this rater is was erased before: they earn and learn nothing twice."""
    connection.execute("UPDATE raters SET erased_before = 1 WHERE number = ?", (number,))


def linked(connection: sqlite3.Connection) -> list[LinkedRater]:
    """Return every rater that is not erased."""
    rows = connection.execute(
        "SELECT number, discord_id, first_seen_at FROM raters WHERE discord_id IS NOT NULL"
    )
    return [LinkedRater(number, one, from_microseconds(at)) for number, one, at in rows]


def cut_link(connection: sqlite3.Connection, number: int, now: datetime) -> None:
    """Forget who `number` is, and all that is kept about them but their votes and what they earned.

    Cases of payouts stay open: money may have moved.
    """
    connection.execute(
        "UPDATE raters SET discord_id = NULL, status_reason = NULL, locale = NULL, erased_at = ? "
        "WHERE number = ?",
        (to_microseconds(now), number),
    )
    for table in _GONE_AT_ONCE:
        connection.execute(f"DELETE FROM {table} WHERE rater = ?", (number,))  # noqa: S608 - constants
    connection.execute(
        "DELETE FROM rater_pairs WHERE rater = :number OR other = :number", {"number": number}
    )
    connection.execute(
        "UPDATE appeals SET words = NULL, answered_at = coalesce(answered_at, :now),"
        " outcome = coalesce(outcome, 'refused'), answer = NULL WHERE rater = :number",
        {"number": number, "now": to_microseconds(now)},
    )
    connection.execute("UPDATE reports SET reason = NULL WHERE rater = ?", (number,))
    connection.execute("UPDATE void_orders SET reason = NULL WHERE rater = ?", (number,))
    connection.execute(
        "UPDATE posts SET guild_id = NULL, channel_id = NULL, message_id = NULL WHERE rater = ?",
        (number,),
    )
    connection.execute(
        "UPDATE review_queue SET details = '{}', settled_at = coalesce(settled_at, ?), "
        "outcome = coalesce(outcome, 'erased') WHERE rater = ? AND payout_id IS NULL",
        (to_microseconds(now), number),
    )
    claims.release_all(connection, number)


def delete_votes(
    connection: sqlite3.Connection, number: int, now: datetime, *, limit: int
) -> list[int]:
    """Delete at most `limit` votes of a rater and return their images; empty when none is left.

    The history says that each vote left, under the number.
    """
    votes = connection.execute(
        "SELECT id, image_id, post_id FROM votes WHERE rater = ? LIMIT ?", (number, limit)
    ).fetchall()
    connection.executemany(
        "INSERT INTO vote_history (rater, image_id, action, post_id, at) "
        "VALUES (?, ?, 'erased', ?, ?)",
        [(number, image_id, post_id, to_microseconds(now)) for _, image_id, post_id in votes],
    )
    for _, image_id, _ in votes:
        removed_rows.add(connection, number, image_id, "erased", now)
    connection.executemany("DELETE FROM votes WHERE id = ?", [(vote,) for vote, _, _ in votes])
    connection.executemany(
        "DELETE FROM voids WHERE rater = ? AND image_id = ?",
        [(number, image_id) for _, image_id, _ in votes],
    )
    return [image_id for _, image_id, _ in votes]


def forfeit(connection: sqlite3.Connection, number: int, *, limit: int) -> int:
    """Give up at most `limit` awards that no payout has; return how many, 0 when none is left."""
    return connection.execute(
        """
        UPDATE awards SET standing = 'forfeited' WHERE rater = :rater AND (image_id, scale) IN (
            SELECT image_id, scale FROM awards
            WHERE rater = :rater AND payout_id IS NULL AND standing = 'stands' LIMIT :limit
        )
        """,
        {"rater": number, "limit": limit},
    ).rowcount


def unfinished(connection: sqlite3.Connection) -> list[int]:
    """Return the numbers of erased raters who still have votes, or kudos to come.

    The program stopped between.
    """
    rows = connection.execute(
        """
        SELECT number FROM raters WHERE erased_at IS NOT NULL AND (
            EXISTS (SELECT 1 FROM votes WHERE rater = number)
            OR EXISTS (
                SELECT 1 FROM awards
                WHERE rater = number AND payout_id IS NULL AND standing = 'stands'
            )
        )
        """
    )
    return [number for (number,) in rows]


def _erased(connection: sqlite3.Connection, row: tuple[Any, ...]) -> Erasure:
    (
        discord_hash,
        banned,
        erased_at,
        horde_hash,
        held,
        banned_until,
        fails,
        not_before,
        by_operators,
    ) = row
    bars = connection.execute(
        "SELECT guild_id, placed_by, until FROM erased_bars WHERE discord_hash = ?"
        " ORDER BY guild_id, placed_by",
        (discord_hash,),
    )
    return Erasure(
        discord_hash,
        from_microseconds(erased_at),
        bool(banned),
        horde_hash,
        held=bool(held),
        held_by_operators=bool(by_operators),
        banned_until=_moment(banned_until),
        bars=tuple(Bar(guild, placed_by, _moment(until)) for guild, placed_by, until in bars),
        captcha_fails=fails,
        captcha_not_before=_moment(not_before),
    )


def _microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else to_microseconds(moment)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else from_microseconds(microseconds)


_SELECT: Final = (
    "SELECT discord_hash, banned, erased_at, horde_hash, held, banned_until, captcha_fails,"
    " captcha_not_before, held_by_operators FROM erased_raters"
)
_GONE_AT_ONCE: Final = (
    "reservations",
    "skips",
    "rate_limits",
    "horde_links",
    "horde_displaced",
    "horde_proofs",
    "holds",
    "bars",
    "captcha_records",
    "captchas",
    "onboardings",
    "gold_answers",
    "repeat_answers",
    "check_presses",
    "rule_records",
    "findings",
    "risks",
    "rater_scores",
    "reliability_history",
)
