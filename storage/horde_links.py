"""Links: the Horde account that a rater is paid to, proved to be theirs or merely named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Any, Final

from storage.signals import AGED, SIGNALS, Signals, signals_of
from storage.times import from_microseconds, to_microseconds

FORGOTTEN_AFTER: Final = timedelta(days=1)
"""How long after a refusal an account is left alone that was unlinked and is linked again."""


@dataclass(frozen=True, slots=True)
class HordeLink:
    """One rater's account; `verified_at` is None where it was only named.

    `signals`, read at `read_at`, are of a verified account alone. `refused_answer` is why the
    Horde would not pay it; nothing is sent there before `not_before`.
    """

    rater: int
    horde_id: int
    name: str
    linked_at: datetime
    verified_at: datetime | None
    signals: Signals | None
    read_at: datetime | None
    refused_answer: str | None
    not_before: datetime | None

    @property
    def alias(self) -> str:
        """The account as people know it; the number alone says who is paid."""
        return _alias(self.name, self.horde_id)


def find(connection: Connection, rater: int) -> HordeLink | None:
    """Return the rater's link."""
    row = connection.execute(f"{_SELECT} WHERE rater = ?", (rater,)).fetchone()
    return None if row is None else _link(row)


def verified(connection: Connection, horde_id: int) -> HordeLink | None:
    """Return the one link by which somebody proved that the account is theirs."""
    row = connection.execute(
        f"{_SELECT} WHERE horde_id = ? AND verified_at IS NOT NULL", (horde_id,)
    ).fetchone()
    return None if row is None else _link(row)


def displaced(connection: Connection, rater: int) -> str | None:
    """Return as people know it the account that the rater had named, and its owner then proved."""
    row = connection.execute(
        "SELECT name, horde_id FROM horde_displaced WHERE rater = ?", (rater,)
    ).fetchone()
    return None if row is None else _alias(*row)


def put(
    connection: Connection,
    rater: int,
    *,
    horde_id: int,
    name: str,
    now: datetime,
    signals: Signals | None = None,
) -> None:
    """Link an account in the place of any other; with `signals` it was proved to be theirs.

    That the Horde would not pay the same account is kept, so that nobody tries it again and again.
    Raises sqlite3.IntegrityError where somebody else proved the same.
    """
    refusal = _refusal(connection, rater, horde_id)
    remove(connection, rater)
    at = to_microseconds(now)
    proved_at = None if signals is None else at
    said = [None] * len(SIGNALS) if signals is None else _values(signals)
    connection.execute(_PUT, (rater, horde_id, name, at, proved_at, *said, proved_at, *refusal))


def displace(connection: Connection, horde_id: int, *, keep: int, now: datetime) -> list[int]:
    """Remove every link that only names the account, but that of `keep`; return whose.

    They are told by `displaced` until they link or unlink.
    """
    rows = connection.execute(
        "DELETE FROM horde_links WHERE horde_id = ? AND rater <> ? AND verified_at IS NULL"
        " RETURNING rater, horde_id, name",
        (horde_id, keep),
    ).fetchall()
    at = to_microseconds(now)
    connection.executemany(
        "INSERT INTO horde_displaced (rater, horde_id, name, displaced_at) VALUES (?, ?, ?, ?)",
        [(*row, at) for row in rows],
    )
    return sorted(rater for rater, _, _ in rows)


def accounts(connection: Connection) -> list[tuple[int, int]]:
    """Return every rater with a link, and the number of the account."""
    return connection.execute("SELECT rater, horde_id FROM horde_links ORDER BY rater").fetchall()


def remove(connection: Connection, rater: int) -> None:
    """Remove the rater's link, and what `displaced` tells, if there is any."""
    connection.execute("DELETE FROM horde_links WHERE rater = ?", (rater,))
    connection.execute("DELETE FROM horde_displaced WHERE rater = ?", (rater,))


def pardon(connection: Connection, answer: str, until: datetime) -> None:
    """Leave accounts that got this answer alone no longer than `until`: it was not about them."""
    connection.execute(
        "UPDATE horde_links SET not_before = min(not_before, ?) WHERE refused_answer = ?",
        (to_microseconds(until), answer),
    )


