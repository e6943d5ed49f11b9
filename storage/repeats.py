"""Repeats: a second answer on an image that its rater has judged, apart from all votes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

from storage.times import from_microseconds, to_microseconds
from storage.votes import SCALES


@dataclass(frozen=True, slots=True)
class Repeat:
    """The second answer; `first` is what the vote said when this began.

    `post_id` and `shown_at` are of the first press.
    """

    rater: int
    image_id: int
    post_id: int
    scores: Mapping[str, int]
    state: Literal["given", "undone"]
    first: Mapping[str, int]
    shown_at: datetime
    changed_at: datetime

    @property
    def whole(self) -> bool:
        """Every scale is answered and the rater stands by it."""
        return self.state == "given" and len(self.scores) == len(SCALES)


def find(connection: Connection, rater: int, image_id: int) -> Repeat | None:
    """Return the rater's second answer on the image."""
    row = connection.execute(_FIND, (rater, image_id)).fetchone()
    if row is None:
        return None
    size = len(SCALES)
    post_id, state, shown_at, changed_at = row[2 * size :]
    return Repeat(
        rater,
        image_id,
        post_id,
        _given(row[:size]),
        state,
        _given(row[size : 2 * size]),
        from_microseconds(shown_at),
        from_microseconds(changed_at),
    )


def store(connection: Connection, repeat: Repeat) -> None:
    """Write the answer; on an existing one what the first press decided stays."""
    connection.execute(
        _STORE,
        (
            repeat.rater,
            repeat.image_id,
            *(repeat.scores.get(scale) for scale in SCALES),
            *(repeat.first.get(scale) for scale in SCALES),
            repeat.post_id,
            repeat.state,
            to_microseconds(repeat.shown_at),
            to_microseconds(repeat.changed_at),
            to_microseconds(repeat.changed_at) if repeat.whole else None,
        ),
    )


def _given(row: tuple[int | None, ...]) -> dict[str, int]:
    return {scale: score for scale, score in zip(SCALES, row, strict=True) if score is not None}


_FIRST: Final = ", ".join(f"first_{scale}" for scale in SCALES)
_FIND: Final = f"""
    SELECT {", ".join(SCALES)}, {_FIRST}, post_id, state, shown_at, changed_at
    FROM repeat_answers WHERE rater = ? AND image_id = ?
"""  # noqa: S608 - constants
_STORE: Final = f"""
    INSERT INTO repeat_answers (rater, image_id, {", ".join(SCALES)}, {_FIRST}, post_id, state,
        shown_at, changed_at, answered_at)
    VALUES ({", ".join("?" * (7 + 2 * len(SCALES)))})
    ON CONFLICT (rater, image_id) DO UPDATE SET
        {", ".join(f"{scale} = excluded.{scale}" for scale in SCALES)},
        state = excluded.state, changed_at = excluded.changed_at,
        answered_at = iif(excluded.answered_at IS NULL, NULL,
            coalesce(answered_at, excluded.answered_at))
"""  # noqa: S608 - constants
