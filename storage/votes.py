"""Votes: one row a rater and image, a column a scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Literal

from storage.image_stages import COUNTS
from storage.times import from_microseconds, to_microseconds

Surface = Literal["public", "private"]
VoteState = Literal["given", "undone", "void"]

SCALES = ("aesthetic", "artifacts")
"""The scales that have columns; a column `<scale>_at` keeps when the score was given."""

NAMES = (
    "rater",
    "image_id",
    *SCALES,
    *(f"{scale}_at" for scale in SCALES),
    "state",
    "post_id",
    "surface",
    "locale",
    "client_agent_id",
    "gold",
    "shown_at",
    "created_at",
    "changed_at",
    "completed_at",
    "after_reveal",
    "captchas_failed",
)
_CHANGING = (
    *SCALES,
    *(f"{scale}_at" for scale in SCALES),
    "state",
    "changed_at",
    "completed_at",
    "after_reveal",
)
_LIST = ", ".join(NAMES)


@dataclass(frozen=True, slots=True)
class Vote:
    """What one rater says of one image.

    `scores` and `scored_at` have the given scales alone. `post_id`, `surface`, `locale`,
    `client_agent_id`, `gold` and `shown_at` are those of the first press. `completed_at` is set
    while every scale is given and the rater has not taken the vote back. `after_reveal`: a score
    was given after the image's scores had been shown. A `gold` one counts for nothing but its
    rater's record.
    `captchas_failed`: the rater's captchas failed less passed when the vote began, None for votes
    of versions that asked none.
    """

    rater: int
    image_id: int
    scores: Mapping[str, int]
    scored_at: Mapping[str, datetime]
    state: VoteState
    post_id: int
    surface: Surface
    locale: str
    client_agent_id: int
    gold: bool
    shown_at: datetime
    created_at: datetime
    changed_at: datetime
    completed_at: datetime | None
    after_reveal: bool
    captchas_failed: int | None = None

    @property
    def complete(self) -> bool:
        """Every scale is given and the rater stands by it."""
        return self.state == "given" and self.completed_at is not None


def find(connection: Connection, rater: int, image_id: int) -> Vote | None:
    """Return the rater's vote on the image."""
    row = connection.execute(_FIND, (rater, image_id)).fetchone()
    return vote_of(row) if row else None


def vote_of(row: tuple[Any, ...]) -> Vote:
    """Build the record of a row of NAMES."""
    rater, image_id, *rest = row
    scores = rest[: len(SCALES)]
    times = rest[len(SCALES) : 2 * len(SCALES)]
    state, post_id, surface, locale, agent, gold, *moments, completed, after, captchas = rest[
        2 * len(SCALES) :
    ]
    shown, created, changed = moments
    return Vote(
        rater,
        image_id,
        {scale: score for scale, score in zip(SCALES, scores, strict=True) if score is not None},
        {
            scale: from_microseconds(at)
            for scale, at in zip(SCALES, times, strict=True)
            if at is not None
        },
        state,
        post_id,
        surface,
        locale,
        agent,
        bool(gold),
        from_microseconds(shown),
        from_microseconds(created),
        from_microseconds(changed),
        None if completed is None else from_microseconds(completed),
        bool(after),
        captchas,
    )


def store(connection: Connection, vote: Vote) -> None:
    """Write the vote; on an existing row what the first press decided stays."""
    connection.execute(
        _STORE,
        (
            vote.rater,
            vote.image_id,
            *(vote.scores.get(scale) for scale in SCALES),
            *(_microseconds(vote.scored_at.get(scale)) for scale in SCALES),
            vote.state,
            vote.post_id,
            vote.surface,
            vote.locale,
            vote.client_agent_id,
            vote.gold,
            to_microseconds(vote.shown_at),
            to_microseconds(vote.created_at),
            to_microseconds(vote.changed_at),
            _microseconds(vote.completed_at),
            vote.after_reveal,
            vote.captchas_failed,
        ),
    )


def completed_since(connection: Connection, rater: int, moment: datetime) -> int:
    """Count the rater's complete votes since a moment, and what was judged a second time."""
    (number,) = connection.execute(
        "SELECT (SELECT count(*) FROM votes"
        " WHERE rater = :rater AND completed_at >= :since AND state = 'given')"
        " + (SELECT count(*) FROM repeat_answers WHERE rater = :rater AND answered_at >= :since)",
        {"rater": rater, "since": to_microseconds(moment)},
    ).fetchone()
    return int(number)


def counted_scores(connection: Connection, image_id: int) -> list[tuple[int, ...]]:
    """Return the scores of every vote that counts, in the order of SCALES."""
    return connection.execute(_COUNTED, (image_id,)).fetchall()


def client_agent_id(connection: Connection, name: str) -> int:
    """Return the id under which votes name the program that took them."""
    row = connection.execute("SELECT id FROM client_agents WHERE name = ?", (name,)).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO client_agents (name) VALUES (?) RETURNING id", (name,)
        ).fetchone()
    return int(row[0])


_FIND = f"SELECT {_LIST} FROM votes WHERE rater = ? AND image_id = ?"  # noqa: S608 - constants
_STORE = f"""
    INSERT INTO votes ({_LIST}, row_id)
    VALUES ({", ".join("?" * len(NAMES))}, randomblob(16))
    ON CONFLICT (rater, image_id) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in _CHANGING)}
"""  # noqa: S608 - constants
_COUNTED = f"""
    SELECT {", ".join(SCALES)} FROM votes v WHERE v.image_id = ? AND {COUNTS} ORDER BY v.id
"""  # noqa: S608 - constants


def _microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else to_microseconds(moment)
