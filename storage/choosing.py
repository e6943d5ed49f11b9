"""The next image for a rater or a channel: a few index seeks, whatever the size of the data set.

Images are met in the order of their random key from a random start, so the first that fits is a
random one. A rater's own run of votes is all that a seek may have to walk over; `WINDOW` bounds
that walk while there are fresh images to fall back on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from storage import reservations
from storage.gold_answers import WHOLE
from storage.gold_images import NO_GOLD
from storage.posts import Purpose
from storage.reservations import LIVE, PLACE

WINDOW = 500
"""Begun images looked at from one start before a fresh image is preferred."""
EVERY = 2**62
"""A window that no data set fills."""


@dataclass(frozen=True, slots=True)
class Seeker:
    """For whom an image is sought: a rater, or a channel that is to show it to everybody."""

    data_set_id: int
    safe_only: bool
    rater: int | None = None
    channel_id: int | None = None


def begun(
    connection: Connection, seeker: Seeker, start: int, now: datetime, *, window: int = WINDOW
) -> int | None:
    """Return a begun image with an open place that the seeker has not met yet.

    None that is gold.
    """
    statement = _BEGUN_FOR_CHANNEL if seeker.rater is None else _BEGUN_FOR_RATER
    parameters = {**reservations.moments(now), "window": window}
    return _seek(connection, statement, seeker, start, parameters)


def waiting(connection: Connection, seeker: Seeker, start: int) -> int | None:
    """Return an image that waits for somebody to begin it, none that the seeker passed over.

    None that is gold.
    """
    return _seek(connection, _WAITING, seeker, start, {})


def reserved(connection: Connection, seeker: Seeker, now: datetime) -> tuple[int, Purpose] | None:
    """Return the image that is kept for the rater, the last one, and what it was shown for."""
    row = connection.execute(
        _RESERVED,
        {
            "data_set_id": seeker.data_set_id,
            "rater": seeker.rater,
            "least_safe": int(seeker.safe_only),
            **reservations.moments(now),
        },
    ).fetchone()
    return row or None


def is_settled(
    connection: Connection, rater: int, image_id: int, purpose: Purpose = "vote"
) -> bool:
    """Tell whether the rater has skipped or reported the image, or answered it for the purpose."""
    values = {"rater": rater, "image_id": image_id}
    row = connection.execute(_IS_SETTLED[purpose], values).fetchone()
    return row is None


def _seek(
    connection: Connection,
    statement: str,
    seeker: Seeker,
    start: int,
    parameters: Mapping[str, int],
) -> int | None:
    """Run from `start` to the end, then from the beginning; nearest of safe and unsafe images."""
    for origin in (start, 0):
        found = []
        for safe in (1,) if seeker.safe_only else (1, 0):
            row = connection.execute(
                statement,
                {
                    **parameters,
                    "data_set_id": seeker.data_set_id,
                    "rater": seeker.rater,
                    "channel_id": seeker.channel_id,
                    "safe": safe,
                    "start": origin,
                },
            ).fetchone()
            if row:
                found.append(row)
        if found:
            return int(min(found)[1])
    return None


NOT_PASSED_OVER = """
    NOT EXISTS (SELECT 1 FROM skips s WHERE s.rater = :rater AND s.image_id = i.id)
    AND NOT EXISTS (SELECT 1 FROM reports t WHERE t.image_id = i.id AND t.rater = :rater)
"""
"""The rater has neither skipped nor reported the image `i`."""

_NOT_SETTLED = f"""
    NOT EXISTS (
        SELECT 1 FROM votes v WHERE v.rater = :rater AND v.image_id = i.id
        AND (v.completed_at IS NOT NULL OR v.state = 'void')
    )
    AND {NOT_PASSED_OVER}
"""  # noqa: S608 - constants
_NOT_MET = f"""
    NOT EXISTS (
        SELECT 1 FROM votes v WHERE v.rater = :rater AND v.image_id = i.id
        AND (v.completed_at IS NOT NULL OR v.state = 'void' OR v.gold = 1)
    )
    AND {NOT_PASSED_OVER}
    AND NOT EXISTS (SELECT 1 FROM gold_answers g WHERE g.rater = :rater AND g.image_id = i.id)
"""  # noqa: S608 - constants
_BEGUN = f"""
    SELECT i.random_key, i.id FROM (
        SELECT id, random_key, complete_votes, revealed_at FROM images
        WHERE data_set_id = :data_set_id AND stage = 'begun' AND safe = :safe
        AND random_key >= :start
        ORDER BY random_key LIMIT :window
    ) i
    WHERE i.complete_votes + (
        SELECT count(*) FROM reservations o WHERE o.image_id = i.id AND {PLACE}
    ) < (SELECT target FROM data_sets WHERE id = :data_set_id)
"""  # noqa: S608 - constants
_BEGUN_FOR_RATER = f"""{_BEGUN}
    AND NOT EXISTS (
        SELECT 1 FROM reservations r
        WHERE r.image_id = i.id AND r.rater = :rater AND {LIVE}
    )
    AND {_NOT_MET}
    AND {NO_GOLD}
    LIMIT 1
"""  # noqa: S608 - constants
_BEGUN_FOR_CHANNEL = f"""{_BEGUN}
    AND i.revealed_at IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM posts p WHERE p.image_id = i.id AND p.surface = 'public'
        AND p.channel_id = :channel_id AND p.state IN ('pending', 'open', 'closing')
    )
    AND {NO_GOLD}
    LIMIT 1
"""  # noqa: S608 - constants
_WAITING = f"""
    SELECT i.random_key, i.id FROM images i
    WHERE i.data_set_id = :data_set_id AND i.stage = 'waiting' AND i.safe = :safe
    AND i.random_key >= :start AND {_NOT_MET}
    AND {NO_GOLD}
    ORDER BY i.random_key LIMIT 1
"""  # noqa: S608 - constants
_OPEN = {
    "vote": _NOT_SETTLED,
    "gold": _NOT_SETTLED,
    "repeat": f"""
        EXISTS (
            SELECT 1 FROM votes v WHERE v.rater = :rater AND v.image_id = i.id
            AND v.completed_at IS NOT NULL AND v.state = 'given'
        )
        AND NOT EXISTS (
            SELECT 1 FROM repeat_answers a WHERE a.rater = :rater AND a.image_id = i.id
            AND a.answered_at IS NOT NULL
        )
        AND {NOT_PASSED_OVER}
    """,  # noqa: S608 - constants
    "lesson": f"""
        NOT EXISTS (
            SELECT 1 FROM gold_answers g WHERE g.rater = :rater AND g.image_id = i.id AND {WHOLE}
        )
        AND {NOT_PASSED_OVER}
    """,  # noqa: S608 - constants
}
_IS_SETTLED = {
    purpose: f"SELECT 1 FROM images i WHERE i.id = :image_id AND {still_open}"  # noqa: S608 - constants
    for purpose, still_open in _OPEN.items()
}
_RESERVED = f"""
    SELECT i.id, h.purpose FROM reservations h JOIN images i ON i.id = h.image_id
    WHERE h.rater = :rater AND {LIVE} AND i.data_set_id = :data_set_id
    AND i.safe >= :least_safe
    AND CASE h.purpose
        WHEN 'vote' THEN i.stage = 'begun' AND {_NOT_MET}
        WHEN 'gold' THEN i.stage NOT IN ('hidden', 'broken') AND {_OPEN["gold"]}
        ELSE i.stage NOT IN ('hidden', 'broken') AND {_OPEN["repeat"]}
    END
    ORDER BY h.expires_at DESC LIMIT 1
"""  # noqa: S608 - constants
