"""What the Horde says about waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.horde.headers import LONGEST_PAUSE, Window, read_date, retry_after, window

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONGEST = LONGEST_PAUSE.total_seconds()


def date(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "3499"}, 3499),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": date(90)}, 90),
        ({"Retry-After": date(90), "Date": date(30)}, 60),
        ({"Retry-After": date(90), "Date": "yesterday"}, 90),
        ({"Retry-After": date(-90)}, 0),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "99999999999"}, LONGEST),
        ({"Retry-After": date(10**8)}, LONGEST),
        ({"Retry-After": "nan"}, 0),
        ({"Retry-After": "inf"}, 0),
        ({"Retry-After": "soon"}, 0),
    ],
)
def test_retry_after_is_in_seconds_or_a_date(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, NOW) == seconds


def described(limit: str, left: str, reset: str, **more: str) -> dict[str, str]:
    names = ("X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset")
    return dict(zip(names, (limit, left, reset), strict=True)) | more


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (described("90", "3", str(NOW.timestamp() + 600)), Window(90, 3, NOW + timedelta(0, 600))),
        (described("90", "3", "600"), Window(90, 3, NOW + timedelta(seconds=600))),
        (
            described("90", "3", str(NOW.timestamp() + 600), Date=date(100)),
            Window(90, 3, NOW + timedelta(seconds=500)),
        ),
        (described("90", "3", str(NOW.timestamp() - 5)), Window(90, 3, NOW)),
        (described("90", "", "600"), None),
        (described("0", "0", "600"), None),
        (described("90", "-1", "600"), None),
        (described("90", "3", "86401"), None),
        (described("many", "3", "600"), None),
        ({"X-Ratelimit-Limit": "90"}, None),
        ({}, None),
    ],
)
def test_a_window_is_known_when_described_in_full(
    headers: dict[str, str], found: Window | None
) -> None:
    assert window(headers, NOW) == found


@given(*[st.text() | st.floats().map(str) | st.integers().map(str)] * 5)
def test_nothing_in_a_header_breaks_the_reading(
    after: str, limit: str, left: str, reset: str, made: str
) -> None:
    headers = described(limit, left, reset, Date=made) | {"Retry-After": after}
    assert 0 <= retry_after(headers, NOW) <= LONGEST
    found = window(headers, NOW)
    assert found is None or NOW <= found.ends <= NOW + LONGEST_PAUSE


@given(st.text() | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [-+]?\d*"))
def test_dates_are_aware_or_none(text: str) -> None:
    moment = read_date(text)
    assert moment is None or moment.tzinfo is not None
