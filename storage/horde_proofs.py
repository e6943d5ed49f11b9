"""Proofs under way: the name that a rater was asked to give to a shared key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from storage.times import from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class Proof:
    """One rater's attempt; `tries` counts the keys that were looked at."""

    nonce: str
    expires_at: datetime
    tries: int


def begin(connection: Connection, rater: int, nonce: str, expires_at: datetime) -> None:
    """Begin an attempt in the place of any other."""
    end(connection, rater)
    connection.execute(
        "INSERT INTO horde_proofs (rater, nonce, expires_at) VALUES (?, ?, ?)",
        (rater, nonce, to_microseconds(expires_at)),
    )


def find(connection: Connection, rater: int) -> Proof | None:
    """Return the rater's attempt, expired or not."""
    row = connection.execute(
        "SELECT nonce, expires_at, tries FROM horde_proofs WHERE rater = ?", (rater,)
    ).fetchone()
    return None if row is None else Proof(row[0], from_microseconds(row[1]), row[2])


def count_try(connection: Connection, rater: int, nonce: str, tries: int = 1) -> None:
    """Count a key that is looked at, or with -1 one that could not be after all."""
    connection.execute(
        "UPDATE horde_proofs SET tries = max(0, tries + ?) WHERE rater = ? AND nonce = ?",
        (tries, rater, nonce),
    )


def end(connection: Connection, rater: int) -> None:
    """Forget the rater's attempt, if there is one."""
    connection.execute("DELETE FROM horde_proofs WHERE rater = ?", (rater,))
