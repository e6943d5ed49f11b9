"""Everything that is kept about one rater, table by table; and what they did."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from storage import awards, posts
from storage.personal_queries import QUERIES
from storage.posts import Post
from storage.times import from_microseconds, to_microseconds

Value = str | int | None
Row = dict[str, Value]

DISCORD_IDS = {"discord_id", "guild_id", "channel_id", "message_id", "interaction_id"}

RESTED_AFTER: Final = timedelta(days=7)
"""How long somebody must not have rated to be told what is measured of them."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What a rater did: pictures judged since a moment and ever, and what else they ever did.

    Both count what was judged a second time.
    """

    today: int
    ever: int
    half: int
    skipped: int
    reported: int


@dataclass(frozen=True, slots=True)
class PastVote:
    """One vote as its rater sees it again; `open` while it may still be changed.

    `void`: moderators took it out. `kudos` is what it earned and was not taken back; `sent`: some
    of it was sent or paid, so that the vote cannot be undone.
    """

    post: Post
    data_set: str
    aesthetic: int | None
    artifacts: int | None
    given: bool
    void: bool
    changed_at: datetime
    open: bool
    kudos: int
    sent: bool


def collect(
    connection: sqlite3.Connection, number: int, discord_hash: str, now: datetime
) -> dict[str, list[Row]]:
    """Return every row about a rater that they may read, by table; times as ISO 8601 in UTC."""
    values = _values(connection, number, discord_hash, now)
    return {table: _rows(connection.execute(query, values)) for table, query in QUERIES.items()}


def count(
    connection: sqlite3.Connection, number: int, discord_hash: str, now: datetime
) -> dict[str, int]:
    """Return how many rows `collect` would return, by table."""
    values = _values(connection, number, discord_hash, now)
    return {
        table: connection.execute(f"SELECT count(*) FROM ({query})", values).fetchone()[0]  # noqa: S608 - constants
        for table, query in QUERIES.items()
    }


def held_back_until(connection: sqlite3.Connection, number: int, now: datetime) -> datetime | None:
    """Return from when on a rater is told what is measured of them, None if they are by now.

    The newest entry of their own doing decides, of whatever kind of image: what moderators take
    out or bring back is none, nor what a clock that was ahead has dated later than now.
    """
    row = connection.execute(
        "SELECT at FROM vote_history WHERE rater = ? AND at <= ?"
        " AND action NOT IN ('voided', 'restored', 'erased') ORDER BY id DESC LIMIT 1",
        (number, to_microseconds(now)),
    ).fetchone()
    if row is None:
        return None
    told_from = from_microseconds(row[0]) + RESTED_AFTER
    return told_from if now < told_from else None


def activity(connection: sqlite3.Connection, number: int, since: datetime) -> Activity:
    """Count what a rater did; `since` is the start of today."""
    today, ever, half = connection.execute(
        """
        SELECT count(*) FILTER (WHERE completed_at >= ?), count(completed_at),
               count(*) FILTER (WHERE completed_at IS NULL)
        FROM votes WHERE rater = ? AND state = 'given'
        """,
        (to_microseconds(since), number),
    ).fetchone()
    again_today, again = connection.execute(
        "SELECT count(*) FILTER (WHERE answered_at >= ?), count(answered_at)"
        " FROM repeat_answers WHERE rater = ?",
        (to_microseconds(since), number),
    ).fetchone()
    (skipped,) = connection.execute(
        "SELECT count(*) FROM skips WHERE rater = ?", (number,)
    ).fetchone()
    (reported,) = connection.execute(
        "SELECT count(*) FROM reports WHERE rater = ?", (number,)
    ).fetchone()
    return Activity(today + again_today, ever + again, half, skipped, reported)


def last_votes(
    connection: sqlite3.Connection, number: int, limit: int, now: datetime
) -> list[PastVote]:
    """Return a rater's newest votes, newest first."""
    rows = connection.execute(
        """
        SELECT v.post_id, d.name, v.aesthetic, v.artifacts, v.state = 'given', v.state = 'void',
            v.changed_at, v.image_id,
            (SELECT coalesce(sum(a.amount), 0) FROM awards a
                WHERE a.rater = v.rater AND a.image_id = v.image_id AND a.standing = 'stands')
        FROM votes v JOIN images i ON i.id = v.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE v.rater = ? ORDER BY v.changed_at DESC, v.id DESC LIMIT ?
        """,
        (number, limit),
    ).fetchall()
    return [_past_vote(connection, number, row, now) for row in rows]


def _values(
    connection: sqlite3.Connection, number: int, discord_hash: str, now: datetime
) -> dict[str, str | int]:
    return {
        "rater": number,
        "discord_hash": discord_hash,
        "rested": held_back_until(connection, number, now) is None,
    }


def _past_vote(
    connection: sqlite3.Connection, number: int, row: tuple[Any, ...], now: datetime
) -> PastVote:
    post_id, data_set, aesthetic, artifacts, given, void, changed_at, image_id, kudos = row
    shown = posts.shown(connection, post_id)
    assert shown is not None  # noqa: S101 - votes reference their post
    return PastVote(
        post=shown.post,
        data_set=data_set,
        aesthetic=aesthetic,
        artifacts=artifacts,
        given=bool(given),
        void=bool(void),
        changed_at=from_microseconds(changed_at),
        open=not shown.image_closed(now) and not void,
        kudos=kudos,
        sent=awards.is_sent(connection, number, image_id),
    )


def _rows(cursor: sqlite3.Cursor) -> list[Row]:
    names = [column[0] for column in cursor.description]
    return [
        {name: _readable(name, v) for name, v in zip(names, row, strict=True)} for row in cursor
    ]


def _readable(name: str, value: Value) -> Value:
    """Write out moments, and Discord's ids in digits: they are above what JSON readers hold."""
    if not isinstance(value, int):
        return value
    if name in {"at", "since", "until", "not_before"} or name.endswith(("_at", "_until")):
        return from_microseconds(value).isoformat()
    return str(value) if name in DISCORD_IDS else value
