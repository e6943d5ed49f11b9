from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.trust.moments import parse_past
from bot.trust.refusals import FutureMomentError, UnknownMomentError

NOW = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        (" 2026-03-01 14:00 ", datetime(2026, 3, 1, 14, tzinfo=UTC)),
        ("2026-03-01 9:05", datetime(2026, 3, 1, 9, 5, tzinfo=UTC)),
        ("2026-03-01T14:00:30", datetime(2026, 3, 1, 14, 0, 30, tzinfo=UTC)),
        ("2026-03-01T14:00Z", datetime(2026, 3, 1, 14, tzinfo=UTC)),
        ("2026-03-01 14:00 utc", datetime(2026, 3, 1, 14, tzinfo=UTC)),
        ("2026-03-01 14:00 +02:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("30m", NOW - timedelta(minutes=30)),
        ("12h", NOW - timedelta(hours=12)),
        ("3d", NOW - timedelta(days=3)),
        ("3 D", NOW - timedelta(days=3)),
        ("2w", NOW - timedelta(weeks=2)),
        ("0m", NOW),
    ],
)
def test_what_moderators_type(typed: str, moment: datetime) -> None:
    assert parse_past(typed, NOW) == moment


@pytest.mark.parametrize(
    "typed",
    [
        "", "yesterday", "3", "d", "-3d", "3.5d", "3d12h", "99999d", "3y", "\u0663d",
        "2026-3-1", "01.03.2026", "2026-02-30", "2026-13-01", "2026-03-01 25:00",
        "2026-03-01 14", "2026-03-01 14:00 CET", "2026-03-01 14:00+99:00", "2026-03-01x",
        "0000-01-01", "0001-01-01 00:00 +02:00", "2026-03-01; DROP TABLE votes", "2026-03-01\n2",
    ],
)  # fmt: skip
def test_what_names_no_moment(typed: str) -> None:
    with pytest.raises(UnknownMomentError):
        parse_past(typed, NOW)


@pytest.mark.parametrize("typed", ["2026-03-05 12:31", "2027-01-01", "9999-12-31 23:59"])
def test_what_is_still_to_come(typed: str) -> None:
    with pytest.raises(FutureMomentError):
        parse_past(typed, NOW)


@given(typed=st.text(max_size=40) | st.from_regex(r"[0-9:TZw +\-]{0,30}", fullmatch=True))
def test_whatever_is_typed_is_past_or_refused(typed: str) -> None:
    with suppress(UserError):
        assert parse_past(typed, NOW) <= NOW
