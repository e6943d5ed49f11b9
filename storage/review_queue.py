"""What waits for a person to look at it. Kinds are data."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.times import from_microseconds, to_microseconds

REPORTED_IMAGE = "reported_image"
PAYOUT_IN_DOUBT = "payout_in_doubt"
SUSPECT = "suspect"
"""A rater of whom the online rules found something that a person should see."""
GOLD_CANDIDATE = "gold_candidate"
APPEAL = "appeal"

_COLUMNS = (
    "SELECT id, kind, image_id, rater, details, opened_at, outcome, payout_id FROM review_queue"
)


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One case; `outcome` is None while it is open."""

    id: int
    kind: str
    image_id: int | None
    rater: int | None
    details: dict[str, str | float | None]
    opened_at: datetime
    outcome: str | None
    payout_id: int | None = None

    @property
    def votes(self) -> int | None:
        """Votes that the rater had when the case was opened, where its details tell."""
        votes = self.details.get("votes")
        return int(votes) if isinstance(votes, int | float) else None


def _item(
    row: tuple[int, str, int | None, int | None, str, int, str | None, int | None],
) -> QueueItem:
    number, kind, image_id, rater, details, opened_at, outcome, payout_id = row
    return QueueItem(
        number,
        kind,
        image_id,
        rater,
        json.loads(details),
        from_microseconds(opened_at),
        outcome,
        payout_id,
    )


def put(
    connection: sqlite3.Connection,
    kind: str,
    *,
    now: datetime,
    image_id: int | None = None,
    rater: int | None = None,
    payout_id: int | None = None,
    details: Mapping[str, str | float | None] | None = None,
) -> int:
    """Open a case and return its id; a case that is open for the same subject is that case."""
    row = connection.execute(
        "SELECT id FROM review_queue "
        "WHERE kind = ? AND image_id IS NOT DISTINCT FROM ? AND "
        "rater IS NOT DISTINCT FROM ? AND payout_id IS NOT DISTINCT FROM ? "
        "AND settled_at IS NULL",
        (kind, image_id, rater, payout_id),
    ).fetchone()
    if row is not None:
        return int(row[0])
    added = connection.execute(
        "INSERT INTO review_queue (kind, image_id, rater, payout_id, details, opened_at) "
        "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (
            kind,
            image_id,
            rater,
            payout_id,
            json.dumps(dict(details or {})),
            to_microseconds(now),
        ),
    )
    return int(added.fetchone()[0])


def last_settled(connection: sqlite3.Connection, kind: str, rater: int) -> QueueItem | None:
    """Return the rater's newest case of a kind that a person settled, not the program."""
    row = connection.execute(
        f"{_COLUMNS} WHERE kind = ? AND rater = ? AND settled_by IS NOT NULL"
        " ORDER BY id DESC LIMIT 1",
        (kind, rater),
    ).fetchone()
    return None if row is None else _item(row)


def by_id(connection: sqlite3.Connection, item_id: int) -> QueueItem | None:
    """Return one case, open or settled."""
    row = connection.execute(f"{_COLUMNS} WHERE id = ?", (item_id,)).fetchone()
    return None if row is None else _item(row)


def next_open(connection: sqlite3.Connection, kind: str, *, after: int = 0) -> QueueItem | None:
    """Return the oldest case of a kind with an id above `after`, else the oldest of all."""
    row = connection.execute(
        f"{_COLUMNS} WHERE kind = ? AND settled_at IS NULL ORDER BY id <= ?, id LIMIT 1",
        (kind, after),
    ).fetchone()
    return None if row is None else _item(row)


def count_open(connection: sqlite3.Connection, kind: str) -> int:
    """Return how many cases of a kind are open."""
    row = connection.execute(
        "SELECT count(*) FROM review_queue WHERE kind = ? AND settled_at IS NULL", (kind,)
    ).fetchone()
    return int(row[0])


def settle(
    connection: sqlite3.Connection, item_id: int, *, by: int | None, outcome: str, now: datetime
) -> None:
    """Close one case; `by` is None where nobody had to decide."""
    connection.execute(
        "UPDATE review_queue SET settled_at = ?, settled_by = ?, outcome = ?,"
        " claimed_by = NULL, claimed_until = NULL WHERE id = ? AND settled_at IS NULL",
        (to_microseconds(now), by, outcome, item_id),
    )


def settle_image(
    connection: sqlite3.Connection, image_id: int, *, by: int, outcome: str, now: datetime
) -> None:
    """Close every open case of an image's reports; `by` is the number of who decided."""
    connection.execute(
        "UPDATE review_queue SET settled_at = ?, settled_by = ?, outcome = ?,"
        " claimed_by = NULL, claimed_until = NULL"
        " WHERE kind = ? AND image_id = ? AND settled_at IS NULL",
        (to_microseconds(now), by, outcome, REPORTED_IMAGE, image_id),
    )


def settle_kind(
    connection: sqlite3.Connection,
    kind: str,
    image_id: int,
    *,
    by: int | None,
    outcome: str,
    now: datetime,
) -> None:
    """Close the open case of one kind that an image has; `by` is None where the program does."""
    connection.execute(
        "UPDATE review_queue SET settled_at = ?, settled_by = ?, outcome = ? "
        "WHERE kind = ? AND image_id = ? AND settled_at IS NULL",
        (to_microseconds(now), by, outcome, kind, image_id),
    )


def is_open(connection: sqlite3.Connection, payout_id: int) -> bool:
    """Tell whether a case of a payout waits for somebody."""
    row = connection.execute(
        "SELECT 1 FROM review_queue WHERE kind = ? AND payout_id = ? AND settled_at IS NULL",
        (PAYOUT_IN_DOUBT, payout_id),
    ).fetchone()
    return row is not None


def settle_payout(
    connection: sqlite3.Connection, payout_id: int, *, by: int | None, outcome: str, now: datetime
) -> None:
    """Close every open case of a payout; `by` is None where the program has the proof."""
    connection.execute(
        "UPDATE review_queue SET settled_at = ?, settled_by = ?, outcome = ? "
        "WHERE kind = ? AND payout_id = ? AND settled_at IS NULL",
        (to_microseconds(now), by, outcome, PAYOUT_IN_DOUBT, payout_id),
    )


def follow_payouts(connection: sqlite3.Connection, now: datetime) -> None:
    """Close the cases of all payouts that were settled without a look at their cases."""
    connection.execute(
        "UPDATE review_queue SET settled_at = ?, outcome ="
        " (SELECT iif(p.state = 'paid', 'paid', 'unpaid') FROM payouts p WHERE p.id = payout_id)"
        " WHERE kind = ? AND settled_at IS NULL"
        " AND payout_id IN (SELECT id FROM payouts WHERE settled_at IS NOT NULL)",
        (to_microseconds(now), PAYOUT_IN_DOUBT),
    )
