"""Claims: who has a case of the review queue in hand, for a while.

A claim ends by itself, so that nobody keeps a case from others. One that ends later than any claim
can is of a clock that was set back since, and counts as ended.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final

from storage import reports, review_queue
from storage.review_queue import QueueItem
from storage.times import from_microseconds, to_microseconds

LENGTH: Final = timedelta(minutes=10)
"""How long a claim lasts from when its holder opened the case, or pressed something on it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The open cases: all of them, how many of those others have in hand, and until when.

    `free_at`: when the first of the others' claims ends; None where they have none.
    """

    cases: int
    claimed: int
    free_at: datetime | None


def take_next(
    connection: Connection, kinds: Collection[str], *, by: int, now: datetime, after: int = 0
) -> QueueItem | None:
    """Claim the oldest open case of these kinds that nobody else has, and return it.

    Never one that is about `by`, nor one of a picture in sight whose reports count no more.
    One with an id above `after` comes first, then the oldest of all. None where nothing is left.
    """
    values = {**_values(by, now), "kinds": json.dumps(list(kinds)), "after": after}
    row = connection.execute(_NEXT, values).fetchone()
    if row is None or not take(connection, row[0], by=by, now=now):
        return None
    return review_queue.by_id(connection, row[0])


def take(connection: Connection, item_id: int, *, by: int, now: datetime) -> bool:
    """Claim an open case, or go on having it; False where somebody else has it, or it is theirs."""
    return connection.execute(_TAKE, {**_values(by, now), "id": item_id}).rowcount == 1


def held_until(connection: Connection, item_id: int, *, by: int, now: datetime) -> datetime | None:
    """Return until when somebody else than `by` has the case; None where nobody does."""
    row = connection.execute(_HELD_UNTIL, {**_values(by, now), "id": item_id}).fetchone()
    return None if row is None else from_microseconds(row[0])


def release(connection: Connection, item_id: int, *, by: int) -> None:
    """Leave a case to others, if it is this person's."""
    connection.execute(
        "UPDATE review_queue SET claimed_by = NULL, claimed_until = NULL"
        " WHERE id = ? AND claimed_by = ?",
        (item_id, by),
    )


def release_all(connection: Connection, by: int) -> None:
    """Leave every case of a person to others, and forget that they had any."""
    connection.execute(
        "UPDATE review_queue SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = ?",
        (by,),
    )


def waiting(connection: Connection, kinds: Collection[str], *, by: int, now: datetime) -> Waiting:
    """Return how many cases of these kinds are open, as `take_next` finds them for `by`."""
    values = {**_values(by, now), "kinds": json.dumps(list(kinds))}
    cases, claimed, free_at = connection.execute(_WAITING, values).fetchone()
    return Waiting(cases, claimed, None if free_at is None else from_microseconds(free_at))


_HELD: Final = """(
    claimed_by IS NOT NULL AND claimed_by <> :by
    AND claimed_until > :now AND claimed_until <= :latest
)"""
_OPEN: Final = f"""
    settled_at IS NULL AND rater IS NOT :by AND kind IN (SELECT value FROM json_each(:kinds))
    AND (kind <> '{review_queue.REPORTED_IMAGE}' OR {reports.WORTH_A_LOOK})
"""  # noqa: S608 - constants
_NEXT: Final = f"""
    SELECT id FROM review_queue WHERE {_OPEN} AND NOT {_HELD} ORDER BY id <= :after, id LIMIT 1
"""  # noqa: S608 - constants
_TAKE: Final = f"""
    UPDATE review_queue SET claimed_by = :by, claimed_until = :latest
    WHERE id = :id AND settled_at IS NULL AND rater IS NOT :by AND NOT {_HELD}
"""  # noqa: S608 - constants
_HELD_UNTIL: Final = f"SELECT claimed_until FROM review_queue WHERE id = :id AND {_HELD}"  # noqa: S608 - constants
_WAITING: Final = f"""
    SELECT count(*), count(*) FILTER (WHERE {_HELD}), min(claimed_until) FILTER (WHERE {_HELD})
    FROM review_queue WHERE {_OPEN}
"""  # noqa: S608 - constants


def _values(by: int, now: datetime) -> dict[str, int]:
    return {"by": by, "now": to_microseconds(now), "latest": to_microseconds(now + LENGTH)}
