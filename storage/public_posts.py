"""The life of public posts: pending, open, closing, closed, or lost on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from storage.posts import PostState
from storage.times import from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class Message:
    """Where a public post is, or was to be: `message_id` is None while it is not confirmed."""

    post_id: int
    image_id: int
    channel_id: int
    message_id: int | None


def count_open(connection: Connection, channel_id: int) -> int:
    """Count the posts that take presses in the channel, or will once their message is sent."""
    (number,) = connection.execute(
        "SELECT count(*) FROM posts WHERE surface = 'public' AND channel_id = ?"
        " AND state IN ('pending', 'open')",
        (channel_id,),
    ).fetchone()
    return int(number)


def in_state(connection: Connection, state: PostState) -> list[Message]:
    """Return the public posts in a state that is not final, the oldest first."""
    rows = connection.execute(
        "SELECT id, image_id, channel_id, message_id FROM posts"
        " WHERE surface = 'public' AND state = ?"
        " AND state IN ('pending', 'open', 'closing') ORDER BY id",
        (state,),
    )
    return [Message(*row) for row in rows]


def confirm(connection: Connection, post_id: int, message_id: int, now: datetime) -> None:
    """Open a pending post: its message was sent."""
    connection.execute(
        "UPDATE posts SET state = 'open', message_id = ?, shown_at = ?"
        " WHERE id = ? AND state = 'pending'",
        (message_id, to_microseconds(now), post_id),
    )


def lose(connection: Connection, post_id: int, now: datetime) -> None:
    """Give up a post that is not closed yet."""
    connection.execute(
        "UPDATE posts SET state = 'lost', closed_at = ?"
        " WHERE id = ? AND state IN ('pending', 'open', 'closing')",
        (to_microseconds(now), post_id),
    )


def lose_message(connection: Connection, message_id: int, now: datetime) -> int | None:
    """Give up the post of a message; return its channel, None if no live post had it."""
    row = connection.execute(
        "UPDATE posts SET state = 'lost', closed_at = ? WHERE message_id = ?"
        " AND state IN ('open', 'closing') RETURNING channel_id",
        (to_microseconds(now), message_id),
    ).fetchone()
    return row[0] if row else None


def lose_channel(connection: Connection, channel_id: int, now: datetime) -> int:
    """Give up all live posts of a channel; return how many there were."""
    return connection.execute(
        "UPDATE posts SET state = 'lost', closed_at = ? WHERE surface = 'public'"
        " AND channel_id = ? AND state IN ('pending', 'open', 'closing')",
        (to_microseconds(now), channel_id),
    ).rowcount


def start_closing(connection: Connection, now: datetime) -> list[int]:
    """Turn every open post that is due into a closing one; return the images that are revealed.

    Due: the image is out of sight, its time after becoming full is over, or its scores are
    already shown elsewhere.
    """
    at = to_microseconds(now)
    rows = connection.execute(_START_CLOSING, (at, at))
    return sorted({image_id for image_id, revealed in rows.fetchall() if revealed})


def close(connection: Connection, post_id: int) -> None:
    """End a closing post: its last edit was made."""
    connection.execute(
        "UPDATE posts SET state = 'closed' WHERE id = ? AND state = 'closing'", (post_id,)
    )


def next_closing(connection: Connection) -> datetime | None:
    """Return when the next full image closes."""
    (moment,) = connection.execute(
        "SELECT min(closes_at) FROM images WHERE closes_at IS NOT NULL"
    ).fetchone()
    return None if moment is None else from_microseconds(moment)


_START_CLOSING = """
    UPDATE posts SET state = 'closing', closed_at = ?
    WHERE surface = 'public' AND state = 'open' AND image_id IN (
        SELECT i.id FROM posts p JOIN images i ON i.id = p.image_id
        WHERE p.surface = 'public' AND p.state = 'open' AND (
            i.stage IN ('hidden', 'broken')
            OR i.revealed_at IS NOT NULL
            OR (i.stage = 'full' AND (i.closes_at IS NULL OR i.closes_at <= ?))
        )
    )
    RETURNING image_id, (SELECT stage = 'full' FROM images WHERE id = image_id)
"""
