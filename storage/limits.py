"""What limits a rater now, over all tables that can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

from storage.bars import LIVE
from storage.raters import Rater
from storage.times import from_microseconds, to_microseconds

LimitKind = Literal["banned", "voided", "reverted", "barred", "held", "captcha"]


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: a ban, a bar in the server `guild_id`, kudos held, or a pause after captchas.

    voided: votes that a ban took out and that stay out although it has ended by itself. reverted:
    votes that a revert took out, or that were taken out one by one; one limit a reason.
    `since` None: not known. `until` None: until somebody ends it. `reason`: what was typed, or of
    a hold the word that names it.
    """

    kind: LimitKind
    since: datetime | None = None
    until: datetime | None = None
    reason: str | None = None
    guild_id: int | None = None


def of_rater(connection: Connection, rater: Rater, now: datetime) -> tuple[Limit, ...]:
    """Return what limits a rater at this moment, the heaviest first."""
    limits = []
    of_rater = {"rater": rater.number, "now": to_microseconds(now)}
    if rater.banned_at(now):
        values: tuple[str, ...] = (f"rater:{rater.number}",)
        (since,) = connection.execute(_BANNED_SINCE, values).fetchone()
        limits.append(Limit("banned", _moment(since), rater.status_until, rater.status_reason))
    else:
        (since,) = connection.execute(_VOIDED_SINCE, of_rater).fetchone()
        if since is not None:
            limits.append(Limit("voided", _moment(since)))
    for reason, since in connection.execute(_REVERTED, of_rater):
        limits.append(Limit("reverted", _moment(since), reason=reason))
    for reason, since in connection.execute(_HOLDS, of_rater):
        limits.append(Limit("held", _moment(since), reason=reason))
    for guild_id, reason, since, until in connection.execute(_BARS, of_rater):
        limits.append(Limit("barred", _moment(since), _moment(until), reason, guild_id))
    for (until,) in connection.execute(_CAPTCHA_PAUSE, of_rater):
        limits.append(Limit("captcha", until=_moment(until)))
    return tuple(limits)


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_microseconds(value)


_BANNED_SINCE: Final = (
    "SELECT max(at) FROM audit_log WHERE subject = ? AND action = 'rater.ban'"
    " AND json_extract(details, '$.place') IS NOT 'here'"
)
_VOIDED_SINCE: Final = f"""
    SELECT min(o.ordered_at) FROM void_orders o
    WHERE o.rater = :rater AND o.cause = 'ban' AND o.lifted_at IS NULL
        AND EXISTS (SELECT 1 FROM voids v WHERE v.order_id = o.id)
        AND NOT EXISTS (
            SELECT 1 FROM bars b WHERE b.rater = o.rater AND b.guild_id = o.guild_id
                AND b.placed_by = 'moderator' AND {LIVE}
        )
"""  # noqa: S608 - constants
_REVERTED: Final = """
    SELECT o.reason, min(o.ordered_at) FROM void_orders o
    WHERE o.rater = :rater AND o.cause <> 'ban' AND o.lifted_at IS NULL
        AND EXISTS (SELECT 1 FROM voids v WHERE v.order_id = o.id)
    GROUP BY o.reason ORDER BY min(o.id)
"""
_BARS: Final = f"""
    SELECT b.guild_id, b.reason, b.barred_at, b.until FROM bars b
    WHERE b.rater = :rater AND {LIVE} ORDER BY b.barred_at
"""  # noqa: S608 - constants
_HOLDS: Final = "SELECT reason, since FROM holds WHERE rater = :rater ORDER BY since, reason"
_CAPTCHA_PAUSE: Final = (
    "SELECT not_before FROM captcha_records WHERE rater = :rater AND not_before > :now"
)
