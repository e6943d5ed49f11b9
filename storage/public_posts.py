"""The life of public posts: pending, open, closing, closed, or lost on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from storage.posts import PostState
from storage.times import from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class Message:
    """Where a public post is, or was to be: `message_id` is None while it is not confirmed.

    `withdrawn`: the message has no picture, or may have none.
    """

    post_id: int
    image_id: int
    guild_id: int
    channel_id: int
    message_id: int | None
    withdrawn: bool


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
        "SELECT id, image_id, guild_id, channel_id, message_id, withdrawn FROM posts"
        " WHERE surface = 'public' AND state = ?"
        " AND state IN ('pending', 'open', 'closing') ORDER BY id",
        (state,),
    )
    return [
        Message(post_id, image_id, guild_id, channel_id, message_id, bool(withdrawn))
        for post_id, image_id, guild_id, channel_id, message_id, withdrawn in rows
    ]


def confirm(connection: Connection, post_id: int, message_id: int, now: datetime) -> None:
    """Open a pending post: its message was sent."""
    connection.execute(
        "UPDATE posts SET state = 'open', message_id = ?, shown_at = ?"
        " WHERE id = ? AND state = 'pending'",
        (message_id, to_microseconds(now), post_id),
    )


def adopt(
    connection: Connection, post_id: int, channel_id: int, message_id: int, now: datetime
) -> bool:
    """Note a message that turned up in the channel; return whether it is news.

    A pending post is open from now on. One that was given up is to be closed: its image may be
    shown elsewhere by now. A message that another post has is nobody else's.
    """
    return bool(
        connection.execute(
            "UPDATE posts SET message_id = ?1, closed_at = iif(state = 'pending', NULL, ?2),"
            " state = iif(state = 'pending', 'open', 'closing')"
            " WHERE id = ?3 AND surface = 'public' AND channel_id = ?4"
            " AND state IN ('pending', 'lost')"
            " AND (message_id IS NULL OR message_id = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM posts o WHERE o.message_id = ?1 AND o.id <> ?3)",
            (message_id, to_microseconds(now), post_id, channel_id),
        ).rowcount
    )


def lose(connection: Connection, post_id: int, now: datetime) -> None:
    """Give up a post that is not closed yet."""
    connection.execute(
        "UPDATE posts SET state = 'lost', closed_at = ?"
        " WHERE id = ? AND state IN ('pending', 'open', 'closing')",
        (to_microseconds(now), post_id),
    )


def lose_channel(connection: Connection, channel_id: int, now: datetime) -> int:
    """Give up all live posts of a channel; return how many there were."""
    return connection.execute(
        "UPDATE posts SET state = 'lost', closed_at = ? WHERE surface = 'public'"
        " AND channel_id = ? AND state IN ('pending', 'open', 'closing')",
        (to_microseconds(now), channel_id),
    ).rowcount


def start_closing(connection: Connection, now: datetime, home_guild_id: int | None) -> list[int]:
    """Turn every post whose message is to change into a closing one; return the images revealed.

    An open post is due when its image is out of sight, its time after becoming full is over, its
    scores are already shown elsewhere, or its server may no longer use the data set; only the
    second reveals scores. A closed post is due again when its image was hidden since, or a hidden
    image with a result was restored.
    """
    at = to_microseconds(now)
    rows = connection.execute(_START_CLOSING, {"now": at, "home": home_guild_id}).fetchall()
    connection.execute(_WITHDRAW)
    connection.execute(_RESTORE)
    return sorted({image_id for image_id, revealed in rows if revealed})


def close_unsafe(connection: Connection, channel_id: int, now: datetime) -> int:
    """Turn open posts of images not known to be safe into closing ones; return how many."""
    return connection.execute(
        "UPDATE posts SET state = 'closing', closed_at = ? WHERE surface = 'public'"
        " AND state = 'open' AND channel_id = ?"
        " AND NOT (SELECT i.safe FROM images i WHERE i.id = posts.image_id)",
        (to_microseconds(now), channel_id),
    ).rowcount


def channels_with_unsafe(connection: Connection) -> list[int]:
    """Return the channels with open posts of images that are not known to be safe."""
    rows = connection.execute(
        "SELECT DISTINCT p.channel_id FROM posts p JOIN images i ON i.id = p.image_id"
        " WHERE p.surface = 'public' AND p.state = 'open' AND i.safe = 0"
    )
    return [channel_id for (channel_id,) in rows]


def close(connection: Connection, post_id: int, *, withdrawn: bool) -> None:
    """End a closing post: its edit was made, `withdrawn` if that was for a hidden image."""
    connection.execute(
        "UPDATE posts SET state = 'closed', withdrawn = ? WHERE id = ? AND state = 'closing'",
        (withdrawn, post_id),
    )


def next_closing(connection: Connection) -> datetime | None:
    """Return when the next full image closes."""
    (moment,) = connection.execute(
        "SELECT min(closes_at) FROM images WHERE closes_at IS NOT NULL"
    ).fetchone()
    return None if moment is None else from_microseconds(moment)


_START_CLOSING = """
    UPDATE posts SET state = 'closing', closed_at = :now
    WHERE id IN (
        SELECT p.id FROM posts p JOIN images i ON i.id = p.image_id
        WHERE p.surface = 'public' AND p.state = 'open' AND (
            i.stage IN ('hidden', 'broken')
            OR i.revealed_at IS NOT NULL
            OR (i.stage = 'full' AND (i.closes_at IS NULL OR i.closes_at <= :now))
            OR (p.guild_id IS NOT :home AND NOT EXISTS (
                SELECT 1 FROM grants g
                WHERE g.data_set_id = i.data_set_id AND g.guild_id = p.guild_id
            ))
        )
    )
    RETURNING image_id, (
        SELECT i.stage = 'full' AND (i.closes_at IS NULL OR i.closes_at <= :now)
            AND (posts.guild_id IS :home OR EXISTS (
                SELECT 1 FROM grants g
                WHERE g.data_set_id = i.data_set_id AND g.guild_id = posts.guild_id
            ))
        FROM images i WHERE i.id = image_id
    )
"""
# The cross joins fix the order: hidden images are few, closed posts are many.
_WITHDRAW = """
    UPDATE posts SET state = 'closing', withdrawn = 1
    WHERE id IN (
        SELECT p.id FROM data_sets d
        CROSS JOIN images i ON i.data_set_id = d.id AND i.stage = 'hidden'
        CROSS JOIN posts p ON p.image_id = i.id
        WHERE p.surface = 'public' AND p.state IN ('closing', 'closed') AND p.withdrawn = 0
            AND p.message_id IS NOT NULL
    )
"""
_RESTORE = """
    UPDATE posts SET state = 'closing'
    WHERE state = 'closed' AND withdrawn = 1 AND (
        SELECT i.stage NOT IN ('hidden', 'broken') AND i.revealed_at IS NOT NULL
        FROM images i WHERE i.id = image_id
    )
"""
