"""Payouts: one transfer each that settles many awards of one rater.

Amount and awards of a payout never part: whoever settles it as refused or cancelled frees all of
its awards in the same unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Final, Literal, get_args

from storage.times import from_microseconds, to_microseconds

State = Literal["planned", "sending", "in_doubt", "paid", "refused", "cancelled"]
STATES: Final[tuple[State, ...]] = get_args(State)

OPEN: Final[tuple[State, ...]] = ("planned", "sending", "in_doubt")
"""Of these a rater has one at most."""


@dataclass(frozen=True, slots=True)
class Payout:
    """One row; `0002_kudos.sql` says what the columns mean. `amount` in kudos, at least 1."""

    id: int
    key: str
    rater: int
    horde_id: int
    verified: bool
    amount: int
    state: State
    server: str | None
    sender_id: int | None
    resendable: bool | None
    answer: str | None
    planned_at: datetime
    first_sent_at: datetime | None
    next_try_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sender:
    """From where a payout is sent: the Horde's address, our account, whether it honours keys."""

    server: str
    account: int
    honours_keys: bool


_COLUMNS: Final = (
    "id, key, rater, horde_id, verified, amount, state, server, sender_id, resendable, answer,"
    " planned_at, first_sent_at, next_try_at, settled_at"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM payouts"  # noqa: S608 - a constant
_BOUND_TO: Final = (
    "SELECT a.amount, p.id, p.state FROM awards a LEFT JOIN payouts p ON p.id = a.payout_id"
    " WHERE a.rater = ? AND a.image_id = ? AND a.scale = ?"
)


def create(
    connection: Connection,
    *,
    key: str,
    rater: int,
    horde_id: int,
    verified: bool,
    awards: Sequence[tuple[int, str]],
    now: datetime,
) -> Payout:
    """Plan a payout of these awards, each an image and a scale; raises LookupError.

    It does so where one of them is not there, does not stand, or is in another payout.
    """
    amount = 0
    for image_id, scale in awards:
        row = connection.execute(
            "SELECT amount FROM awards WHERE rater = ? AND image_id = ? AND scale = ?"
            " AND payout_id IS NULL AND standing = 'stands'",
            (rater, image_id, scale),
        ).fetchone()
        if row is None:
            raise LookupError(f"rater {rater} has no award to pay for image {image_id}, {scale}")
        amount += row[0]
    connection.execute(
        "INSERT INTO payouts (key, rater, horde_id, verified, amount, state, planned_at)"
        " VALUES (?, ?, ?, ?, ?, 'planned', ?)",
        (key, rater, horde_id, int(verified), amount, to_microseconds(now)),
    )
    payout = by_key(connection, key)
    assert payout is not None  # noqa: S101 - the row was written by the statement above
    connection.executemany(
        "UPDATE awards SET payout_id = ? WHERE rater = ? AND image_id = ? AND scale = ?",
        [(payout.id, rater, image_id, scale) for image_id, scale in awards],
    )
    return payout


def by_id(connection: Connection, payout_id: int) -> Payout | None:
    """Return one payout."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (payout_id,)).fetchone()
    return None if row is None else _payout(row)


def by_key(connection: Connection, key: str) -> Payout | None:
    """Return the payout of an Idempotency-Key."""
    row = connection.execute(f"{_SELECT} WHERE key = ?", (key,)).fetchone()
    return None if row is None else _payout(row)


def of_rater(connection: Connection, rater: int, limit: int) -> list[Payout]:
    """Return the newest `limit` payouts of a rater, newest first; cancelled ones left out."""
    rows = connection.execute(
        f"{_SELECT} WHERE rater = ? AND state <> 'cancelled' ORDER BY planned_at DESC, id DESC"
        " LIMIT ?",
        (rater, limit),
    )
    return [_payout(row) for row in rows]


def unsettled_of(connection: Connection, rater: int) -> Payout | None:
    """Return the one payout of a rater that is planned, sending or in doubt."""
    row = connection.execute(
        f"{_SELECT} WHERE rater = ? AND state IN ('planned', 'sending', 'in_doubt')", (rater,)
    ).fetchone()
    return None if row is None else _payout(row)


def unsettled(connection: Connection, state: State) -> list[Payout]:
    """Return every payout of one of the OPEN states, the one due next first."""
    rows = connection.execute(
        # The list of states is what makes SQLite use the index of the open ones.
        f"{_SELECT} WHERE state IN ('planned', 'sending', 'in_doubt') AND state = ?"
        " ORDER BY coalesce(next_try_at, 0), id",
        (state,),
    )
    return [_payout(row) for row in rows]


def latest(
    connection: Connection, limit: int, *, state: State | None = None, rater: int | None = None
) -> list[Payout]:
    """Return the newest `limit` payouts, newest first, of one state and rater if given."""
    wanted = {"state": state, "rater": rater}
    given = {name: value for name, value in wanted.items() if value is not None}
    conditions = " AND ".join(f"{name} = :{name}" for name in given) or "1"
    rows = connection.execute(
        f"{_SELECT} WHERE {conditions} ORDER BY id DESC LIMIT :limit", {**given, "limit": limit}
    )
    return [_payout(row) for row in rows]


def begin_first(connection: Connection, payout_id: int, sender: Sender, now: datetime) -> bool:
    """Turn planned into sending, before the request; False where it is not planned any more."""
    changed = connection.execute(
        "UPDATE payouts SET state = 'sending', server = ?, sender_id = ?, resendable = ?,"
        " first_sent_at = ?, next_try_at = NULL WHERE id = ? AND state = 'planned'",
        (
            sender.server,
            sender.account,
            int(sender.honours_keys),
            to_microseconds(now),
            payout_id,
        ),
    )
    return changed.rowcount == 1


def begin_again(connection: Connection, payout_id: int) -> bool:
    """Turn in doubt into sending, before the same request is sent again; False if it is not."""
    changed = connection.execute(
        "UPDATE payouts SET state = 'sending', next_try_at = NULL"
        " WHERE id = ? AND state = 'in_doubt' AND resendable = 1",
        (payout_id,),
    )
    return changed.rowcount == 1


def doubt_sending(connection: Connection, now: datetime, *, but: int | None = None) -> int:
    """Put in doubt, due at once, whatever is sending `but` one; return how many.

    For the moment at which no request can be on its way that will still report.
    """
    changed = connection.execute(
        "UPDATE payouts SET state = 'in_doubt', next_try_at = ?, answer = 'not_known'"
        " WHERE state IN ('planned', 'sending', 'in_doubt') AND state = 'sending' AND id IS NOT ?",
        (to_microseconds(now), but),
    )
    return changed.rowcount


def doubt(connection: Connection, payout_id: int, answer: str, next_try_at: datetime) -> None:
    """Keep a payout in doubt until `next_try_at`; it is one that is sending or in doubt."""
    connection.execute(
        "UPDATE payouts SET state = 'in_doubt', answer = ?, next_try_at = ?"
        " WHERE id = ? AND state IN ('sending', 'in_doubt')",
        (answer, to_microseconds(next_try_at), payout_id),
    )


def distrust_key(connection: Connection, payout_id: int) -> None:
    """Never send a payout again: whoever took a request of it may have ignored its key."""
    connection.execute(
        "UPDATE payouts SET resendable = 0 WHERE id = ? AND state IN ('sending', 'in_doubt')",
        (payout_id,),
    )


def plan_again(connection: Connection, payout_id: int, answer: str, next_try_at: datetime) -> None:
    """Plan again what certainly was not paid by its only attempt; the next one is the first."""
    connection.execute(
        "UPDATE payouts SET state = 'planned', answer = ?, next_try_at = ?, server = NULL,"
        " sender_id = NULL, resendable = NULL, first_sent_at = NULL"
        " WHERE id = ? AND state IN ('sending', 'in_doubt')",
        (answer, to_microseconds(next_try_at), payout_id),
    )


def set_next_try(connection: Connection, payout_id: int, moment: datetime) -> bool:
    """Set when a planned payout, or one in doubt, is sent next; False for any other."""
    changed = connection.execute(
        "UPDATE payouts SET next_try_at = ? WHERE id = ? AND state IN ('planned', 'in_doubt')",
        (to_microseconds(moment), payout_id),
    )
    return changed.rowcount == 1


def pay(connection: Connection, payout_id: int, now: datetime, *, answer: str = "paid") -> bool:
    """Settle as paid what is sending or in doubt; `answer` says who proved it. False if neither."""
    changed = connection.execute(
        "UPDATE payouts SET state = 'paid', answer = ?, settled_at = ?, next_try_at = NULL"
        " WHERE id = ? AND state IN ('sending', 'in_doubt')",
        (answer, to_microseconds(now), payout_id),
    )
    return changed.rowcount == 1


def refuse(connection: Connection, payout_id: int, answer: str, now: datetime) -> bool:
    """Settle as certainly not paid what is sending or in doubt; its awards are free again."""
    payout = by_id(connection, payout_id)
    if payout is None or payout.state not in {"sending", "in_doubt"}:
        return False
    _settle_unpaid(connection, payout, "refused", answer, now)
    return True


def pay_after_all(
    connection: Connection, payout_id: int, awards: Iterable[tuple[int, str]], now: datetime
) -> int:
    """Settle as paid what stands as refused, with the `awards` that it had; return 0 then.

    A planned payout that has one of them is cancelled. Otherwise nothing changes, and the kudos
    are returned that another payout has, which may have been paid as well.
    """
    payout = by_id(connection, payout_id)
    assert payout is not None  # noqa: S101 - payouts are never deleted
    keys = [(payout.rater, image_id, scale) for image_id, scale in awards]
    found = [connection.execute(_BOUND_TO, key).fetchone() for key in keys]
    free = sum(amount for amount, _, state in found if state in {None, "planned"})
    if payout.state != "refused" or free != payout.amount:
        return payout.amount - (free if payout.state == "refused" else 0)
    for planned in {bound for _, bound, _ in found if bound is not None}:
        cancel(connection, planned, "contradicted", now)
    connection.execute(
        "UPDATE payouts SET state = 'paid', answer = 'paid', settled_at = ? WHERE id = ?",
        (to_microseconds(now), payout.id),
    )
    connection.executemany(
        "UPDATE awards SET payout_id = ?,"
        " standing = iif(standing = 'forfeited', 'stands', standing)"
        " WHERE rater = ? AND image_id = ? AND scale = ?",
        [(payout.id, *key) for key in keys],
    )
    return 0


def cancel(connection: Connection, payout_id: int, answer: str, now: datetime) -> bool:
    """Take back a planned payout; its awards are free again. False where it is not planned."""
    payout = by_id(connection, payout_id)
    if payout is None or payout.state != "planned":
        return False
    _settle_unpaid(connection, payout, "cancelled", answer, now)
    return True


def cancel_planned(
    connection: Connection, rater: int, now: datetime, *, answer: str = ""
) -> Payout | None:
    """Take back the planned payout of a rater and return it as it was; None if there is none.

    One that is sending or in doubt goes on: nobody knows whether it was paid.
    """
    payout = unsettled_of(connection, rater)
    if payout is None or not cancel(connection, payout.id, answer, now):
        return None
    return payout


def awards_of(connection: Connection, payout_id: int) -> list[tuple[int, str, int, datetime]]:
    """Return image, scale, amount and time of each award in a payout, oldest first."""
    rows = connection.execute(
        "SELECT image_id, scale, amount, earned_at FROM awards WHERE payout_id = ?"
        " ORDER BY earned_at, image_id, scale",
        (payout_id,),
    )
    return [(image, scale, amount, from_microseconds(at)) for image, scale, amount, at in rows]


def sum_standing(connection: Connection, payout_id: int) -> int:
    """Return the sum of the payout's awards that stand; less than its amount if one was voided."""
    row = connection.execute(
        "SELECT coalesce(sum(amount), 0) FROM awards WHERE payout_id = ? AND standing = 'stands'",
        (payout_id,),
    ).fetchone()
    return int(row[0])


def _settle_unpaid(
    connection: Connection, payout: Payout, state: State, answer: str, now: datetime
) -> None:
    """Free the awards; those of an erased rater are forfeited."""
    connection.execute(
        "UPDATE payouts SET state = ?, answer = ?, settled_at = ?, next_try_at = NULL WHERE id = ?",
        (state, answer, to_microseconds(now), payout.id),
    )
    erased = connection.execute(
        "SELECT erased_at IS NOT NULL FROM raters WHERE number = ?", (payout.rater,)
    ).fetchone()[0]
    if erased:
        connection.execute(
            "UPDATE awards SET standing = 'forfeited' WHERE payout_id = ? AND standing = 'stands'",
            (payout.id,),
        )
    connection.execute("UPDATE awards SET payout_id = NULL WHERE payout_id = ?", (payout.id,))


def _payout(row: tuple[Any, ...]) -> Payout:
    moments = (None if value is None else from_microseconds(value) for value in row[11:])
    planned_at, first_sent_at, next_try_at, settled_at = moments
    assert planned_at is not None  # noqa: S101 - the column is NOT NULL, for the type checker
    return Payout(
        id=row[0],
        key=row[1],
        rater=row[2],
        horde_id=row[3],
        verified=bool(row[4]),
        amount=row[5],
        state=row[6],
        server=row[7],
        sender_id=row[8],
        resendable=None if row[9] is None else bool(row[9]),
        answer=row[10],
        planned_at=planned_at,
        first_sent_at=first_sent_at,
        next_try_at=next_try_at,
        settled_at=settled_at,
    )
