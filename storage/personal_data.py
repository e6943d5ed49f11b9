"""Everything that is kept about one rater, table by table; and what they did."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage import awards, posts
from storage.posts import Post
from storage.times import from_microseconds, to_microseconds

Value = str | int | None
Row = dict[str, Value]

QUERIES: Mapping[str, str] = {
    "raters": """
        SELECT number, discord_id, status, status_reason, status_until, locale, consent_version,
               consented_at, first_seen_at, erased_before
        FROM raters WHERE number = :rater
    """,
    "erased_raters": """
        SELECT discord_hash, banned, erased_at, horde_hash, held FROM erased_raters
        WHERE discord_hash = :discord_hash
    """,
    "votes": """
        SELECT d.name AS data_set, i.key AS image, v.aesthetic, v.artifacts, v.aesthetic_at,
               v.artifacts_at, v.state, v.post_id, v.surface, v.locale, a.name AS client_agent,
               v.shown_at, v.created_at, v.changed_at, v.completed_at, v.after_reveal,
               v.horde_kudos, v.horde_account_age, v.horde_usage_requests, v.horde_trusted
        FROM votes v JOIN images i ON i.id = v.image_id JOIN data_sets d ON d.id = i.data_set_id
            JOIN client_agents a ON a.id = v.client_agent_id
        WHERE v.rater = :rater ORDER BY v.id
    """,
    "vote_history": """
        SELECT d.name AS data_set, i.key AS image, h.action, h.aesthetic, h.artifacts, h.post_id,
               h.interaction_id, h.at
        FROM vote_history h JOIN images i ON i.id = h.image_id
            JOIN data_sets d ON d.id = i.data_set_id
        WHERE h.rater = :rater ORDER BY h.id
    """,
    "skips": """
        SELECT d.name AS data_set, i.key AS image, s.reason, s.skipped_at
        FROM skips s JOIN images i ON i.id = s.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE s.rater = :rater ORDER BY s.skipped_at
    """,
    "reports": """
        SELECT d.name AS data_set, i.key AS image, r.reason, r.post_id, r.interaction_id,
               r.reported_at, r.settled_at
        FROM reports r JOIN images i ON i.id = r.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE r.rater = :rater ORDER BY r.id
    """,
    "posts": """
        SELECT d.name AS data_set, i.key AS image, p.id AS post_id, p.guild_id, p.channel_id,
               p.message_id, p.state, p.shown_at, p.closed_at
        FROM posts p JOIN images i ON i.id = p.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE p.rater = :rater ORDER BY p.id
    """,
    "reservations": """
        SELECT d.name AS data_set, i.key AS image, r.post_id, r.expires_at
        FROM reservations r JOIN images i ON i.id = r.image_id
            JOIN data_sets d ON d.id = i.data_set_id
        WHERE r.rater = :rater ORDER BY r.expires_at
    """,
    "rate_limits": "SELECT kind, arrival_at FROM rate_limits WHERE rater = :rater ORDER BY kind",
    "horde_links": """
        SELECT horde_id, name, linked_at, verified_at, kudos, account_age, usage_requests, trusted,
               read_at, refused_answer, not_before
        FROM horde_links WHERE rater = :rater
    """,
    "horde_displaced": """
        SELECT horde_id, name, displaced_at FROM horde_displaced WHERE rater = :rater
    """,
    "horde_proofs": "SELECT nonce, expires_at, tries FROM horde_proofs WHERE rater = :rater",
    "holds": "SELECT reason, since FROM holds WHERE rater = :rater ORDER BY reason",
    "awards": """
        SELECT d.name AS data_set, i.key AS image, a.scale, a.amount, a.standing, a.payout_id,
               a.earned_at
        FROM awards a JOIN images i ON i.id = a.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE a.rater = :rater ORDER BY a.earned_at
    """,
    "payouts": """
        SELECT id, key, horde_id, verified, amount, state, server, sender_id, resendable, answer,
               planned_at, first_sent_at, next_try_at, settled_at
        FROM payouts WHERE rater = :rater ORDER BY id
    """,
    "payout_attempts": """
        SELECT t.payout_id, t.sent_at, t.outcome
        FROM payout_attempts t JOIN payouts p ON p.id = t.payout_id
        WHERE p.rater = :rater ORDER BY t.id
    """,
    "review_queue": """
        SELECT kind, details, payout_id, opened_at, settled_at, outcome,
               settled_by = :rater AS settled_by_you
        FROM review_queue WHERE rater = :rater OR settled_by = :rater ORDER BY id
    """,
    "audit_log": """
        SELECT at, actor, action,
               iif(subject GLOB 'rater:*' AND subject <> 'rater:' || :rater, 'somebody', subject)
                   AS subject,
               details, rater = :rater AS done_by_you
        FROM audit_log WHERE rater = :rater OR subject = 'rater:' || :rater ORDER BY id
    """,
}
"""A query for each table that names a rater; a test compares it with the schema.

