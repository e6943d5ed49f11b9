"""Alerts to operators, folded: one row a kind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.times import from_microseconds, to_microseconds

_COLUMNS = "SELECT kind, message_id, count, latest, first_at, last_at FROM alerts"


@dataclass(frozen=True, slots=True)
class Alert:
    """All alerts of a kind since `first_at`; `values` are those of the newest."""

    kind: str
    message_id: int | None
    count: int
    values: dict[str, str | int]
    first_at: datetime
    last_at: datetime


def _alert(row: tuple[str, int | None, int, str, int, int]) -> Alert:
    kind, message_id, count, latest, first_at, last_at = row
    return Alert(
        kind,
        message_id,
        count,
        json.loads(latest),
        from_microseconds(first_at),
        from_microseconds(last_at),
    )


def add(
    connection: sqlite3.Connection,
    kind: str,
    values: Mapping[str, str | int],
    *,
    now: datetime,
    window: timedelta,
) -> None:
    """Count one more alert; one that comes `window` after the first begins a new message.

    Unless the message does not show yet what came before: nothing goes untold. A first one that is
    still to come is of a clock that was set back since: its message is old.
    """
    at = to_microseconds(now)
    connection.execute(
        "DELETE FROM alerts WHERE kind = ? AND (first_at <= ? OR first_at > ?)"
        " AND shown_count = count",
        (kind, to_microseconds(now - window), at),
    )
    connection.execute(
        """
        INSERT INTO alerts (kind, count, latest, first_at, last_at) VALUES (?, 1, ?, ?, ?)
        ON CONFLICT (kind) DO UPDATE SET
            count = count + 1, latest = excluded.latest, last_at = excluded.last_at
        """,
        (kind, json.dumps(dict(values)), at, at),
    )


def undelivered(connection: sqlite3.Connection) -> list[Alert]:
    """Return the alerts whose message does not show their count yet, oldest first."""
    rows = connection.execute(f"{_COLUMNS} WHERE count <> shown_count ORDER BY last_at")
    return [_alert(row) for row in rows]


def give_up(connection: sqlite3.Connection, alert: Alert) -> None:
    """Leave an alert undelivered until there is news of its kind."""
    connection.execute(
        "UPDATE alerts SET shown_count = ? WHERE kind = ? AND first_at = ?",
        (alert.count, alert.kind, to_microseconds(alert.first_at)),
    )


def delivered(connection: sqlite3.Connection, alert: Alert, message_id: int) -> None:
    """Note that a message shows this alert with this count."""
    connection.execute(
        "UPDATE alerts SET message_id = ?, shown_count = ? WHERE kind = ? AND first_at = ?",
        (message_id, alert.count, alert.kind, to_microseconds(alert.first_at)),
    )
