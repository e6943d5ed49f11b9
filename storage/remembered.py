"""Small facts that the program must remember over restarts, by name."""

from __future__ import annotations

import sqlite3


def recall(connection: sqlite3.Connection, name: str) -> str | None:
    """Return what was kept under `name`, or None."""
    row = connection.execute("SELECT value FROM remembered WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def remember(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Keep `value` under `name` in place of what was there."""
    connection.execute(
        "INSERT INTO remembered (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def forget(connection: sqlite3.Connection, name: str) -> None:
    """Keep nothing under `name` any more."""
    connection.execute("DELETE FROM remembered WHERE name = ?", (name,))
