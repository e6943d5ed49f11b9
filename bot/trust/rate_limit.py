"""The generic cell rate algorithm: a bucket that is one moment in time.

ITU-T I.371, virtual scheduling: each event pushes a theoretical arrival time forward by one
interval; an event that finds it too far ahead is refused and pushes nothing.
"""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal, get_args

from bot.errors import RateLimitedError
from storage import rate_limits
from storage.times import to_microseconds

MINUTE: Final = 60_000_000
"""In microseconds, as all times of `admit`."""

Kind = Literal["score", "undo", "session", "report", "link", "captcha", "download"]
"""What is counted apart: scores, votes taken back or kept, images asked for, reports, looks at
Horde accounts, captchas made, and downloads of what is kept about somebody."""


def admit(now: int, arrival: int | None, per_minute: int) -> tuple[int, int]:
    """Return the new arrival time and how long to wait: 0 if the event is admitted.

    `per_minute` events may come at once; then one each 1 / `per_minute` of a minute. An arrival
    further ahead than a spent bucket puts it is of a clock that was set back since: it leaves
    one event at once.
    """
    interval = MINUTE // per_minute
    if arrival is not None and arrival > now + MINUTE:
        arrival = now + interval * (per_minute - 1)
    start = now if arrival is None else max(now, arrival)
    wait = start + interval - (now + interval * per_minute)
    if wait > 0:
        return start, wait
    return start + interval, 0


def charge(connection: Connection, rater: int, kind: Kind, per_minute: int, now: datetime) -> None:
    """Count an event of the rater, in the unit that it is part of.

    Raises RateLimitedError(seconds=...), which undoes that unit.
    """
    arrival = rate_limits.arrival(connection, rater, kind)
    charge_after(connection, rater, kind, arrival=arrival, per_minute=per_minute, now=now)


def charge_after(
    connection: Connection,
    rater: int,
    kind: Kind,
    *,
    arrival: int | None,
    per_minute: int,
    now: datetime,
) -> None:
    """Count an event as `charge` does, for whoever has read the `arrival` time already."""
    arrival, wait = admit(to_microseconds(now), arrival, per_minute)
    if wait:
        raise RateLimitedError(seconds=-(-wait // 1_000_000))
    rate_limits.set_arrival(connection, rater, kind, arrival)


def spend(connection: Connection, rater: int, now: datetime) -> None:
    """Take all that the rater could do at once, of every kind, for the coming minute."""
    for kind in get_args(Kind):
        rate_limits.set_arrival(connection, rater, kind, to_microseconds(now) + MINUTE)
