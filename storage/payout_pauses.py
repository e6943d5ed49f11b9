"""Why nothing is sent at the moment.

An operator's word, a list of payouts that is not the right one, or what the Horde says of us.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Literal

from storage.times import from_microseconds, to_microseconds

Cause = Literal["operator", "list", "horde"]


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause. The Horde's is tried again at `try_at`; the others last until they are lifted."""

    cause: Cause
    answer: str
    since: datetime
    try_at: datetime | None

    @property
    def lasts(self) -> bool:
        """Whether no time ends it."""
        return self.cause != "horde"


def every(connection: Connection) -> list[Pause]:
    """Return the pauses that stand, at most one a cause."""
    rows = connection.execute(
        "SELECT cause, answer, since, try_at FROM payout_pauses"
        " ORDER BY cause = 'horde', cause DESC"
    )
    return [
        Pause(
            cause,
            answer,
            from_microseconds(since),
            None if try_at is None else from_microseconds(try_at),
        )
        for cause, answer, since, try_at in rows
    ]


def find(connection: Connection, cause: Cause) -> Pause | None:
    """Return the pause of a cause."""
    return next((pause for pause in every(connection) if pause.cause == cause), None)


def begin(
    connection: Connection,
    cause: Cause,
    answer: str,
    now: datetime,
    try_at: datetime | None = None,
) -> bool:
    """Pause, or go on pausing with a new `try_at`; False where it paused with this answer."""
    before = find(connection, cause)
    connection.execute(
        "INSERT INTO payout_pauses (cause, answer, since, try_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (cause) DO UPDATE SET answer = excluded.answer, try_at = excluded.try_at",
        (
            cause,
            answer,
            to_microseconds(now),
            None if try_at is None else to_microseconds(try_at),
        ),
    )
    return before is None or before.answer != answer


def lift(connection: Connection, cause: Cause) -> bool:
    """Pause no more; False where it did not."""
    return connection.execute("DELETE FROM payout_pauses WHERE cause = ?", (cause,)).rowcount == 1
