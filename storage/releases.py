"""When an award may be paid: the conditions that planning, sums and status share.

Each is over an award `a` with its image `i` and rater `r`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.times import to_microseconds

BANNED_FOR_GOOD = "(r.status = 'banned' AND r.status_until IS NULL)"

OWED = f"a.payout_id IS NULL AND a.standing = 'stands' AND NOT {BANNED_FOR_GOOD}"
"""Earned and not paid. A ban without an end makes what is unpaid void, for as long as it lasts."""

RELEASED = """
    (a.earned_at <= :released_before OR (i.stage = 'full' AND a.gold = 0))
    AND NOT (r.status = 'banned' AND r.status_until > :now)
    AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.rater = r.number)
"""
"""Nothing holds an owed award any more; parameters as of `release_moments`.

One that was earned on gold waits for the time alone: its image may be full already, and kudos that
are ready at once would show which image was gold.
"""


def release_moments(now: datetime, hold: timedelta) -> dict[str, int]:
    """Return the parameters of RELEASED; an award older than `hold` waits for no image."""
    return {"now": to_microseconds(now), "released_before": to_microseconds(now - hold)}
