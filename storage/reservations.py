"""Reservations: a place of an image that is kept for one rater while they look.

A row stays for a day after its end, so that nobody keeps one place again and again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final, Literal

from storage.times import to_microseconds

HOLD: Final = timedelta(minutes=10)
"""How long a place is kept. Who comes back within it is given as long once more, and no more."""

AGAIN_AFTER: Final = timedelta(days=1)
"""When a rater whose place was not used may have one of that image again."""

MOST: Final = 10
"""Places that are kept for one rater at a time; a new one ends the oldest."""

Purpose = Literal["vote", "gold", "repeat"]

LIVE: Final = "expires_at > :now AND expires_at <= :latest"
"""Condition under which a row counts, with `moments`; a later end is of a clock set back since."""

PLACE: Final = f"{LIVE} AND purpose = 'vote'"
"""The same for a row that takes one of its image's places."""


def moments(now: datetime) -> dict[str, int]:
    """Return the parameters of `LIVE`."""
    return {"now": to_microseconds(now), "latest": to_microseconds(now + HOLD)}


def keep(
    connection: Connection,
    image_id: int,
    rater: int,
    post_id: int,
    now: datetime,
    *,
    purpose: Purpose = "vote",
) -> None:
    """Reserve a place for the rater, or keep theirs for longer if they have not had that yet.

    What is shown for another `purpose` takes no place, and is kept for as long.
    """
    values = {
        **moments(now),
        "image_id": image_id,
        "rater": rater,
        "post_id": post_id,
        "purpose": purpose,
        "since": to_microseconds(now - HOLD),
    }
    connection.execute(_KEEP, values)
    for (too_many,) in connection.execute(_BEYOND_MOST, {**values, "most": MOST}).fetchall():
        end(connection, too_many, rater, now)


def release(connection: Connection, image_id: int, rater: int) -> None:
    """Give the rater's place back, for a vote takes it."""
    connection.execute(
        "DELETE FROM reservations WHERE image_id = ? AND rater = ?", (image_id, rater)
    )


def end(connection: Connection, image_id: int, rater: int, now: datetime) -> None:
    """Give the rater's place back unused."""
    at = to_microseconds(now)
    connection.execute(
        "UPDATE reservations SET expires_at = ?"
        " WHERE image_id = ? AND rater = ? AND expires_at > ?",
        (at, image_id, rater, at),
    )


def forget_old(connection: Connection, now: datetime) -> None:
    """Delete what decides nothing any more, and what a clock that was ahead left behind."""
    connection.execute(
        "DELETE FROM reservations WHERE expires_at <= ? OR expires_at > ?",
        (to_microseconds(now - AGAIN_AFTER), to_microseconds(now + HOLD)),
    )


def of_others(connection: Connection, image_id: int, rater: int, now: datetime) -> int:
    """Count the places of the image that are kept for anybody but the rater."""
    (number,) = connection.execute(
        _OF_OTHERS, {**moments(now), "image_id": image_id, "rater": rater}
    ).fetchone()
    return int(number)


_KEEP = """
    INSERT INTO reservations (image_id, rater, post_id, purpose, kept_since, expires_at)
    VALUES (:image_id, :rater, :post_id, :purpose, :now, :latest)
    ON CONFLICT (image_id, rater) DO UPDATE SET
        post_id = excluded.post_id,
        purpose = excluded.purpose,
        kept_since = CASE WHEN reservations.kept_since > :now THEN :now
            ELSE reservations.kept_since END,
        expires_at = excluded.expires_at
    WHERE reservations.kept_since > :since
"""
_BEYOND_MOST = f"""
    SELECT image_id FROM reservations
    WHERE rater = :rater AND {LIVE}
    ORDER BY expires_at DESC, image_id DESC LIMIT -1 OFFSET :most
"""  # noqa: S608 - constants
_OF_OTHERS = f"""
    SELECT count(*) FROM reservations
    WHERE image_id = :image_id AND rater <> :rater AND {PLACE}
"""  # noqa: S608 - constants
