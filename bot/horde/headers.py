"""What the Horde says about waiting, in the headers of its answers.

They are those of flask-limiter (`flask_limiter/extension.py`): X-Ratelimit-Reset in seconds since
1970, and Retry-After in seconds or as an HTTP date. Retry-After is on every answer, successes too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from bot.horde.records import Version

LONGEST_PAUSE: Final = timedelta(hours=2)
"""However long a server asks to be left alone, it is asked again after this; no window of the
Horde's is longer than an hour."""
_FIRST_MOMENT: Final = 1_000_000_000
"""As seconds since 1970 a moment of our times; smaller numbers are seconds from now."""


@dataclass(frozen=True, slots=True)
class Window:
    """How many calls one of the server's windows allows, and has `left` until it `ends`."""

    limit: int
    left: int
    ends: datetime


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds after which the server wants to be asked again; 0 where it says nothing.

    A date is compared with the Date of the same answer, since clocks differ.
    """
    text = headers.get("Retry-After", "")
    seconds = _number(text)
    if seconds is None:
        moment = read_date(text)
        if moment is None:
            return 0.0
        seconds = (moment - _sent_at(headers, now)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_PAUSE.total_seconds())


def window(headers: Mapping[str, str], now: datetime) -> Window | None:
    """Return the window that the headers describe; None where they do not do so in full."""
    limit, left, reset = (
        _number(headers.get(f"X-Ratelimit-{name}", "")) for name in ("Limit", "Remaining", "Reset")
    )
    if limit is None or left is None or reset is None or limit < 1 or left < 0:
        return None
    if reset >= _FIRST_MOMENT:
        reset -= _sent_at(headers, now).timestamp()
    if reset > LONGEST_PAUSE.total_seconds():
        return None
    return Window(int(limit), int(left), now + timedelta(seconds=max(reset, 0.0)))


def node_version(headers: Mapping[str, str]) -> Version | None:
    """Return the version of the very server that answered, `host:port:5.1.5`; None if not said."""
    node = headers.get("Horde-Node")
    return None if node is None else Version.parse(node.rpartition(":")[2])


def _sent_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return when the answer was made, by the server's own clock where it says so."""
    return read_date(headers.get("Date", "")) or now


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def read_date(text: str) -> datetime | None:
    """Read a date as HTTP and mail write it; None where it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
