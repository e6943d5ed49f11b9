"""Moments as moderators type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.trust.refusals import FutureMomentError, UnknownMomentError

_AGO: Final = re.compile(r"(\d{1,4})\s*(m|min|h|d|w)", re.ASCII | re.IGNORECASE)
_DATE: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[ T]+(\d{1,2}:\d{2}(?::\d{2})?)\s*(Z|UTC|[+-]\d{2}:\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def parse_past(text: str, now: datetime) -> datetime:
    """Return the past moment that `text` names.

    A date (2026-03-01), a date with a time (2026-03-01 14:00), UTC unless it says otherwise (Z,
    +02:00), or how long ago: 30m, 12h, 3d, 2w. Raises UnknownMomentError, FutureMomentError.
    """
    typed = text.strip()
    moment = _ago(typed, now) or _date(typed)
    if moment is None:
        raise UnknownMomentError
    if moment > now:
        raise FutureMomentError
    return moment


def _ago(typed: str, now: datetime) -> datetime | None:
    match = _AGO.fullmatch(typed)
    if match is None:
        return None
    return now - int(match[1]) * _UNITS[match[2].lower()]


def _date(typed: str) -> datetime | None:
    match = _DATE.fullmatch(typed)
    if match is None:
        return None
    date, time, zone = match[1], match[2] or "00:00", match[3] or "Z"
    if time[1] == ":":
        time = f"0{time}"
    offset = "+00:00" if zone.upper() in {"Z", "UTC"} else zone
    try:
        return datetime.fromisoformat(f"{date}T{time}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
