"""The append-only audit log: who did what, by internal number only.

No row carries a Discord id or free text of a person, because no row can ever be taken back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from storage.times import from_microseconds, to_microseconds

Actor = Literal["rater", "manager", "moderator", "operator", "program"]
Who = Literal["rater", "manager", "elsewhere", "moderator", "operator", "program"]
"""As actors are looked for: managers are those of home, elsewhere are those of other servers."""
Details = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act or refusal; `subject` is such as `image:7` or `rater:3`.

    `times`: how many like it this one stands for. `elsewhere`: an act of another server's manager.
    """

    id: int
    at: datetime
    actor: Actor
    rater: int | None
    action: str
    subject: str
    details: dict[str, str | int | bool | None]
    times: int = 1
    elsewhere: bool = False


def record(
    connection: sqlite3.Connection,
    *,
    at: datetime,
    actor: Actor,
    rater: int | None,
    action: str,
    subject: str = "",
    details: Details | None = None,
    elsewhere: bool = False,
) -> None:
    """Append one row; `rater` is the number of the person who acted."""
    connection.execute(
        "INSERT INTO audit_log (at, actor, rater, action, subject, details, elsewhere) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (to_microseconds(at), actor, rater, action, subject, _json(details), elsewhere),
    )


def record_program(
    connection: sqlite3.Connection,
    action: str,
    now: datetime,
    *,
    subject: str = "",
    details: Details | None = None,
) -> None:
    """Append what the program did of itself."""
    record(
        connection,
        at=now,
        actor="program",
        rater=None,
        action=action,
        subject=subject,
        details=details,
    )


def repeat(
    connection: sqlite3.Connection,
    *,
    rater: int,
    action: str,
    subject: str = "",
    details: Details | None = None,
    now: datetime,
    within: timedelta,
) -> bool:
    """Count once more an act of this person that equals this one, of `within` before `now`.

    False where the log has none: then it needs an entry. One of a moment to come is of a clock that
    was set back since.
    """
    row = connection.execute(
        "SELECT id FROM audit_log WHERE at > ? AND at <= ? AND rater = ? AND action = ?"
        " AND subject = ? AND details = ? ORDER BY id DESC LIMIT 1",
        (
            to_microseconds(now - within),
            to_microseconds(now),
            rater,
            action,
            subject,
            _json(details),
        ),
    ).fetchone()
    if row is None:
        return False
    connection.execute(
        "INSERT INTO audit_repeats (entry, times) VALUES (?, 2)"
        " ON CONFLICT (entry) DO UPDATE SET times = times + 1",
        row,
    )
    return True


def last_of(
    connection: sqlite3.Connection, subject: str, actions: Collection[str]
) -> tuple[Actor, str] | None:
    """Return who did which of the actions to the subject last, None where nobody did any."""
    row: tuple[Actor, str] | None = connection.execute(
        "SELECT actor, action FROM audit_log WHERE subject = ? AND +action IN"
        " (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT 1",
        (subject, json.dumps(sorted(actions))),
    ).fetchone()
    return row


def has(connection: sqlite3.Connection, action: str) -> bool:
    """Tell whether the log has an entry of that action."""
    return (
        connection.execute("SELECT 1 FROM audit_log WHERE action = ? LIMIT 1", (action,)).fetchone()
        is not None
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are looked for; None, or False, leaves them all.

    `rater`: done by, or to, the rater of this number. `refused`: refusals alone, of any act. What
    managers of other servers did is left out, or they would fill the log, unless they are looked
    for, somebody's acts are, or all is wanted `everywhere`.
    """

    actor: Who | None = None
    action: str | None = None
    refused: bool = False
    rater: int | None = None
    image: int | None = None
    since: datetime | None = None
    everywhere: bool = False


def latest(connection: sqlite3.Connection, limit: int) -> list[AuditEntry]:
    """Return the newest `limit` entries of all servers, newest first."""
    return search(connection, Filter(everywhere=True), limit=limit)


def search(
    connection: sqlite3.Connection,
    wanted: Filter,
    *,
    limit: int,
    before: int | None = None,
    after: int | None = None,
) -> list[AuditEntry]:
    """Return entries, newest first: the newest, those next below an id, or next above one."""
    upwards = after is not None
    order = "ASC" if upwards else "DESC"
    conditions, values = _conditions(connection, wanted, before, after)
    ends = [""]
    if wanted.rater is not None:
        values |= {"rater": wanted.rater, "subject": f"rater:{wanted.rater}"}
        ends = ["rater = :rater", "subject = :subject"]
    parts = [
        f"SELECT * FROM (SELECT {_COLUMNS} FROM audit_log"  # noqa: S608 - constants
        f" WHERE {' AND '.join([*conditions, *filter(None, [end])]) or 'true'}"
        f" ORDER BY id {order} LIMIT :limit)"
        for end in ends
    ]
    rows = connection.execute(
        f"{' UNION '.join(parts)} ORDER BY 1 {order} LIMIT :limit", {**values, "limit": limit}
    ).fetchall()
    entries = [
        AuditEntry(
            number, from_microseconds(at), actor, rater, action, subject, json.loads(details), *rest
        )
        for number, at, actor, rater, action, subject, details, *rest in rows
    ]
    return entries[::-1] if upwards else entries


def _conditions(
    connection: sqlite3.Connection, wanted: Filter, before: int | None, after: int | None
) -> tuple[list[str], dict[str, str | int]]:
    """Return the conditions that an entry meets, and their values.

    A plus keeps SQLite from an index where a narrower one will do: who and what before which act,
    that before which role, and never by time, which would have to be sorted; the first id since a
    moment by time alone, for by ids every entry before it would be looked at.
    """
    narrow = wanted.rater is not None or wanted.image is not None
    by_action = "+" if narrow else ""
    by_actor = "+" if narrow or wanted.action or wanted.refused else ""
    found: list[str] = []
    values: dict[str, str | int] = {}

    def add(condition: str, name: str, value: str | int | None) -> None:
        if value is not None:
            found.append(condition)
            values[name] = value

    add("id < :before", "before", before)
    add("id > :after", "after", after)
    elsewhere = wanted.actor == "elsewhere"
    add(f"{by_actor}actor = :actor", "actor", "manager" if elsewhere else wanted.actor)
    if elsewhere or not (narrow or wanted.everywhere):
        by_place = "+" if narrow or wanted.refused else ""
        add(f"{by_place}elsewhere = :elsewhere", "elsewhere", int(elsewhere))
    add(f"{by_action}action = :action", "action", wanted.action)
    if wanted.refused:
        found.append(f"{by_action}action >= 'refused:' AND {by_action}action < 'refused;'")
    add("subject = :image", "image", None if wanted.image is None else f"image:{wanted.image}")
    if wanted.since is not None:
        since = to_microseconds(wanted.since)
        (first,) = connection.execute(
            "SELECT min(+id) FROM audit_log WHERE at >= ?", (since,)
        ).fetchone()
        add("+at >= :since", "since", since)
        if first is None:
            found.append("false")
        add("id >= :first", "first", first)
    return found, values


_COLUMNS: Final = (
    "id, at, actor, rater, action, subject, details,"
    " coalesce((SELECT r.times FROM audit_repeats r WHERE r.entry = audit_log.id), 1), elsewhere"
)


def _json(details: Details | None) -> str:
    return json.dumps(dict(details or {}), sort_keys=True)
