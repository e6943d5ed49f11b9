"""Servers and their language."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from storage.times import to_microseconds


def locale(connection: sqlite3.Connection, guild_id: int) -> str | None:
    """Return the language that a server's managers chose, or None for Discord's own."""
    row = connection.execute(
        "SELECT locale FROM servers WHERE guild_id = ?", (guild_id,)
    ).fetchone()
    return None if row is None else row[0]


def locales(connection: sqlite3.Connection) -> dict[int, str]:
    """Return every language that managers chose, by server."""
    rows = connection.execute("SELECT guild_id, locale FROM servers WHERE locale IS NOT NULL")
    return dict(rows.fetchall())


def set_locale(
    connection: sqlite3.Connection, guild_id: int, locale: str | None, now: datetime
) -> None:
    """Store a server's language; None goes back to Discord's own."""
    connection.execute(
        """
        INSERT INTO servers (guild_id, locale, first_seen_at) VALUES (?, ?, ?)
        ON CONFLICT (guild_id) DO UPDATE SET locale = excluded.locale
        """,
        (guild_id, locale, to_microseconds(now)),
    )
