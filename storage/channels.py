"""Channels that managers set up for posts, and what is wrong with them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from storage.times import from_microseconds, to_microseconds

_COLUMNS = """
    SELECT c.channel_id, c.guild_id, c.data_set_id, d.name, c.open_posts, c.safe_only, c.started,
           c.problem, c.problem_at
    FROM channels c JOIN data_sets d ON d.id = c.data_set_id
"""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: how many posts of which data set it shows at a time (1-10).

    `safe_only` channels show only images known to be safe; the others must be age-restricted.
    `problem` is the last part of a catalogue key `problem.<...>`, or None while all is well.
    """

    channel_id: int
    guild_id: int
    data_set_id: int
    data_set: str
    open_posts: int
    safe_only: bool
    started: bool
    problem: str | None
    problem_at: datetime | None


def _channel(row: tuple[int, int, int, str, int, int, int, str | None, int | None]) -> Channel:
    channel_id, guild_id, data_set_id, name, open_posts, safe_only, started, problem, at = row
    return Channel(
        channel_id,
        guild_id,
        data_set_id,
        name,
        open_posts,
        bool(safe_only),
        bool(started),
        problem,
        None if at is None else from_microseconds(at),
    )


def set_up(
    connection: sqlite3.Connection,
    *,
    channel_id: int,
    guild_id: int,
    data_set_id: int,
    open_posts: int,
    safe_only: bool,
    now: datetime,
) -> None:
    """Add a stopped channel, or change a channel and keep whether it is started."""
    connection.execute(
        """
        INSERT INTO channels (channel_id, guild_id, data_set_id, open_posts, safe_only, set_up_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (channel_id) DO UPDATE SET
            guild_id = excluded.guild_id, data_set_id = excluded.data_set_id,
            open_posts = excluded.open_posts, safe_only = excluded.safe_only,
            problem = NULL, problem_at = NULL, set_up_at = excluded.set_up_at
        """,
        (channel_id, guild_id, data_set_id, open_posts, int(safe_only), to_microseconds(now)),
    )


def by_id(connection: sqlite3.Connection, channel_id: int) -> Channel | None:
    """Return one channel, or None where it was never set up."""
    row = connection.execute(f"{_COLUMNS} WHERE c.channel_id = ?", (channel_id,)).fetchone()
    return None if row is None else _channel(row)


def of_guild(connection: sqlite3.Connection, guild_id: int) -> list[Channel]:
    """Return a server's channels, the oldest first: the order of ids is that of their making."""
    rows = connection.execute(f"{_COLUMNS} WHERE c.guild_id = ? ORDER BY c.channel_id", (guild_id,))
    return [_channel(row) for row in rows]


def started(connection: sqlite3.Connection) -> list[Channel]:
    """Return every channel that is to show posts."""
    return [_channel(row) for row in connection.execute(f"{_COLUMNS} WHERE c.started = 1")]


def every(connection: sqlite3.Connection) -> list[Channel]:
    """Return every channel that was set up."""
    return [_channel(row) for row in connection.execute(f"{_COLUMNS} ORDER BY c.channel_id")]


def set_started(connection: sqlite3.Connection, channel_id: int, *, started: bool) -> None:
    """Start or stop one channel; a start forgets the problem, so that it is looked at anew."""
    connection.execute(
        """
        UPDATE channels SET started = ?,
            problem = CASE WHEN ? THEN NULL ELSE problem END,
            problem_at = CASE WHEN ? THEN NULL ELSE problem_at END
        WHERE channel_id = ?
        """,
        (int(started), int(started), int(started), channel_id),
    )


def set_problem(
    connection: sqlite3.Connection, channel_id: int, problem: str | None, now: datetime
) -> bool:
    """Note what is wrong (None: nothing any more); return whether that is news."""
    moment = None if problem is None else to_microseconds(now)
    changed = connection.execute(
        "UPDATE channels SET problem = ?, problem_at = ?"
        " WHERE channel_id = ? AND problem IS DISTINCT FROM ?",
        (problem, moment, channel_id, problem),
    )
    return changed.rowcount > 0


def lost_posts(connection: sqlite3.Connection, guild_id: int, since: datetime) -> dict[int, int]:
    """Return how many posts of a server's channels lost their message since then.

    Channels without such a post are not in the answer.
    """
    rows = connection.execute(
        """
        SELECT p.channel_id, count(*)
        FROM channels c
        JOIN posts p ON p.channel_id = c.channel_id AND p.surface = 'public' AND p.state = 'lost'
        WHERE c.guild_id = ? AND p.closed_at >= ? GROUP BY p.channel_id
        """,
        (guild_id, to_microseconds(since)),
    )
    return dict(rows.fetchall())


def open_posts(connection: sqlite3.Connection, guild_id: int) -> dict[int, int]:
    """Return how many posts of each of a server's channels are open now."""
    rows = connection.execute(
        """
        SELECT c.channel_id, count(p.id)
        FROM channels c
        LEFT JOIN posts p ON p.channel_id = c.channel_id AND p.surface = 'public'
            AND p.state = 'open'
        WHERE c.guild_id = ? GROUP BY c.channel_id
        """,
        (guild_id,),
    )
    return dict(rows.fetchall())
