"""Every row of a database, and what is different in it later."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Any

from storage.database import Database

Rows = dict[str, list[dict[str, Any]]]


async def dump(database: Database) -> Rows:
    """Return every row of every table."""

    def query(connection: Connection) -> Rows:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {name: _rows(connection, name) for (name,) in names}

    return await database.read(query)


def news(before: Rows, after: Rows) -> Rows:
    """Return the rows that came, changed or went, by table."""
    changed = {
        table: [row for row in after[table] if row not in before[table]]
        + [row for row in before[table] if row not in after[table]]
        for table in after
    }
    return {table: rows for table, rows in changed.items() if rows}


def _rows(connection: Connection, table: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - a table of ours
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
