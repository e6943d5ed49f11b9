"""Presses on repeats and lessons, so that each of them happens once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

from storage.times import to_microseconds
from storage.votes import SCALES


@dataclass(frozen=True, slots=True)
class CheckPress:
    """What one press did; `scores` as they stood after it.

    `changed`: a score replaced an earlier one. `completed`: the answer got whole by it.
    """

    rater: int
    post_id: int
    scores: Mapping[str, int]
    state: Literal["given", "undone"]
    changed: bool
    completed: bool


def find(connection: Connection, interaction_id: int) -> CheckPress | None:
    """Return what the interaction did if it was such a press."""
    row = connection.execute(_FIND, (interaction_id,)).fetchone()
    if row is None:
        return None
    rater, post_id, state, changed, completed, *scores = row
    given = {scale: score for scale, score in zip(SCALES, scores, strict=True) if score is not None}
    return CheckPress(rater, post_id, given, state, bool(changed), bool(completed))


def append(connection: Connection, interaction_id: int, press: CheckPress, now: datetime) -> None:
    """Note a press; sqlite3.IntegrityError for an interaction that was noted before."""
    connection.execute(
        _APPEND,
        (
            interaction_id,
            press.rater,
            press.post_id,
            press.state,
            press.changed,
            press.completed,
            to_microseconds(now),
            *(press.scores.get(scale) for scale in SCALES),
        ),
    )


_FIND: Final = f"""
    SELECT rater, post_id, state, changed, completed, {", ".join(SCALES)} FROM check_presses
    WHERE interaction_id = ?
"""  # noqa: S608 - constants
_APPEND: Final = f"""
    INSERT INTO check_presses (interaction_id, rater, post_id, state, changed, completed,
        pressed_at, {", ".join(SCALES)})
    VALUES ({", ".join("?" * (7 + len(SCALES)))})
"""  # noqa: S608 - constants
