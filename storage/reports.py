"""Raters' complaints about images: one a rater and image."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from storage.times import from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class Report:
    """One complaint; `reason` is the rater's own words, or None where none were given."""

    id: int
    image_id: int
    rater: int
    reason: str | None
    reported_at: datetime


def add(
    connection: sqlite3.Connection,
    *,
    image_id: int,
    rater: int,
    post_id: int,
    reason: str | None,
    interaction_id: int,
    by_moderator: bool = False,
    now: datetime,
) -> bool:
    """Store a report; return False where this rater has reported this image before.

    One that nobody looked at and a revert in force means gives way to the new one, for what comes
    after it counts; what somebody looked at stays settled.
    """
    added = connection.execute(
        f"""
        INSERT INTO reports AS r
            (image_id, rater, post_id, reason, interaction_id, by_moderator, reported_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (image_id, rater) DO UPDATE SET
            post_id = excluded.post_id, reason = excluded.reason,
            by_moderator = excluded.by_moderator,
            interaction_id = excluded.interaction_id, reported_at = excluded.reported_at
            WHERE r.settled_at IS NULL AND r.interaction_id <> excluded.interaction_id
                AND EXISTS (SELECT 1 FROM void_orders o WHERE {_REVERTED})
        ON CONFLICT DO NOTHING
        """,  # noqa: S608 - constants
        (image_id, rater, post_id, reason, interaction_id, by_moderator, to_microseconds(now)),
    )
    return added.rowcount > 0


def open_of_image(connection: sqlite3.Connection, image_id: int, now: datetime) -> list[Report]:
    """Return the reports of an image that nobody looked at yet, oldest first.

    Reports of raters banned now and of erased ones are left out, and those that a revert in force
    means: they neither hide an image nor ask for attention. Who was erased may come back under
    another number and report again.
    """
    rows = connection.execute(
        f"""
        SELECT r.id, r.image_id, r.rater, r.reason, r.reported_at
        FROM reports r JOIN raters p ON p.number = r.rater
        WHERE r.image_id = :image AND {_COUNTS}
        ORDER BY r.id
        """,  # noqa: S608 - constants
        {"image": image_id, "now": to_microseconds(now)},
    )
    return [
        Report(number, image, rater, reason, from_microseconds(at))
        for number, image, rater, reason, at in rows
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a rater needs for their reports to hide: complete votes that stand, a passed captcha.

    Validated raters, and who was a moderator when reporting, need neither.
    """

    votes: int
    captcha: bool


def count_hiding(
    connection: sqlite3.Connection, image_id: int, standing: Standing, now: datetime
) -> int:
    """Count the reports of `open_of_image` whose raters have the standing now to hide an image."""
    (number,) = connection.execute(
        f"SELECT count(*) FROM reports r JOIN raters p ON p.number = r.rater"  # noqa: S608 - constants
        f" WHERE r.image_id = :image AND {_COUNTS} AND {_HIDES}",
        {
            "image": image_id,
            "now": to_microseconds(now),
            "votes": standing.votes,
            "captcha": standing.captcha,
        },
    ).fetchone()
    return int(number)


def count_of_rater(connection: sqlite3.Connection, rater: int, now: datetime) -> tuple[int, int]:
    """Count a rater's reports that wait for somebody, and those that moderators have upheld."""
    values = {"rater": rater, "now": to_microseconds(now)}
    waiting, upheld = connection.execute(
        f"""
        SELECT count(*) FILTER (WHERE {_COUNTS}), count(*) FILTER (WHERE r.upheld)
        FROM reports r JOIN raters p ON p.number = r.rater WHERE r.rater = :rater
        """,  # noqa: S608 - constants
        values,
    ).fetchone()
    return int(waiting), int(upheld)


def hidden_images(connection: sqlite3.Connection, rater: int, now: datetime) -> list[int]:
    """Return the images out of sight of which a report of this rater counts no more.

    Not those that somebody looked at since the report.
    """
    # NOT TRUE, since the condition is neither true nor false during a ban without an end.
    rows = connection.execute(
        f"""
        SELECT r.image_id
        FROM reports r JOIN raters p ON p.number = r.rater JOIN images i ON i.id = r.image_id
        WHERE r.rater = :rater AND r.settled_at IS NULL AND i.stage = 'hidden'
            AND ({_COUNTS}) IS NOT TRUE
        ORDER BY r.image_id
        """,  # noqa: S608 - constants
        {"rater": rater, "now": to_microseconds(now)},
    )
    return [image_id for (image_id,) in rows]


def count_reverted(connection: sqlite3.Connection, order_id: int) -> int:
    """Return how many reports that nobody looked at yet a revert in force means."""
    (number,) = connection.execute(
        f"SELECT count(*) FROM void_orders o JOIN reports r ON {_REVERTED}"  # noqa: S608 - constants
        " WHERE o.id = ? AND r.settled_at IS NULL",
        (order_id,),
    ).fetchone()
    return int(number)


def settle(connection: sqlite3.Connection, image_id: int, now: datetime, *, upheld: bool) -> None:
    """Mark every report of an image as looked at; `upheld` if the image is not to be seen."""
    connection.execute(
        "UPDATE reports SET settled_at = ?, upheld = ? WHERE image_id = ? AND settled_at IS NULL",
        (to_microseconds(now), upheld, image_id),
    )


_REVERTED: Final = """
    o.rater = r.rater AND o.cause = 'revert' AND o.lifted_at IS NULL
    AND r.reported_at BETWEEN o.since AND o.ordered_at
"""
"""Condition under which an order `o` means a report `r`: those since a moment, up to the order."""

_COUNTS: Final = f"""
    r.settled_at IS NULL AND p.erased_at IS NULL
    AND (p.status <> 'banned' OR p.status_until <= :now)
    AND NOT EXISTS (SELECT 1 FROM void_orders o WHERE {_REVERTED})
"""  # noqa: S608 - constants
"""Condition under which a report `r` of a rater `p` waits for somebody at `:now`."""

_HIDES: Final = """(
    r.by_moderator OR p.status = 'validated' OR (
        (NOT :captcha OR EXISTS (
            SELECT 1 FROM captcha_records k WHERE k.rater = p.number AND k.passed > 0))
        AND :votes <= (SELECT count(*) FROM (
            SELECT 1 FROM votes v WHERE v.rater = p.number AND v.state = 'given'
                AND v.completed_at IS NOT NULL LIMIT :votes))
    )
)"""
"""Condition under which a report `r` of a rater `p` helps to hide its image."""

WORTH_A_LOOK: Final = f"""
    (
        EXISTS (SELECT 1 FROM images i WHERE i.id = review_queue.image_id AND i.stage = 'hidden')
        OR EXISTS (
            SELECT 1 FROM reports r JOIN raters p ON p.number = r.rater
            WHERE r.image_id = review_queue.image_id AND {_COUNTS}
        )
    )
"""  # noqa: S608 - constants
"""Condition under which a case of `review_queue` about reports has something to decide at `:now`.

What was hidden stays so until somebody looks. Reports that count no more may do so again, by
an act or by the end of a ban alone.
"""
