"""One rater's awards over time: what each day brought, and until when they wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final

from storage.releases import FILLED, OWED, release_moments
from storage.times import from_microseconds


def by_day(connection: Connection, rater: int, first: int, last: int) -> dict[int, int]:
    """Return the kudos earned and not taken back on each UTC day with any, `first` to `last`.

    Days count from 1970-01-01. With paid awards, as the rater's ledger does.
    """
    rows = connection.execute(
        _BY_DAY, {"rater": rater, "from": first * DAY, "to": last * DAY + DAY}
    )
    return dict(rows.fetchall())


def last_release(
    connection: Connection, rater: int, now: datetime, hold: timedelta
) -> datetime | None:
    """Return when the last award that waits for its image waits no more; None if none does."""
    row = connection.execute(_WAITING, {"rater": rater, **release_moments(now, hold)}).fetchone()
    return None if row is None else from_microseconds(row[0]) + hold


DAY: Final = 86_400_000_000
"""In microseconds."""

_BY_DAY: Final = f"""
    SELECT a.earned_at / {DAY}, sum(a.amount) FROM awards a JOIN raters r ON r.number = a.rater
    WHERE a.rater = :rater AND a.earned_at >= :from AND a.earned_at < :to
        AND (a.payout_id IS NOT NULL OR {OWED})
    GROUP BY 1
"""  # noqa: S608 - constants
_WAITING: Final = f"""
    SELECT a.earned_at FROM awards a JOIN images i ON i.id = a.image_id
    JOIN raters r ON r.number = a.rater
    WHERE {OWED} AND a.rater = :rater AND a.earned_at > :released_before
        AND NOT {FILLED}
    ORDER BY a.earned_at DESC LIMIT 1
"""  # noqa: S608 - constants
