"""Asking people to look at a rater: a case in their queue, an alert and an entry in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final

from storage import alerts, audit, review_queue

ALERT: Final = "rater_suspect"
ALERT_WINDOW: Final = timedelta(hours=1)

LOOK_AGAIN_AT: Final = 2
"""A person is asked again once there are so many times as many votes as when one was asked."""

LOOK_AGAIN: Final = 100
"""Votes after which a rater whose case was settled may come into the queue again."""


def ask_to_look(
    connection: Connection,
    rater: int,
    *,
    votes: int,
    figures: Mapping[str, float],
    reason: str,
    now: datetime,
) -> None:
    """Open a case of a rater with so many votes, unless one is open.

    `figures` are what was found, by name; `reason` is the rule, or hold, that asks. Whoever calls
    wakes the alerts after the unit.
    """
    rounded = {name: round(figure, 3) for name, figure in figures.items()}
    review_queue.put(
        connection,
        review_queue.SUSPECT,
        rater=rater,
        now=now,
        details={"votes": votes, **rounded},
    )
    values: dict[str, str | int] = {"rater": rater, "rule": reason}
    alerts.add(connection, ALERT, values, now=now, window=ALERT_WINDOW)
    audit.record_program(
        connection, "rater.suspect", now, subject=f"rater:{rater}", details={"reason": reason}
    )
