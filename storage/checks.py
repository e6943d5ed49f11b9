"""Images shown to check a rater: gold that is new to them, and what they judged long ago."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from storage.choosing import NOT_PASSED_OVER, Seeker
from storage.gold_answers import WHOLE
from storage.gold_images import MEETABLE
from storage.gold_times import OVER_AT
from storage.times import to_microseconds

WINDOW: Final = 200
"""Votes looked at from one moment on before there is no repeat this time."""


def gold(
    connection: Connection, seeker: Seeker, start: int, now: datetime, *, but: Collection[int]
) -> int | None:
    """Return an accepted gold image that the rater has neither judged nor answered.

    `start` is the random key from which they are met; none of the images `but`. One that was begun
    as gold is met again until its time is over. None whose result was shown to anybody.
    """
    values = {
        **_whom(seeker),
        "start": start,
        "now": to_microseconds(now),
        "but": json.dumps(sorted(but)),
    }
    row = connection.execute(_GOLD, values).fetchone()
    return row[0] if row else None


def repeat(
    connection: Connection, seeker: Seeker, share: float, *, behind: int, before: datetime
) -> int | None:
    """Return an image that the rater judged at least `behind` complete votes before a moment.

    `share` (0-1) chooses the moment of the rater's time from which it is looked for. Never one
    that was repeated before.
    """
    first, last = connection.execute(
        _BOUNDS,
        {"rater": seeker.rater, "behind": behind - 1, "before": to_microseconds(before)},
    ).fetchone()
    if last is None:
        return None
    values = {
        **_whom(seeker),
        "since": first + int(share * (last - first)),
        "until": last,
        "window": WINDOW,
    }
    row = connection.execute(_REPEAT, values).fetchone()
    return row[0] if row else None


def _whom(seeker: Seeker) -> dict[str, int | None]:
    return {
        "data_set_id": seeker.data_set_id,
        "rater": seeker.rater,
        "least_safe": int(seeker.safe_only),
    }


_ALLOWED: Final = "i.data_set_id = :data_set_id AND i.safe >= :least_safe"
_GOLD: Final = f"""
    SELECT i.id FROM gold_images g JOIN images i ON i.id = g.image_id
    WHERE g.state = 'accepted' AND {_ALLOWED} AND {MEETABLE}
    AND i.id NOT IN (SELECT value FROM json_each(:but))
    AND NOT EXISTS (
        SELECT 1 FROM votes v JOIN posts g ON g.id = v.post_id
        LEFT JOIN images t ON t.id = g.twin_image_id
        WHERE v.rater = :rater AND v.image_id = i.id
        AND (v.completed_at IS NOT NULL OR v.state = 'void' OR v.gold = 0
            OR iif(g.twin_image_id IS NULL, i.stage = 'full', {OVER_AT} <= :now))
    )
    AND NOT EXISTS (
        SELECT 1 FROM gold_answers
        WHERE rater = :rater AND image_id = i.id AND (lesson = 1 OR {WHOLE})
    )
    AND NOT EXISTS (
        SELECT 1 FROM reservations r WHERE r.image_id = i.id AND r.rater = :rater
    )
    AND {NOT_PASSED_OVER}
    ORDER BY i.random_key < :start, i.random_key LIMIT 1
"""  # noqa: S608 - constants
# The oldest vote, and the youngest that is old enough: two looks into one index.
_BOUNDS: Final = """
    SELECT
        (SELECT min(completed_at) FROM votes
            WHERE rater = :rater AND completed_at IS NOT NULL),
        (SELECT completed_at FROM votes
            WHERE rater = :rater AND completed_at < :before
            ORDER BY completed_at DESC LIMIT 1 OFFSET :behind)
"""
_REPEAT: Final = f"""
    SELECT i.id FROM (
        SELECT image_id, state, gold, completed_at FROM votes
        WHERE rater = :rater AND completed_at >= :since AND completed_at <= :until
        ORDER BY completed_at LIMIT :window
    ) v JOIN images i ON i.id = v.image_id
    WHERE v.state = 'given' AND v.gold = 0 AND {_ALLOWED}
    AND i.stage NOT IN ('hidden', 'broken')
    AND NOT EXISTS (SELECT 1 FROM repeat_answers a WHERE a.rater = :rater AND a.image_id = i.id)
    AND NOT EXISTS (
        SELECT 1 FROM reservations r WHERE r.image_id = i.id AND r.rater = :rater
    )
    AND {NOT_PASSED_OVER}
    ORDER BY v.completed_at LIMIT 1
"""  # noqa: S608 - constants