def keep_signals(
    connection: Connection, link: HordeLink, name: str, signals: Signals, now: datetime
) -> bool:
    """Store what the Horde says of a verified account by now; False where the link is gone.

    Its age goes on from what was said first: answers that come sooner or later would move the
    moment in which it was made, and many of them show it better than one.
    """
    changed = connection.execute(
        _KEEP_SIGNALS,
        {
            **{field: int(getattr(signals, field)) for field in SIGNALS},
            "name": name,
            "now": to_microseconds(now),
            "rater": link.rater,
            "horde_id": link.horde_id,
        },
    )
    return changed.rowcount == 1


def to_read_again(
    connection: Connection,
    *,
    read_before: datetime,
    voted_after: datetime,
    now: datetime,
    limit: int,
) -> list[HordeLink]:
    """Return verified links not read since then whose raters voted since, oldest reading first.

    Those, too, that were read later than `now`, by a clock that was set back since.
    """
    values = {
        "read_before": to_microseconds(read_before),
        "voted_after": to_microseconds(voted_after),
        "now": to_microseconds(now),
        "limit": limit,
    }
    rows = connection.execute(_TO_READ_AGAIN, values)
    return [_link(row) for row in rows]


def _refusal(connection: Connection, rater: int, horde_id: int) -> tuple[str | None, int | None]:
    """Return the answer and the end of a refusal, known by the link or by what was sent before."""
    row: tuple[str | None, int | None] | None = connection.execute(
        "SELECT refused_answer, not_before FROM horde_links WHERE rater = ? AND horde_id = ?",
        (rater, horde_id),
    ).fetchone()
    if row is not None:
        return row
    last = connection.execute(_LAST_ANSWER, (rater, horde_id)).fetchone()
    if last is None or last[0] != "refused":
        return None, None
    return last[1], last[2] + FORGOTTEN_AFTER // timedelta(microseconds=1)


def _values(signals: Signals) -> list[int]:
    return [int(getattr(signals, name)) for name in SIGNALS]


def _link(row: tuple[Any, ...]) -> HordeLink:
    rater, horde_id, name, linked_at, verified_at, *said, read_at, answer, not_before = row
    return HordeLink(
        rater=rater,
        horde_id=horde_id,
        name=name,
        linked_at=from_microseconds(linked_at),
        verified_at=_moment(verified_at),
        signals=None if read_at is None else signals_of(said),
        read_at=_moment(read_at),
        refused_answer=answer,
        not_before=_moment(not_before),
    )


def _alias(name: str, horde_id: int) -> str:
    return f"{name}#{horde_id}"


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else from_microseconds(microseconds)


_SAID: Final = ", ".join(SIGNALS)
_SELECT: Final = f"""
    SELECT rater, horde_id, name, linked_at, verified_at, {_SAID}, read_at, refused_answer,
        not_before
    FROM horde_links
"""  # noqa: S608 - constants
_PUT: Final = f"""
    INSERT INTO horde_links (rater, horde_id, name, linked_at, verified_at, {_SAID},
        read_at, refused_answer, not_before)
    VALUES (?, ?, ?, ?, ?, {", ".join("?" * len(SIGNALS))}, ?, ?, ?)
"""  # noqa: S608 - constants
_LAST_ANSWER: Final = """
    SELECT state, answer, settled_at FROM payouts
    WHERE rater = ? AND horde_id = ? AND state IN ('refused', 'paid') AND answer <> 'operator'
    ORDER BY id DESC LIMIT 1
"""
_KEEP_SIGNALS: Final = f"""
    UPDATE horde_links AS l SET name = :name, kudos = :kudos, usage_requests = :usage_requests,
        trusted = :trusted, account_age = {AGED.format(moment=":now")}, read_at = :now
    WHERE rater = :rater AND horde_id = :horde_id AND verified_at IS NOT NULL
"""  # noqa: S608 - constants
_TO_READ_AGAIN: Final = f"""
    {_SELECT} AS link
    WHERE verified_at IS NOT NULL AND (read_at <= :read_before OR read_at > :now) AND EXISTS (
        SELECT 1 FROM votes WHERE votes.rater = link.rater AND completed_at > :voted_after
    )
    ORDER BY read_at LIMIT :limit
"""  # noqa: S608 - constants
