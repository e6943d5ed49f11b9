"""The history of votes: append-only; the interaction id makes each entry happen once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Literal

from storage.times import from_microseconds, to_microseconds
from storage.votes import SCALES

Action = Literal["given", "changed", "undone", "kept", "voided", "restored", "erased"]

_NAMES = ", ".join(
    ("id", "rater", "image_id", "action", *SCALES, "post_id", "interaction_id", "at")
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to a vote, and its scores afterwards.

    given: a scale got its first score, or the same one again. changed: a score replaced another.
    undone and kept: by the rater. voided, restored: by a moderator. erased: with the rater.
    """

    id: int
    rater: int
    image_id: int
    action: Action
    scores: Mapping[str, int]
    post_id: int | None
    interaction_id: int | None
    at: datetime


def append(
    connection: Connection,
    *,
    rater: int,
    image_id: int,
    action: Action,
    scores: Mapping[str, int],
    post_id: int | None,
    interaction_id: int | None,
    at: datetime,
) -> None:
    """Append an entry; sqlite3.IntegrityError where the interaction already has one."""
    connection.execute(
        _APPEND,
        (
            rater,
            image_id,
            action,
            *(scores.get(scale) for scale in SCALES),
            post_id,
            interaction_id,
            to_microseconds(at),
        ),
    )


def of_interaction(connection: Connection, interaction_id: int) -> Entry | None:
    """Return the entry that an interaction wrote."""
    row = connection.execute(_OF_INTERACTION, (interaction_id,)).fetchone()
    return _entry(row) if row else None


def before(connection: Connection, entry: Entry) -> Entry | None:
    """Return what the rater had done with the same vote before `entry`."""
    row = connection.execute(_BEFORE, (entry.rater, entry.id, entry.image_id)).fetchone()
    return _entry(row) if row else None


_APPEND = f"""
    INSERT INTO vote_history
        (rater, image_id, action, {", ".join(SCALES)}, post_id, interaction_id, at)
    VALUES ({", ".join("?" * (6 + len(SCALES)))})
"""  # noqa: S608 - constants
_OF_INTERACTION = f"SELECT {_NAMES} FROM vote_history WHERE interaction_id = ?"  # noqa: S608 - constants
_BEFORE = f"""
    SELECT {_NAMES} FROM vote_history
    WHERE rater = ? AND id < ? AND image_id = ? AND action NOT IN ('voided', 'restored')
    ORDER BY id DESC LIMIT 1
"""  # noqa: S608 - constants


def _entry(row: tuple[Any, ...]) -> Entry:
    number, rater, image_id, action, *scores, post_id, interaction_id, at = row
    given = {scale: score for scale, score in zip(SCALES, scores, strict=True) if score is not None}
    return Entry(
        number, rater, image_id, action, given, post_id, interaction_id, from_microseconds(at)
    )