Nobody learns the number of anybody else, such as of whom their proof displaced.
"""


_ABOUT = {
    "raters": "number = :rater",
    "erased_raters": "discord_hash = :discord_hash",
    "payout_attempts": "payout_id IN (SELECT id FROM payouts WHERE rater = :rater)",
    "review_queue": "rater = :rater OR settled_by = :rater",
    "audit_log": "rater = :rater OR subject = 'rater:' || :rater",
}
"""Which rows of a table the query above returns, where it is not those with `rater = :rater`."""

DISCORD_IDS = {"discord_id", "guild_id", "channel_id", "message_id", "interaction_id"}


@dataclass(frozen=True, slots=True)
class Activity:
    """What a rater did: complete votes since a moment and ever, and what else they ever did."""

    today: int
    ever: int
    half: int
    skipped: int
    reported: int


@dataclass(frozen=True, slots=True)
class PastVote:
    """One vote as its rater sees it again; `open` while it may still be changed.

    `kudos` is what it earned and was not taken back; `sent`: some of it was sent or paid, so that
    the vote cannot be undone.
    """

    post: Post
    data_set: str
    aesthetic: int | None
    artifacts: int | None
    given: bool
    changed_at: datetime
    open: bool
    kudos: int
    sent: bool


def collect(connection: sqlite3.Connection, number: int, discord_hash: str) -> dict[str, list[Row]]:
    """Return every row about a rater by table, times as ISO 8601 in UTC."""
    values = {"rater": number, "discord_hash": discord_hash}
    return {table: _rows(connection.execute(query, values)) for table, query in QUERIES.items()}


def count(connection: sqlite3.Connection, number: int, discord_hash: str) -> dict[str, int]:
    """Return how many rows `collect` would return, by table."""
    values = {"rater": number, "discord_hash": discord_hash}
    return {
        table: connection.execute(
            f"SELECT count(*) FROM {table} WHERE {_ABOUT.get(table, 'rater = :rater')}",  # noqa: S608 - constants of this module
            values,
        ).fetchone()[0]
        for table in QUERIES
    }


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
    (skipped,) = connection.execute(
        "SELECT count(*) FROM skips WHERE rater = ?", (number,)
    ).fetchone()
    (reported,) = connection.execute(
        "SELECT count(*) FROM reports WHERE rater = ?", (number,)
    ).fetchone()
    return Activity(today, ever, half, skipped, reported)


def last_votes(connection: sqlite3.Connection, number: int, limit: int) -> list[PastVote]:
    """Return a rater's newest votes, newest first."""
    rows = connection.execute(
        """
        SELECT v.post_id, d.name, v.aesthetic, v.artifacts, v.state = 'given', v.changed_at,
            v.image_id,
            (SELECT coalesce(sum(a.amount), 0) FROM awards a
                WHERE a.rater = v.rater AND a.image_id = v.image_id AND a.standing = 'stands')
        FROM votes v JOIN images i ON i.id = v.image_id JOIN data_sets d ON d.id = i.data_set_id
        WHERE v.rater = ? ORDER BY v.changed_at DESC, v.id DESC LIMIT ?
        """,
        (number, limit),
    ).fetchall()
    return [_past_vote(connection, number, row) for row in rows]


def _past_vote(connection: sqlite3.Connection, number: int, row: tuple[Any, ...]) -> PastVote:
    post_id, data_set, aesthetic, artifacts, given, changed_at, image_id, kudos = row
    shown = posts.shown(connection, post_id)
    assert shown is not None  # noqa: S101 - votes reference their post
    return PastVote(
        post=shown.post,
        data_set=data_set,
        aesthetic=aesthetic,
        artifacts=artifacts,
        given=bool(given),
        changed_at=from_microseconds(changed_at),
        open=not shown.image_closed,
        kudos=kudos,
        sent=awards.is_sent(connection, number, image_id),
    )


def judged_images(
    connection: sqlite3.Connection, number: int, *, after: int, limit: int
) -> list[int]:
    """Return at most `limit` images on which the rater has a vote, by id, above `after`."""
    rows = connection.execute(
        "SELECT image_id FROM votes WHERE rater = ? AND image_id > ? ORDER BY image_id LIMIT ?",
        (number, after, limit),
    )
    return [image_id for (image_id,) in rows]


def _rows(cursor: sqlite3.Cursor) -> list[Row]:
    names = [column[0] for column in cursor.description]
    return [
        {name: _readable(name, v) for name, v in zip(names, row, strict=True)} for row in cursor
    ]


def _readable(name: str, value: Value) -> Value:
    """Write out moments, and Discord's ids in digits: they are above what JSON readers hold."""
    if not isinstance(value, int):
        return value
    if name in {"at", "since", "not_before"} or name.endswith(("_at", "_until")):
        return from_microseconds(value).isoformat()
    return str(value) if name in DISCORD_IDS else value
