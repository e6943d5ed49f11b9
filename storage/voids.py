"""Why votes are void: a row a vote and order."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Final

from storage.times import to_microseconds
from storage.void_orders import VoidOrder


def meant(connection: Connection, order: VoidOrder, limit: int) -> tuple[list[int], int | None]:
    """Return the images of the next votes that the order means, out of at most `limit` votes.

    And the last image that was looked at; None where no vote is left to look at.
    """
    rows = connection.execute(
        _NEXT,
        {
            "rater": order.rater,
            "reached": order.reached,
            "last_vote": order.last_vote_id,
            "guild": order.guild_id,
            "since": None if order.since is None else to_microseconds(order.since),
            "image": order.image_id,
            "limit": limit,
        },
    ).fetchall()
    return [image_id for image_id, fits in rows if fits], rows[-1][0] if rows else None


def because_of(connection: Connection, order_id: int, limit: int) -> list[int]:
    """Return the images of at most `limit` votes that are void because of the order."""
    rows = connection.execute(
        "SELECT image_id FROM voids WHERE order_id = ? ORDER BY rater, image_id LIMIT ?",
        (order_id, limit),
    )
    return [image_id for (image_id,) in rows]


def count(connection: Connection, order_id: int) -> int:
    """Return how many votes are void because of the order."""
    (number,) = connection.execute(
        "SELECT count(*) FROM voids WHERE order_id = ?", (order_id,)
    ).fetchone()
    return int(number)


def count_of_rater(connection: Connection, rater: int) -> int:
    """Return how many of a rater's votes are void."""
    (number,) = connection.execute(
        "SELECT count(DISTINCT image_id) FROM voids WHERE rater = ?", (rater,)
    ).fetchone()
    return int(number)


def undone(connection: Connection, rater: int, image_id: int) -> bool | None:
    """Tell whether a void vote had been taken back by its rater; None for one that is not void."""
    row = connection.execute(
        "SELECT undone FROM voids WHERE rater = ? AND image_id = ? LIMIT 1", (rater, image_id)
    ).fetchone()
    return None if row is None else bool(row[0])


def put(connection: Connection, order: VoidOrder, image_id: int, *, undone: bool) -> None:
    """Note that the rater's vote on the image is void because of the order, if not noted yet."""
    connection.execute(
        "INSERT INTO voids (rater, image_id, order_id, undone) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (order.rater, image_id, order.id, int(undone)),
    )


def remove(connection: Connection, order: VoidOrder, image_id: int) -> None:
    """Note that the rater's vote on the image is not void because of the order any more."""
    connection.execute(
        "DELETE FROM voids WHERE rater = ? AND image_id = ? AND order_id = ?",
        (order.rater, image_id, order.id),
    )


_NEXT: Final = """
    SELECT v.image_id, v.id <= :last_vote
        AND (:image IS NULL OR v.image_id = :image)
        AND (:since IS NULL OR v.changed_at >= :since)
        AND (:guild IS NULL OR p.guild_id = :guild)
    FROM votes v JOIN posts p ON p.id = v.post_id
    WHERE v.rater = :rater AND v.image_id > :reached
    ORDER BY v.image_id LIMIT :limit
"""
