"""What is kept of a rater beside their votes, for a moderator's eyes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, NamedTuple

from storage.times import from_microseconds


@dataclass(frozen=True, slots=True)
class CaptchaRecord:
    """What came of a rater's captchas; only `failed` counts against them."""

    failed: int
    passed: int
    expired: int
    unavailable: int


class Repeat(NamedTuple):
    """A second answer beside the first, by scale; None where one of them was not given."""

    aesthetic: int | None
    artifacts: int | None
    first_aesthetic: int | None
    first_artifacts: int | None


class Pair(NamedTuple):
    """Another rater who deviates from everybody else in the same way, on `shared` images."""

    number: int
    discord_id: int | None
    score: float
    shared: int


class Hold(NamedTuple):
    """Why the rater's kudos wait, and since when."""

    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class RaterScore:
    """The estimator's figures on one scale: see docs/scoring.md."""

    votes: int
    bias: float
    inconsistency: float
    reliability: float
    held: bool
    scored_at: datetime


class ReliabilityPoint(NamedTuple):
    """The last reliability of a UTC day, in days since 1970-01-01."""

    day: int
    reliability: float


def captcha_record(connection: Connection, rater: int) -> CaptchaRecord | None:
    """Return the record; None where no captcha was ever due."""
    row = connection.execute(
        "SELECT failed, passed, expired, unavailable FROM captcha_records WHERE rater = ?", (rater,)
    ).fetchone()
    return None if row is None else CaptchaRecord(*row)


def repeats(connection: Connection, rater: int, limit: int) -> list[Repeat]:
    """Return the newest second answers, the newest first."""
    rows = connection.execute(
        "SELECT aesthetic, artifacts, first_aesthetic, first_artifacts FROM repeat_answers"
        " WHERE rater = ? AND answered_at IS NOT NULL ORDER BY id DESC LIMIT ?",
        (rater, limit),
    )
    return [Repeat(*row) for row in rows]


def pairs(connection: Connection, rater: int, limit: int) -> list[Pair]:
    """Return the raters who are nearest to this one, the nearest first."""
    return [Pair(*row) for row in connection.execute(_PAIRS, {"rater": rater, "limit": limit})]


def holds(connection: Connection, rater: int) -> list[Hold]:
    """Return the reasons for which the rater's kudos wait, the oldest first."""
    rows = connection.execute(
        "SELECT reason, since FROM holds WHERE rater = ? ORDER BY since, reason", (rater,)
    )
    return [Hold(reason, from_microseconds(since)) for reason, since in rows]


def scores(connection: Connection, rater: int) -> dict[str, RaterScore]:
    """Return the estimator's figures by scale; those that it has."""
    rows = connection.execute(
        "SELECT scale, votes, bias, inconsistency, reliability, held, scored_at FROM rater_scores"
        " WHERE rater = ?",
        (rater,),
    )
    return {
        scale: RaterScore(votes, bias, sigma, reliability, bool(held), from_microseconds(at))
        for scale, votes, bias, sigma, reliability, held, at in rows
    }


def reliability(
    connection: Connection, rater: int, since_day: int
) -> dict[str, list[ReliabilityPoint]]:
    """Return the history by scale from a UTC day on, the oldest first."""
    found: dict[str, list[ReliabilityPoint]] = {}
    rows = connection.execute(
        "SELECT scale, day, reliability FROM reliability_history WHERE rater = ? AND day >= ?"
        " ORDER BY day",
        (rater, since_day),
    )
    for scale, day, figure in rows:
        found.setdefault(scale, []).append(ReliabilityPoint(day, figure))
    return found


_PAIRS: Final = """
    SELECT iif(p.rater = :rater, p.other, p.rater) AS number, r.discord_id, p.score, p.shared
    FROM rater_pairs p JOIN raters r ON r.number = iif(p.rater = :rater, p.other, p.rater)
    WHERE p.rater = :rater OR p.other = :rater ORDER BY p.score DESC, number LIMIT :limit
"""
