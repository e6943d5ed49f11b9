"""How long an answer on a gold image stays open: as long as an ordinary vote did, its twin.

Ordinary votes close with their image, once others have filled it. An image that is gold is full
already or does not fill: an answer on it that never closed would show what it was. So each showing
of gold has a twin, an ordinary vote of the same data set and time, drawn by chance. From when the
answer is complete it stays open for as long as the twin did from then on, be that the delay alone,
hours, or until now. No twin is on gold that does not fill, or it would stay open for ever. An
answer that began on a post without a twin, such as a public one, closes with its own image.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from storage.gold_images import NO_GOLD
from storage.reservations import HOLD
from storage.times import MICROSECOND, from_microseconds, to_microseconds

NEWEST: Final = 50
"""Twins are drawn from so many votes in private sessions: where many people vote, from those of
the same hours."""

LOOKED_AT: Final = 1_000
"""Votes looked at to find them, so that the cost does not grow with what others judge."""

OVER_AT: Final = f"""
    CASE
        WHEN t.revealed_at > g.twin_completed_at
        THEN iif(t.stage = 'full', min(t.revealed_at, t.change_until), t.revealed_at)
        WHEN t.stage = 'full' THEN t.change_until
    END
    - g.twin_completed_at + coalesce(g.answered_at, g.shown_at + {HOLD // MICROSECOND})
"""
"""When the time of an answer with a twin is over; NULL while the twin is open.

Of the post `g` with which the answer began, and the twin's image `t`, whose result may have been
shown before the twin was given: then that ended nothing of the twin's. Until the answer is complete
it counts from when its place would be free for others.
"""

_BEGAN: Final = """
    FROM posts g LEFT JOIN images t ON t.id = g.twin_image_id WHERE g.id = coalesce(
        (SELECT w.post_id FROM votes w WHERE w.rater = p.rater AND w.image_id = p.image_id), p.id)
"""
COLUMNS: Final = (
    f"iif(p.purpose = 'gold', (SELECT g.twin_image_id IS NOT NULL {_BEGAN}), 0)",
    f"iif(p.purpose = 'gold', (SELECT {OVER_AT} {_BEGAN}), NULL)",
)
"""Whether an answer on a post `p` has a twin, and OVER_AT; other posts cost no look for them."""


@dataclass(frozen=True, slots=True)
class Twin:
    """An ordinary vote: its image, and when it was complete."""

    image_id: int
    completed_at: datetime


def draw(connection: Connection, data_set_id: int, share: float, now: datetime) -> Twin | None:
    """Return one of the newest private votes of a data set; `share` (0-1) chooses which.

    None on gold that is not full. Before the first ones: as if a vote on an image that is neither
    full nor gold were complete now. None where no such image is left.
    """
    values = {"data_set": data_set_id, "newest": NEWEST, "looked_at": LOOKED_AT}
    rows = connection.execute(_NEWEST, values).fetchall()
    if rows:
        image_id, completed_at = rows[int(share * len(rows))]
        return Twin(image_id, from_microseconds(completed_at))
    row = connection.execute(_LEFT, (data_set_id,)).fetchone()
    return None if row is None else Twin(row[0], now)


def give(connection: Connection, post_id: int, twin: Twin) -> None:
    """Note the twin of a new showing."""
    connection.execute(
        "UPDATE posts SET twin_image_id = ?, twin_completed_at = ? WHERE id = ?",
        (twin.image_id, to_microseconds(twin.completed_at), post_id),
    )


def note_answer(connection: Connection, post_id: int, now: datetime) -> None:
    """Note that the answer which began with this post is complete; the first time stays."""
    connection.execute(
        "UPDATE posts SET answered_at = ? WHERE id = ? AND answered_at IS NULL",
        (to_microseconds(now), post_id),
    )


_NEWEST: Final = f"""
    SELECT v.image_id, v.completed_at
    FROM (SELECT * FROM votes ORDER BY id DESC LIMIT :looked_at) v
    JOIN images i ON i.id = v.image_id
    WHERE i.data_set_id = :data_set AND v.surface = 'private' AND v.gold = 0
    AND v.state = 'given' AND v.completed_at IS NOT NULL
    AND (i.stage = 'full' OR {NO_GOLD})
    ORDER BY v.id DESC LIMIT :newest
"""  # noqa: S608 - constants
_LEFT: Final = f"""
    SELECT i.id FROM images i WHERE i.data_set_id = ? AND i.stage IN ('begun', 'waiting')
    AND {NO_GOLD} ORDER BY i.stage LIMIT 1
"""  # noqa: S608 - constants
