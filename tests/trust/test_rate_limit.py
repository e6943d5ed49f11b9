from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.trust.rate_limit import MINUTE, admit


def test_so_many_at_once_then_one_an_interval() -> None:
    arrival: int | None = None
    for _ in range(40):
        arrival, wait = admit(1000, arrival, 40)
        assert wait == 0
    assert admit(1000, arrival, 40) == (arrival, MINUTE // 40)
    assert admit(1000 + MINUTE // 40 - 1, arrival, 40) == (arrival, 1)
    assert admit(1000 + MINUTE // 40, arrival, 40)[1] == 0


@given(
    per_minute=st.integers(1, 10_000),
    gaps=st.lists(st.integers(0, 10_000_000), min_size=1, max_size=200),
)
def test_no_minute_sees_more_than_twice_the_limit(per_minute: int, gaps: list[int]) -> None:
    now, arrival = 0, None
    admitted: list[int] = []
    for gap in gaps:
        now += gap
        arrival, wait = admit(now, arrival, per_minute)
        if wait == 0:
            admitted.append(now)
        else:
            assert admit(now + wait, arrival, per_minute)[1] == 0, "waiting so long is enough"
            assert admit(now + wait - 1, arrival, per_minute)[1] > 0, "and none too long"
    for moment in admitted:
        assert sum(moment <= other < moment + MINUTE for other in admitted) <= 2 * per_minute


@given(
    per_minute=st.integers(1, 10_000),
    spent=st.integers(1, 50),
    step=st.integers(-90_000_000_000, 90_000_000_000),
)
def test_a_clock_that_is_set_keeps_nobody_waiting(per_minute: int, spent: int, step: int) -> None:
    now, arrival = 10**15, None
    for _ in range(spent):
        arrival, _ = admit(now, arrival, per_minute)
    now += step
    arrival, wait = admit(now, arrival, per_minute)
    assert wait <= MINUTE // per_minute
    arrival, wait = admit(now + wait, arrival, per_minute)
    assert wait <= MINUTE // per_minute
