"""Raters: who presses, under a number of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Literal

from storage.times import from_microseconds, to_microseconds

RaterStatus = Literal["normal", "validated", "banned"]

COLUMNS = (
    "number, discord_id, status, status_reason, status_until, locale, consent_version, "
    "consented_at, first_seen_at, erased_at"
)
NAMES = tuple(COLUMNS.split(", "))


@dataclass(frozen=True, slots=True)
class Rater:
    """A person as the bot knows them; `discord_id` is None once they were erased.

    `status_until` ends a ban by itself; None: until a moderator ends it.
    """

    number: int
    discord_id: int | None
    status: RaterStatus
    status_reason: str | None
    status_until: datetime | None
    locale: str | None
    consent_version: int | None
    consented_at: datetime | None
    first_seen_at: datetime
    erased_at: datetime | None

    @property
    def banned_for_good(self) -> bool:
        """Whether the rater may not rate until a moderator ends it."""
        return self.status == "banned" and self.status_until is None

    def banned_at(self, moment: datetime) -> bool:
        """Tell whether the rater may not rate at this moment."""
        return self.status == "banned" and (self.status_until is None or moment < self.status_until)


def get_or_create(
    connection: Connection, discord_id: int, now: datetime, *, number: int | None = None
) -> Rater:
    """Return the rater of this Discord id, made where they were never seen.

    Then they get the `number`, which nobody has; the next one if None.
    """
    rater = find(connection, discord_id)
    if rater is None:
        connection.execute(
            "INSERT INTO raters (number, discord_id, first_seen_at) VALUES (?, ?, ?)",
            (number, discord_id, to_microseconds(now)),
        )
        rater = find(connection, discord_id)
    assert rater is not None  # noqa: S101 - the row was written by the statement above
    return rater


def find(connection: Connection, discord_id: int) -> Rater | None:
    """Return the rater of this Discord id."""
    row = connection.execute(_BY_DISCORD_ID, (discord_id,)).fetchone()
    return rater_of(row) if row else None


def by_number(connection: Connection, number: int) -> Rater | None:
    """Return the rater of a number, erased or not."""
    row = connection.execute(_BY_NUMBER, (number,)).fetchone()
    return rater_of(row) if row else None


def rater_of(row: tuple[Any, ...]) -> Rater:
    """Build the record of a row of COLUMNS."""
    values = list(row)
    for column in _MOMENTS:
        if row[column] is not None:
            values[column] = from_microseconds(row[column])
    return Rater(*values)


def exist(connection: Connection) -> bool:
    """Tell whether there ever was a rater; of an erased one the number stays."""
    return connection.execute("SELECT 1 FROM raters LIMIT 1").fetchone() is not None


def numbers(connection: Connection, *, above: int = 0) -> list[int]:
    """Return the numbers above one of each rater there ever was, erased or not; they rise."""
    rows = connection.execute(
        "SELECT number FROM raters WHERE number > ? ORDER BY number", (above,)
    )
    return [number for (number,) in rows]


def newest(connection: Connection) -> int:
    """Return the highest number of a rater there ever was, 0 where there was none."""
    (number,) = connection.execute("SELECT coalesce(max(number), 0) FROM raters").fetchone()
    return int(number)


def returned(connection: Connection, number: int) -> bool:
    """Tell whether the rater was erased before, under another number."""
    row = connection.execute(
        "SELECT 1 FROM raters WHERE number = ? AND erased_before = 1", (number,)
    ).fetchone()
    return row is not None


def set_consent(connection: Connection, number: int, version: int, now: datetime) -> None:
    """Store to which wording the rater agreed, and when."""
    connection.execute(
        "UPDATE raters SET consent_version = ?, consented_at = ? WHERE number = ?",
        (version, to_microseconds(now), number),
    )


def set_locale(connection: Connection, number: int, locale: str | None) -> None:
    """Store the rater's choice of language; None: as Discord says."""
    connection.execute("UPDATE raters SET locale = ? WHERE number = ?", (locale, number))


def set_status(
    connection: Connection,
    number: int,
    status: RaterStatus,
    *,
    reason: str | None = None,
    until: datetime | None = None,
) -> None:
    """Store a moderator's decision. Votes count or not by their own state, whatever it is."""
    connection.execute(
        "UPDATE raters SET status = ?, status_reason = ?, status_until = ? WHERE number = ?",
        (status, reason, None if until is None else to_microseconds(until), number),
    )


_BY_DISCORD_ID = f"SELECT {COLUMNS} FROM raters WHERE discord_id = ?"  # noqa: S608 - constants
_BY_NUMBER = f"SELECT {COLUMNS} FROM raters WHERE number = ?"  # noqa: S608 - constants
_MOMENTS = [n for n, name in enumerate(NAMES) if name.endswith(("_at", "_until"))]
