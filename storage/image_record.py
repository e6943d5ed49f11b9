"""What the tables tell of one image, for a moderator's eyes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, NamedTuple

from storage import reports
from storage.image_stages import COUNTS
from storage.times import from_microseconds
from storage.votes import SCALES


@dataclass(frozen=True, slots=True)
class ImageVotes:
    """The votes of an image by what became of them. `counted` make its result."""

    counted: int
    half: int
    undone: int
    void: int
    gold: int


@dataclass(frozen=True, slots=True)
class ImageScore:
    """The estimator's score of one scale, its standard error, and the plain mean."""

    score: float
    standard_error: float
    votes: int
    plain_mean: float
    scored_at: datetime


class PublicPost(NamedTuple):
    """A public post of the image; `message_id` is None while nobody knows whether it was sent."""

    id: int
    guild_id: int
    channel_id: int
    message_id: int | None
    state: str
    shown_at: datetime


class Reported(NamedTuple):
    """How many reports an image has, and how many of them wait for somebody to look."""

    ever: int
    open: int


def count_votes(connection: Connection, image_id: int) -> ImageVotes:
    """Count the votes of an image."""
    return ImageVotes(*connection.execute(_VOTES, (image_id,)).fetchone())


def histograms(connection: Connection, image_id: int) -> dict[str, dict[int, int]]:
    """Return how often each score of each scale was given, of votes that count."""
    found: dict[str, dict[int, int]] = {scale: {} for scale in SCALES}
    for row in connection.execute(_COUNTED, (image_id,)):
        for scale, score in zip(SCALES, row, strict=True):
            found[scale][score] = found[scale].get(score, 0) + 1
    return found


def scores(connection: Connection, image_id: int) -> Mapping[str, ImageScore]:
    """Return the scores by scale, as the last run of the estimator left them."""
    rows = connection.execute(
        "SELECT scale, score, standard_error, votes, plain_mean, scored_at FROM image_scores"
        " WHERE image_id = ?",
        (image_id,),
    )
    return {
        scale: ImageScore(score, error, votes, mean, from_microseconds(at))
        for scale, score, error, votes, mean, at in rows
    }


def public_posts(connection: Connection, image_id: int, limit: int) -> list[PublicPost]:
    """Return the newest public posts, the newest first."""
    rows = connection.execute(
        "SELECT id, guild_id, channel_id, message_id, state, shown_at FROM posts"
        " WHERE image_id = ? AND surface = 'public' ORDER BY id DESC LIMIT ?",
        (image_id, limit),
    )
    return [
        PublicPost(number, guild, channel, message, state, from_microseconds(at))
        for number, guild, channel, message, state, at in rows
    ]


def count_posts(connection: Connection, image_id: int) -> dict[str, int]:
    """Return how often the image was shown, by surface."""
    rows = connection.execute(
        "SELECT surface, count(*) FROM posts WHERE image_id = ? GROUP BY surface", (image_id,)
    )
    return dict(rows.fetchall())


def reported(connection: Connection, image_id: int, now: datetime) -> Reported:
    """Count the reports of an image; see `reports.open_of_image` for which of them wait."""
    query = "SELECT count(*) FROM reports WHERE image_id = ?"
    (ever,) = connection.execute(query, (image_id,)).fetchone()
    return Reported(ever, len(reports.open_of_image(connection, image_id, now)))


_VOTES: Final = f"""
    SELECT count(*) FILTER (WHERE {COUNTS}),
        count(*) FILTER (WHERE v.state = 'given' AND v.completed_at IS NULL),
        count(*) FILTER (WHERE v.state = 'undone'),
        count(*) FILTER (WHERE v.state = 'void'),
        count(*) FILTER (WHERE v.gold = 1)
    FROM votes v WHERE v.image_id = ?
"""  # noqa: S608 - constants
_COUNTED: Final = f"""
    SELECT {", ".join(f"v.{scale}" for scale in SCALES)} FROM votes v
    WHERE v.image_id = ? AND {COUNTS}
"""  # noqa: S608 - constants
