"""Stages and counters of images: the only place that writes `images.stage`.

Whatever adds or takes a vote calls `recount` in the same transaction; `begun_images` and
`full_images` of the data set follow every step.

- waiting: in nobody's work. begun: below its target with a vote, a place that is kept, a public
  post, or scores that were shown. An image that was but passed over waits again.
- full: at its target. `closes_at` is set while its raters may still change; without it the
  image is closed, until a missing vote opens it again.
- hidden, broken: shown to nobody until restored.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Literal

from storage.reservations import PLACE, moments
from storage.times import to_microseconds

Stage = Literal["waiting", "begun", "full", "hidden", "broken"]

COUNTS = "v.state = 'given' AND v.completed_at IS NOT NULL AND v.gold = 0"
"""Condition under which a row `v` of votes counts towards the target and in results."""

_FACTS = f"""
    SELECT i.stage, i.data_set_id, i.complete_votes, d.target,
        (SELECT count(*) FROM votes v WHERE v.image_id = i.id AND {COUNTS}),
        i.revealed_at IS NOT NULL
            OR EXISTS (SELECT 1 FROM votes v WHERE v.image_id = i.id AND v.gold = 0)
            OR EXISTS (SELECT 1 FROM reservations o WHERE o.image_id = i.id AND {PLACE})
            OR EXISTS (SELECT 1 FROM posts p WHERE p.image_id = i.id AND p.surface = 'public')
    FROM images i JOIN data_sets d ON d.id = i.data_set_id
    WHERE i.id = :image_id
"""  # noqa: S608 - a constant of this module

# The unary plus keeps SQLite to the range of ids: by the stage it would look at far more rows.
_FILL = """
    UPDATE images SET stage = 'full', closes_at = :closes_at, change_until = :closes_at
    WHERE id > :after AND id <= :last AND +data_set_id = :data_set AND +stage = 'begun'
    AND complete_votes >= (SELECT target FROM data_sets WHERE id = :data_set)
"""
_OPEN = """
    UPDATE images SET stage = 'begun', closes_at = NULL
    WHERE id > :after AND id <= :last AND +data_set_id = :data_set AND +stage = 'full'
    AND complete_votes < (SELECT target FROM data_sets WHERE id = :data_set)
"""


def begin(connection: Connection, image_id: int) -> None:
    """Note that the image is shown to somebody; does nothing once it was."""
    row = connection.execute(
        "UPDATE images SET stage = 'begun' WHERE id = ? AND stage = 'waiting'"
        " RETURNING data_set_id",
        (image_id,),
    ).fetchone()
    if row:
        _count_step(connection, row[0], "waiting", "begun")


def recount(
    connection: Connection,
    image_id: int,
    now: datetime,
    close_delay: timedelta,
    *,
    again: bool = False,
) -> Stage:
    """Bring counter and stage of the image in line with its votes; return the stage.

    An image that becomes full closes at `now + close_delay`; by a vote that was taken back and is
    given `again`, when it was to close before. Hidden and broken images stay so.
    Raises LookupError for an unknown image.
    """
    stage, data_set_id, counted, target, votes, touched = _facts(connection, image_id, now)
    if stage in {"hidden", "broken"}:
        new: Stage = stage
    else:
        new = _open_stage(votes, target, touched=touched)
    if new != stage:
        _enter(connection, image_id, new, now, close_delay, again=again)
        _count_step(connection, data_set_id, stage, new)
    if votes != counted:
        connection.execute("UPDATE images SET complete_votes = ? WHERE id = ?", (votes, image_id))
    return new


def hide(connection: Connection, image_id: int) -> bool:
    """Take the image out of sight; False where it already was hidden or broken."""
    return _withdraw(connection, image_id, "hidden")


def mark_broken(connection: Connection, image_id: int) -> bool:
    """Note that the image's bytes cannot be shown; False where it already was out of sight."""
    return _withdraw(connection, image_id, "broken")


def restore(connection: Connection, image_id: int, now: datetime, close_delay: timedelta) -> bool:
    """Bring a hidden or broken image back to the stage its votes say; False where it is neither.

    Raises LookupError for an unknown image.
    """
    stage, data_set_id, _, target, votes, touched = _facts(connection, image_id, now)
    if stage not in {"hidden", "broken"}:
        return False
    new = _open_stage(votes, target, touched=touched)
    _enter(connection, image_id, new, now, close_delay)
    _count_step(connection, data_set_id, stage, new)
    return True


