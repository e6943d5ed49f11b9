"""Times as the tables keep them: whole microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
MOST_MICROSECONDS: Final = (2**63 - 1) // 1000
"""How far from the epoch, either way, nanoseconds of 64 bits reach: the years 1677 to 2262."""


def to_microseconds(moment: datetime) -> int:
    """Return an aware `moment` as microseconds since the epoch, exactly.

    Raises TypeError for a naive datetime.
    """
    return (moment - EPOCH) // MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Return the aware UTC moment that `microseconds` since the epoch names, exactly."""
    return EPOCH + timedelta(microseconds=microseconds)


def day_of(moment: datetime) -> int:
    """Return the UTC day of an aware `moment`, in days since the epoch."""
    return (moment - EPOCH) // DAY


def start_of(day: int) -> datetime:
    """Return the moment at which a UTC day begins, given in days since the epoch."""
    return EPOCH + day * DAY
