"""The append-only audit log: who did what, by internal number only.

No row carries a Discord id or free text of a person, because no row can ever be taken back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from storage.times import from_microseconds, to_microseconds

Actor = Literal["rater", "manager", "moderator", "operator", "program"]
Details = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act or refusal; `subject` is such as `image:7` or `rater:3`."""

    id: int
    at: datetime
    actor: Actor
    rater: int | None
    action: str
    subject: str
    details: dict[str, str | int | bool | None]


def record(
    connection: sqlite3.Connection,
    *,
    at: datetime,
    actor: Actor,
    rater: int | None,
    action: str,
    subject: str = "",
    details: Details | None = None,
) -> None:
    """Append one row; `rater` is the number of the person who acted."""
    connection.execute(
        "INSERT INTO audit_log (at, actor, rater, action, subject, details) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            to_microseconds(at),
            actor,
            rater,
            action,
            subject,
            json.dumps(dict(details or {}), sort_keys=True),
        ),
    )


def was_recorded(
    connection: sqlite3.Connection, *, rater: int, action: str, now: datetime, within: timedelta
) -> bool:
    """Tell whether this person's `action` is in the log since `within` before `now`."""
    row = connection.execute(
        "SELECT 1 FROM audit_log WHERE at > ? AND rater = ? AND action = ? LIMIT 1",
        (to_microseconds(now - within), rater, action),
    ).fetchone()
    return row is not None


def latest(connection: sqlite3.Connection, limit: int) -> list[AuditEntry]:
    """Return the newest `limit` entries, newest first."""
    rows = connection.execute(
        "SELECT id, at, actor, rater, action, subject, details FROM audit_log "
        "ORDER BY id DESC LIMIT ?",
        (limit,),
    )
    return [
        AuditEntry(
            number, from_microseconds(at), actor, rater, action, subject, json.loads(details)
        )
        for number, at, actor, rater, action, subject, details in rows
    ]
