"""When an award may be paid: the conditions that planning, sums and status share.

Each is over an award `a` with its image `i` and rater `r`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from storage import gold_times
from storage.times import to_microseconds

BANNED_FOR_GOOD = "(r.status = 'banned' AND r.status_until IS NULL)"

OWED = f"a.payout_id IS NULL AND a.standing = 'stands' AND NOT {BANNED_FOR_GOOD}"
"""Earned and not paid. A ban without an end makes what is unpaid void, for as long as it lasts."""

FILLED = f"""
    (a.gold = 0 AND i.stage = 'full' OR a.gold = 1 AND coalesce((
        SELECT iif(g.twin_image_id IS NULL, i.stage = 'full', {gold_times.OVER_AT} <= :now)
        FROM votes v JOIN posts g ON g.id = v.post_id LEFT JOIN images t ON t.id = g.twin_image_id
        WHERE v.rater = a.rater AND v.image_id = a.image_id
    ), 0))
"""  # noqa: S608 - constants
"""An award waits for its image no more; one that was earned on gold as long as its twin does.

Kudos that are ready at once, or never before the time is over, would show which image was gold.
"""

RELEASED = f"""
    (a.earned_at <= :released_before OR {FILLED})
    AND NOT (r.status = 'banned' AND r.status_until > :now)
    AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.rater = r.number)
"""  # noqa: S608 - constants
"""Nothing holds an owed award any more; parameters as of `release_moments`."""


def release_moments(now: datetime, hold: timedelta) -> dict[str, int]:
    """Return the parameters of RELEASED; an award older than `hold` waits for no image."""
    return {"now": to_microseconds(now), "released_before": to_microseconds(now - hold)}
