"""Orders that take votes of a rater out, until they are lifted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Final, Literal

from storage.times import from_microseconds, to_microseconds

Cause = Literal["ban", "revert", "vote"]
"""ban: with its rater. revert: all since a moment. vote: a single one."""


@dataclass(frozen=True, slots=True)
class VoidOrder:
    """What is to be void: of the rater's votes up to `last_vote_id` those that fit what is set.

    guild_id: first given in this server. since: given or changed at this moment or later. image_id:
    this one. `reason` is what a moderator typed; it leaves with an erasure. Until it is settled,
    the votes on images up to `reached` alone are done.
    """

    id: int
    rater: int
    cause: Cause
    guild_id: int | None
    since: datetime | None
    image_id: int | None
    last_vote_id: int
    reason: str | None
    ordered_at: datetime
    reached: int
    lifted_at: datetime | None
    settled_at: datetime | None


def add(
    connection: Connection,
    rater: int,
    cause: Cause,
    now: datetime,
    *,
    guild_id: int | None = None,
    since: datetime | None = None,
    image_id: int | None = None,
    reason: str | None = None,
) -> VoidOrder:
    """Order that the rater's votes as of now be void; nothing is until the order is settled."""
    row = connection.execute(
        _ADD,
        {
            "rater": rater,
            "cause": cause,
            "guild_id": guild_id,
            "since": None if since is None else to_microseconds(since),
            "image_id": image_id,
            "reason": reason,
            "now": to_microseconds(now),
        },
    ).fetchone()
    return _order(row)


def renew(connection: Connection, order_id: int, now: datetime) -> None:
    """Have an order that stands mean the votes that came since, too."""
    connection.execute(_RENEW, (to_microseconds(now), order_id))


def lift(connection: Connection, order_id: int, now: datetime) -> None:
    """End an order; its votes are void until that is settled."""
    connection.execute(
        "UPDATE void_orders SET lifted_at = ?, settled_at = NULL WHERE id = ?",
        (to_microseconds(now), order_id),
    )


def by_id(connection: Connection, order_id: int) -> VoidOrder | None:
    """Return one order."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (order_id,)).fetchone()
    return None if row is None else _order(row)


def in_force(connection: Connection, rater: int, cause: Cause) -> list[VoidOrder]:
    """Return the rater's orders of a cause that were not lifted, oldest first."""
    rows = connection.execute(
        f"{_SELECT} WHERE rater = ? AND cause = ? AND lifted_at IS NULL ORDER BY id",
        (rater, cause),
    )
    return [_order(row) for row in rows]


def first_unsettled(connection: Connection) -> VoidOrder | None:
    """Return the oldest order that was given or lifted and is not carried out yet."""
    row = connection.execute(f"{_SELECT} WHERE settled_at IS NULL ORDER BY id LIMIT 1").fetchone()
    return None if row is None else _order(row)


def go_on(connection: Connection, order_id: int, reached: int) -> None:
    """Note up to which image the order is carried out."""
    connection.execute("UPDATE void_orders SET reached = ? WHERE id = ?", (reached, order_id))


def settle(connection: Connection, order_id: int, now: datetime) -> None:
    """Note that nothing of the order is left to do."""
    connection.execute(
        "UPDATE void_orders SET settled_at = ? WHERE id = ?", (to_microseconds(now), order_id)
    )


_NAMES: Final = (
    "id",
    "rater",
    "cause",
    "guild_id",
    "since",
    "image_id",
    "last_vote_id",
    "reason",
    "ordered_at",
    "reached",
    "lifted_at",
    "settled_at",
)
_MOMENTS: Final = frozenset({"since", "ordered_at", "lifted_at", "settled_at"})
_SELECT: Final = f"SELECT {', '.join(_NAMES)} FROM void_orders"  # noqa: S608 - constants
_LAST_VOTE: Final = "coalesce((SELECT max(v.id) FROM votes v WHERE v.rater = :rater), 0)"
_ADD: Final = f"""
    INSERT INTO void_orders
        (rater, cause, guild_id, since, image_id, reason, last_vote_id, ordered_at)
    VALUES (:rater, :cause, :guild_id, :since, :image_id, :reason, {_LAST_VOTE}, :now)
    RETURNING {", ".join(_NAMES)}
"""  # noqa: S608 - constants
_RENEW: Final = """
    UPDATE void_orders SET ordered_at = ?, reached = 0, settled_at = NULL, last_vote_id =
        coalesce((SELECT max(v.id) FROM votes v WHERE v.rater = void_orders.rater), 0)
    WHERE id = ?
"""


def _order(row: tuple[Any, ...]) -> VoidOrder:
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    for name in _MOMENTS:
        if values[name] is not None:
            values[name] = from_microseconds(values[name])
    return VoidOrder(**values)
