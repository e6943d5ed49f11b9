"""The generic cell rate algorithm: a bucket that is one moment in time.

ITU-T I.371, virtual scheduling: each event pushes a theoretical arrival time forward by one
interval; an event that finds it too far ahead is refused and pushes nothing.
"""

from __future__ import annotations

MINUTE = 60_000_000
"""In microseconds, as all times of this module."""


def admit(now: int, arrival: int | None, per_minute: int) -> tuple[int, int]:
    """Return the new arrival time and how long to wait: 0 if the event is admitted.

    `per_minute` events may come at once; then one each 1 / `per_minute` of a minute.
    """
    interval = MINUTE // per_minute
    start = now if arrival is None else max(now, arrival)
    wait = start + interval - (now + interval * per_minute)
    if wait > 0:
        return start, wait
    return start + interval, 0
