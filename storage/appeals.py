"""Appeals: what limited raters wrote to the moderators, and what these answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Final, Literal

from storage.times import from_microseconds, to_microseconds

Outcome = Literal["granted", "refused"]


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal; open until it has an outcome. `words` and `answer` leave with an erasure.

    `locale` is the language that it was written in.
    """

    id: int
    rater: int
    words: str | None
    locale: str
    opened_at: datetime
    answered_at: datetime | None
    outcome: Outcome | None
    answer: str | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Untold:
    """An answer that did not reach the rater yet; `chosen_locale` is their choice of language."""

    appeal: Appeal
    discord_id: int
    chosen_locale: str | None


def add(
    connection: Connection,
    *,
    rater: int,
    words: str,
    locale: str,
    interaction_id: int,
    now: datetime,
) -> Appeal:
    """Open an appeal of a rater who has none that is open."""
    values = (rater, words, locale, interaction_id, to_microseconds(now))
    return _appeal(connection.execute(_ADD, values).fetchone())


def by_interaction(connection: Connection, interaction_id: int) -> Appeal | None:
    """Return the appeal that this interaction opened."""
    return _one(connection, "interaction_id = ?", interaction_id)


def open_of(connection: Connection, rater: int) -> Appeal | None:
    """Return the open appeal of a rater."""
    return _one(connection, "rater = ? AND answered_at IS NULL", rater)


def latest(connection: Connection, rater: int) -> Appeal | None:
    """Return the newest appeal of a rater, open or not."""
    return _one(connection, "rater = ? ORDER BY id DESC LIMIT 1", rater)


def answer(
    connection: Connection,
    appeal_id: int,
    *,
    by: int,
    outcome: Outcome,
    words: str,
    now: datetime,
) -> None:
    """Close an appeal; `by` is the number of the moderator."""
    connection.execute(
        "UPDATE appeals SET answered_at = ?, answered_by = ?, outcome = ?, answer = ? WHERE id = ?",
        (to_microseconds(now), by, outcome, words, appeal_id),
    )


def untold(connection: Connection) -> list[Untold]:
    """Return the answers for which a direct message was not tried yet, the oldest first."""
    return _untold(connection, "tried_at IS NULL")


def refused(connection: Connection) -> list[Untold]:
    """Return the answers that wait for their rater, to whom no direct message can be sent."""
    return _untold(connection, "tried_at IS NOT NULL")


def set_tried(connection: Connection, appeal_id: int, now: datetime) -> None:
    """Note that no direct message can be sent to the rater."""
    connection.execute(
        "UPDATE appeals SET tried_at = ? WHERE id = ?", (to_microseconds(now), appeal_id)
    )


def set_delivered(connection: Connection, appeal_id: int, now: datetime) -> None:
    """Note that the answer reached the rater."""
    connection.execute(
        "UPDATE appeals SET delivered_at = ? WHERE id = ?", (to_microseconds(now), appeal_id)
    )


def take_untold(connection: Connection, discord_id: int, now: datetime) -> Appeal | None:
    """Return the newest answer that a rater was not told, and take all as told from now on."""
    rows = connection.execute(
        f"UPDATE appeals SET delivered_at = ? WHERE {_UNTOLD}"  # noqa: S608 - constants
        f" AND rater = (SELECT number FROM raters WHERE discord_id = ?) RETURNING {_COLUMNS}",
        (to_microseconds(now), discord_id),
    ).fetchall()
    return max(map(_appeal, rows), key=lambda appeal: appeal.id, default=None)


def _one(connection: Connection, condition: str, value: int) -> Appeal | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM appeals WHERE {condition}",  # noqa: S608 - constants
        (value,),
    ).fetchone()
    return None if row is None else _appeal(row)


def _untold(connection: Connection, condition: str) -> list[Untold]:
    rows = connection.execute(
        f"SELECT {_COLUMNS}, discord_id, chosen FROM appeals"  # noqa: S608 - constants
        " JOIN (SELECT number, discord_id, locale AS chosen FROM raters) ON number = rater"
        f" WHERE {_UNTOLD} AND {condition} AND discord_id IS NOT NULL ORDER BY id"
    )
    return [Untold(_appeal(row[:-2]), row[-2], row[-1]) for row in rows]


def _appeal(row: tuple[Any, ...]) -> Appeal:
    number, rater, words, locale, opened_at, answered_at, outcome, said, delivered_at = row
    return Appeal(
        number,
        rater,
        words,
        locale,
        from_microseconds(opened_at),
        _moment(answered_at),
        outcome,
        said,
        _moment(delivered_at),
    )


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_microseconds(value)


_COLUMNS: Final = "id, rater, words, locale, opened_at, answered_at, outcome, answer, delivered_at"
_ADD: Final = f"""
    INSERT INTO appeals (rater, words, locale, interaction_id, opened_at)
    VALUES (?, ?, ?, ?, ?) RETURNING {_COLUMNS}
"""  # noqa: S608 - constants
_UNTOLD: Final = "answered_at IS NOT NULL AND delivered_at IS NULL"
