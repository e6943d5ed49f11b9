"""What an erasure takes out of the tables, and the one row that stays."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from storage.times import from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class ErasedRater:
    """What is kept of an erased rater: a keyed hash of the Discord id, and whether banned."""

    discord_hash: str
    banned: bool
    erased_at: datetime


@dataclass(frozen=True, slots=True)
class LinkedRater:
    """A rater whose number still leads to a Discord id."""

    number: int
    discord_id: int
    first_seen_at: datetime


def by_hash(connection: sqlite3.Connection, discord_hash: str) -> ErasedRater | None:
    """Return what stayed of the rater with this hash, or None if none was erased."""
    row = connection.execute(
        "SELECT discord_hash, banned, erased_at FROM erased_raters WHERE discord_hash = ?",
        (discord_hash,),
    ).fetchone()
    return None if row is None else _erased(row)


def account_banned(connection: sqlite3.Connection, horde_hash: str) -> bool:
    """Tell whether a rater was banned and erased whose verified Horde account this was."""
    row = connection.execute(
        "SELECT 1 FROM erased_raters WHERE horde_hash = ? AND banned = 1 LIMIT 1", (horde_hash,)
    ).fetchone()
    return row is not None


def every(connection: sqlite3.Connection) -> list[ErasedRater]:
    """Return all that stayed, in the order of erasure."""
    rows = connection.execute(
        "SELECT discord_hash, banned, erased_at FROM erased_raters ORDER BY erased_at"
    )
    return [_erased(row) for row in rows]


def remember(connection: sqlite3.Connection, erased: ErasedRater) -> None:
    """Keep the one row; a person who came back and is erased again still has one."""
    connection.execute(
        """
        INSERT INTO erased_raters (discord_hash, banned, erased_at) VALUES (?, ?, ?)
        ON CONFLICT (discord_hash) DO UPDATE SET
            banned = excluded.banned, erased_at = excluded.erased_at
        """,
        (
            erased.discord_hash,
            int(erased.banned),
            to_microseconds(erased.erased_at),
        ),
    )


def set_banned(connection: sqlite3.Connection, discord_hash: str, *, banned: bool) -> None:
    """Store whether the person may come back."""
    connection.execute(
        "UPDATE erased_raters SET banned = ? WHERE discord_hash = ?", (int(banned), discord_hash)
    )


def linked(connection: sqlite3.Connection) -> list[LinkedRater]:
    """Return every rater that is not erased."""
    rows = connection.execute(
        "SELECT number, discord_id, first_seen_at FROM raters WHERE discord_id IS NOT NULL"
    )
    return [LinkedRater(number, one, from_microseconds(at)) for number, one, at in rows]


def cut_link(connection: sqlite3.Connection, number: int, now: datetime) -> None:
    """Forget who `number` is, and all that is kept about them but their votes."""
    connection.execute(
        "UPDATE raters SET discord_id = NULL, status_reason = NULL, locale = NULL, erased_at = ? "
        "WHERE number = ?",
        (to_microseconds(now), number),
    )
    connection.execute("DELETE FROM reservations WHERE rater = ?", (number,))
    connection.execute("DELETE FROM skips WHERE rater = ?", (number,))
    connection.execute("DELETE FROM rate_limits WHERE rater = ?", (number,))
    connection.execute("UPDATE reports SET reason = NULL WHERE rater = ?", (number,))
    connection.execute(
        "UPDATE posts SET guild_id = NULL, channel_id = NULL, message_id = NULL WHERE rater = ?",
        (number,),
    )
    connection.execute(
        "UPDATE review_queue SET details = '{}', settled_at = coalesce(settled_at, ?), "
        "outcome = coalesce(outcome, 'erased') WHERE rater = ?",
        (to_microseconds(now), number),
    )


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
    connection.executemany("DELETE FROM votes WHERE id = ?", [(vote,) for vote, _, _ in votes])
    return [image_id for _, image_id, _ in votes]


def unfinished(connection: sqlite3.Connection) -> list[int]:
    """Return the numbers of erased raters who still have votes: the program stopped between."""
    rows = connection.execute(
        "SELECT number FROM raters WHERE erased_at IS NOT NULL "
        "AND EXISTS (SELECT 1 FROM votes WHERE rater = number)"
    )
    return [number for (number,) in rows]


def _erased(row: tuple[str, int, int]) -> ErasedRater:
    discord_hash, banned, erased_at = row
    return ErasedRater(discord_hash, bool(banned), from_microseconds(erased_at))
