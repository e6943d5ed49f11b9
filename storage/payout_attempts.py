"""Every transfer request that was sent, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from storage.times import from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request; `outcome` is None while its answer is awaited, and where the program stopped."""

    id: int
    sent_at: datetime
    outcome: str | None


def add(connection: Connection, payout_id: int, now: datetime) -> int:
    """Note, before it is sent, a request for a payout; return the attempt's id."""
    cursor = connection.execute(
        "INSERT INTO payout_attempts (payout_id, sent_at) VALUES (?, ?)",
        (payout_id, to_microseconds(now)),
    )
    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT sets it, for the type checker
    return cursor.lastrowid


def finish(connection: Connection, attempt_id: int, outcome: str) -> None:
    """Note what came of a request."""
    connection.execute("UPDATE payout_attempts SET outcome = ? WHERE id = ?", (outcome, attempt_id))


def is_latest(connection: Connection, attempt_id: int) -> bool:
    """Tell whether no later request was noted for the same payout."""
    row = connection.execute(
        "SELECT max(later.id) = ? FROM payout_attempts a"
        " JOIN payout_attempts later ON later.payout_id = a.payout_id WHERE a.id = ?",
        (attempt_id, attempt_id),
    ).fetchone()
    return bool(row[0])


def of_payout(connection: Connection, payout_id: int) -> list[Attempt]:
    """Return the requests for a payout, the first one first."""
    rows = connection.execute(
        "SELECT id, sent_at, outcome FROM payout_attempts WHERE payout_id = ? ORDER BY id",
        (payout_id,),
    )
    return [Attempt(number, from_microseconds(at), outcome) for number, at, outcome in rows]


def count(connection: Connection, payout_id: int) -> int:
    """Return how many requests were sent for a payout."""
    row = connection.execute(
        "SELECT count(*) FROM payout_attempts WHERE payout_id = ?", (payout_id,)
    ).fetchone()
    return int(row[0])


def accounts_answered(connection: Connection, outcome: str) -> int:
    """Return how many accounts got this answer since anybody was paid."""
    row = connection.execute(
        "SELECT count(DISTINCT p.horde_id) FROM payout_attempts a"
        " JOIN payouts p ON p.id = a.payout_id WHERE a.outcome = ? AND a.id > coalesce("
        "(SELECT id FROM payout_attempts WHERE outcome = 'paid' ORDER BY id DESC LIMIT 1), 0)",
        (outcome,),
    ).fetchone()
    return int(row[0])


def since(connection: Connection, moment: datetime) -> list[datetime]:
    """Return when requests were sent after `moment`, for the limits of the Horde."""
    rows = connection.execute(
        "SELECT sent_at FROM payout_attempts WHERE sent_at > ? ORDER BY sent_at",
        (to_microseconds(moment),),
    )
    return [from_microseconds(at) for (at,) in rows]
