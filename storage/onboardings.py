"""Onboardings: who is led through lessons before their first private session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

from storage.gold_answers import WHOLE
from storage.gold_images import COLUMNS, MEETABLE, GoldImage, gold_of
from storage.times import from_microseconds, to_microseconds

Outcome = Literal["finished", "skipped"]


@dataclass(frozen=True, slots=True)
class Onboarding:
    """How far a rater is: `lessons` there are to be; `outcome` is None while it goes on."""

    lessons: int
    begun_at: datetime
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A gold image that may be explained to a rater."""

    gold: GoldImage
    random_key: int


def find(connection: Connection, rater: int) -> Onboarding | None:
    """Return the rater's onboarding, None before it began."""
    row = connection.execute(
        "SELECT lessons, begun_at, outcome FROM onboardings WHERE rater = ?", (rater,)
    ).fetchone()
    return None if row is None else Onboarding(row[0], from_microseconds(row[1]), row[2])


def begin(connection: Connection, rater: int, lessons: int, now: datetime) -> None:
    """Note that so many lessons of the rater begin; the first time stays."""
    connection.execute(
        "INSERT INTO onboardings (rater, lessons, begun_at) VALUES (?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (rater, lessons, to_microseconds(now)),
    )


def end(connection: Connection, rater: int, outcome: Outcome, now: datetime) -> None:
    """Note how the rater's lessons ended; the first time stays."""
    connection.execute(
        "UPDATE onboardings SET ended_at = ?, outcome = ? WHERE rater = ? AND ended_at IS NULL",
        (to_microseconds(now), outcome, rater),
    )


def judged(connection: Connection, rater: int, limit: int) -> int:
    """Count the rater's votes, complete or not, at most `limit`."""
    (number,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM votes WHERE rater = ? LIMIT ?)", (rater, limit)
    ).fetchone()
    return int(number)


def last_post(connection: Connection, rater: int, data_set_id: int) -> int | None:
    """Return the newest post of a lesson of the data set that the rater was shown."""
    row = connection.execute(
        "SELECT p.id FROM posts p JOIN images i ON i.id = p.image_id"
        " WHERE p.rater = ? AND p.purpose = 'lesson' AND i.data_set_id = ?"
        " ORDER BY p.id DESC LIMIT 1",
        (rater, data_set_id),
    ).fetchone()
    return row[0] if row else None


def candidates(
    connection: Connection, rater: int, data_set_id: int, *, safe_only: bool
) -> list[Candidate]:
    """Return the accepted gold images that the rater may see and knows nothing of."""
    rows = connection.execute(
        _CANDIDATES, {"rater": rater, "data_set_id": data_set_id, "least_safe": int(safe_only)}
    )
    return [Candidate(gold_of(row[1:]), row[0]) for row in rows]


def taught(connection: Connection, rater: int) -> list[GoldImage]:
    """Return the gold images on which the rater has had a whole lesson, the oldest first."""
    return [gold_of(row) for row in connection.execute(_TAUGHT, (rater,))]


_CANDIDATES: Final = f"""
    SELECT i.random_key, {COLUMNS} FROM gold_images g JOIN images i ON i.id = g.image_id
    WHERE g.state = 'accepted' AND i.data_set_id = :data_set_id AND i.safe >= :least_safe
    AND {MEETABLE}
    AND NOT EXISTS (SELECT 1 FROM votes v WHERE v.rater = :rater AND v.image_id = i.id)
    AND NOT EXISTS (SELECT 1 FROM gold_answers a WHERE a.rater = :rater AND a.image_id = i.id)
    AND NOT EXISTS (SELECT 1 FROM reservations h WHERE h.rater = :rater AND h.image_id = i.id)
    AND NOT EXISTS (SELECT 1 FROM skips s WHERE s.rater = :rater AND s.image_id = i.id)
    AND NOT EXISTS (SELECT 1 FROM reports t WHERE t.rater = :rater AND t.image_id = i.id)
    ORDER BY i.random_key
"""  # noqa: S608 - constants
_TAUGHT: Final = f"""
    SELECT {COLUMNS} FROM (
        SELECT image_id, answered_at FROM gold_answers
        WHERE rater = ? AND lesson = 1 AND {WHOLE}
    ) a JOIN gold_images g ON g.image_id = a.image_id ORDER BY a.answered_at, a.image_id
"""  # noqa: S608 - constants
