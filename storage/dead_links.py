"""Links that gave a data set no picture, so that nobody asks for them each time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from storage.times import from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class DeadLink:
    """A link, why it gave no picture, in one word, and when it was tried last."""

    url: str
    reason: str
    tried_at: datetime


def known(connection: Connection, data_set_id: int, urls: Iterable[str]) -> dict[str, DeadLink]:
    """Return those of the links that gave the data set no picture."""
    found = {}
    for url in urls:
        row = connection.execute(
            "SELECT url, reason, tried_at FROM dead_links WHERE data_set_id = ? AND url = ?",
            (data_set_id, url),
        ).fetchone()
        if row:
            found[url] = DeadLink(row[0], row[1], from_microseconds(row[2]))
    return found


def record(
    connection: Connection, data_set_id: int, links: Iterable[tuple[str, str]], now: datetime
) -> None:
    """Store links with the reasons for which they gave no picture now."""
    tried_at = to_microseconds(now)
    connection.executemany(
        "INSERT INTO dead_links (data_set_id, url, reason, tried_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (data_set_id, url)"
        " DO UPDATE SET reason = excluded.reason, tried_at = excluded.tried_at",
        [(data_set_id, url, reason, tried_at) for url, reason in links],
    )


def forget(connection: Connection, data_set_id: int, urls: Iterable[str]) -> None:
    """Store that these links gave a picture after all."""
    connection.executemany(
        "DELETE FROM dead_links WHERE data_set_id = ? AND url = ?",
        [(data_set_id, url) for url in urls],
    )