def follow_target(
    connection: Connection,
    data_set_id: int,
    now: datetime,
    close_delay: timedelta,
    *,
    after: int = 0,
    limit: int = 2_000,
) -> int | None:
    """Bring the stages of images in line with a changed target of their data set.

    Looks at the `limit` images above the id `after`; returns the last one's id, None at the end.
    """
    (last,) = connection.execute(
        "SELECT max(id) FROM (SELECT id FROM images WHERE id > ? ORDER BY id LIMIT ?)",
        (after, limit),
    ).fetchone()
    if last is None:
        return None
    values = {
        "data_set": data_set_id,
        "after": after,
        "last": last,
        "closes_at": to_microseconds(now + close_delay),
    }
    filled = connection.execute(_FILL, values).rowcount
    opened = connection.execute(_OPEN, values).rowcount
    if filled or opened:
        connection.execute(
            "UPDATE data_sets SET begun_images = begun_images + ?, full_images = full_images + ?"
            " WHERE id = ?",
            (opened - filled, filled - opened, data_set_id),
        )
    return int(last)


def bring_closes_forward(connection: Connection, now: datetime, close_delay: timedelta) -> None:
    """Let no full image wait longer than the delay: its time is of a clock set back since."""
    latest = to_microseconds(now + close_delay)
    connection.execute("UPDATE images SET closes_at = ? WHERE closes_at > ?", (latest, latest))


def close(connection: Connection, now: datetime) -> None:
    """End the time in which raters may change their votes for every image that has had it.

    Its raters wait to be compared with each other.
    """
    at = to_microseconds(now)
    connection.execute(
        "INSERT INTO closed_images (image_id, closed_at) SELECT id, ? FROM images"
        " WHERE closes_at <= ? ON CONFLICT (image_id) DO NOTHING",
        (at, at),
    )
    connection.execute("UPDATE images SET closes_at = NULL WHERE closes_at <= ?", (at,))


def reveal(connection: Connection, image_id: int, now: datetime) -> None:
    """Note that the scores of the image are shown; the first time stays."""
    connection.execute(
        "UPDATE images SET revealed_at = ? WHERE id = ? AND revealed_at IS NULL",
        (to_microseconds(now), image_id),
    )


def _facts(
    connection: Connection, image_id: int, now: datetime
) -> tuple[Stage, int, int, int, int, bool]:
    row = connection.execute(_FACTS, {**moments(now), "image_id": image_id}).fetchone()
    if row is None:
        raise LookupError(f"there is no image {image_id}")
    stage, data_set_id, counted, target, votes, touched = row
    return stage, data_set_id, counted, target, votes, bool(touched)


def _open_stage(votes: int, target: int, *, touched: bool) -> Stage:
    if votes >= target:
        return "full"
    return "begun" if touched else "waiting"


def _withdraw(connection: Connection, image_id: int, stage: Stage) -> bool:
    row = connection.execute(
        "SELECT stage, data_set_id FROM images WHERE id = ?", (image_id,)
    ).fetchone()
    if row is None or row[0] in {"hidden", "broken"}:
        return False
    connection.execute(
        "UPDATE images SET stage = ?, closes_at = NULL WHERE id = ?", (stage, image_id)
    )
    _count_step(connection, row[1], row[0], stage)
    return True


def _enter(
    connection: Connection,
    image_id: int,
    stage: Stage,
    now: datetime,
    close_delay: timedelta,
    *,
    again: bool = False,
) -> None:
    if stage != "full":
        connection.execute(
            "UPDATE images SET stage = ?, closes_at = NULL WHERE id = ?", (stage, image_id)
        )
        return
    closes_at = to_microseconds(now + close_delay)
    if again:
        (before,) = connection.execute(
            "SELECT change_until FROM images WHERE id = ?", (image_id,)
        ).fetchone()
        if before is not None:
            closes_at = min(closes_at, max(before, to_microseconds(now)))
    connection.execute(
        "UPDATE images SET stage = 'full', closes_at = ?, change_until = ? WHERE id = ?",
        (closes_at, closes_at, image_id),
    )


def _count_step(connection: Connection, data_set_id: int, old: Stage, new: Stage) -> None:
    begun = (new == "begun") - (old == "begun")
    full = (new == "full") - (old == "full")
    if begun or full:
        connection.execute(
            "UPDATE data_sets SET begun_images = begun_images + ?, full_images = full_images + ?"
            " WHERE id = ?",
            (begun, full, data_set_id),
        )
