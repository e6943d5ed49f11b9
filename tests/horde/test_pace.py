"""Transfers start as early as the limits allow, and no earlier."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import cycle, islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.horde.limits import TRANSFERS, Limiter
from bot.horde.headers import LONGEST_PAUSE
from bot.horde.pace import HOUR, MARGIN, SECOND, TransferPace
from tests.horde.clients import SkippingClock

LIMIT = 90
MANY = 250
PAUSES = st.lists(
    st.sampled_from([0.0, 0.001, 0.3, 0.999, 1.0, 1.1, 17.0, 41.0, 900.0, 3599.0]),
    min_size=1,
    max_size=8,
)
DELAYS = st.lists(st.sampled_from([0.0, 0.002, 0.25, 0.8, 4.0, 29.0]), min_size=1, max_size=8)


def check_limits(starts: list[datetime]) -> None:
    assert all(later - earlier >= SECOND for earlier, later in pairwise(starts))
    windows = zip(starts, starts[LIMIT:], strict=False)
    assert all(later - earlier >= HOUR for earlier, later in windows)


@settings(max_examples=40)
@given(PAUSES)
async def test_no_limit_is_passed_and_nobody_waits_longer_than_needed(pauses: list[float]) -> None:
    clock = SkippingClock()
    pace = TransferPace(clock)
    starts: list[datetime] = []
    for pause in islice(cycle(pauses), MANY):
        clock.turn(pause)
        allowed = clock.now()
        if starts:
            allowed = max(allowed, starts[-1] + SECOND)
        if len(starts) >= LIMIT:
            allowed = max(allowed, starts[-LIMIT] + HOUR)
        await pace.turn()
        assert clock.now() <= allowed + MARGIN
        starts.append(clock.now())
    check_limits(starts)


@settings(max_examples=40)
@given(PAUSES, DELAYS, DELAYS)
async def test_a_lone_sender_never_meets_the_servers_limits(
    pauses: list[float], ways: list[float], answers: list[float]
) -> None:
    """Requests reach the server late, by more or by less, and their answers take a while, too."""
    clock = SkippingClock()
    pace, limiter = TransferPace(clock), Limiter(clock)
    turns = zip(cycle(pauses), cycle(ways), cycle(answers), strict=False)
    for pause, way, answer in islice(turns, MANY):
        clock.turn(pause)
        await pace.turn()
        clock.turn(way)
        headers = limiter.hit("the bot's account", TRANSFERS)
        clock.turn(answer)
        pace.finished()
        pace.learn(headers)


@settings(max_examples=30)
@given(PAUSES, st.lists(st.integers(1, 120), min_size=1, max_size=4))
async def test_a_restart_forgets_no_transfer(pauses: list[float], restarts: list[int]) -> None:
    clock = SkippingClock()
    pace = TransferPace(clock)
    starts: list[datetime] = []
    turns_of_a_process = cycle(restarts)
    left = next(turns_of_a_process)
    for pause in islice(cycle(pauses), MANY):
        if not left:
            pace, left = TransferPace(clock), next(turns_of_a_process)
            pace.remember(reversed([each for each in starts if clock.now() - each <= HOUR]))
        clock.turn(pause)
        await pace.turn()
        starts.append(clock.now())
        left -= 1
    check_limits(starts)


async def test_ninety_go_out_one_a_second_and_the_next_an_hour_after_the_first() -> None:
    clock = SkippingClock()
    pace, began = TransferPace(clock), clock.now()
    for _ in range(LIMIT):
        await pace.turn()
    assert clock.now() - began == (LIMIT - 1) * (SECOND + MARGIN)
    assert pace.next_turn() == began + HOUR + MARGIN
    assert clock.now() - began < 2 * LIMIT * SECOND, "to look does not wait"
    await pace.turn()
    assert clock.now() == began + HOUR + MARGIN


async def test_all_senders_of_the_process_wait_in_one_line() -> None:
    clock = SkippingClock()
    pace = TransferPace(clock)
    starts: list[tuple[int, datetime]] = []

    async def send(number: int) -> None:
        for _ in range(10):
            await pace.turn()
            starts.append((number, clock.now()))
            await asyncio.sleep(0)  # or the first would come again before the others came at all

    await asyncio.gather(*(send(number) for number in range(12)))
    check_limits([moment for _, moment in starts])
    assert [number for number, _ in starts] == [*range(12)] * 10, "first come, first served"


async def test_the_next_waits_a_second_from_the_answer_on() -> None:
    clock = SkippingClock()
    pace = TransferPace(clock)
    await pace.turn()
    clock.turn(0.9)
    pace.finished()
    assert pace.next_turn() == clock.now() + SECOND + MARGIN


def test_a_pace_that_sent_nothing_may_start_at_once() -> None:
    clock = SkippingClock()
    pace = TransferPace(clock)
    pace.finished()
    pace.learn({})
    assert pace.next_turn() == clock.now()


def window(clock: SkippingClock, limit: int, left: int, seconds: float) -> dict[str, str]:
    return {
        "X-Ratelimit-Limit": str(limit),
        "X-Ratelimit-Remaining": str(left),
        "X-Ratelimit-Reset": str(clock.now().timestamp() + seconds),
        "Retry-After": str(int(seconds)),
    }


async def count_in_an_hour(pace: TransferPace, clock: SkippingClock) -> int:
    ends, sent = clock.now() + HOUR, 0
    while pace.next_turn() < ends:
        await pace.turn()
        sent += 1
    return sent


@pytest.mark.parametrize(("limit", "sent"), [(600, 600), (90, 90), (30, 30), (10**9, 600)])
async def test_the_limit_is_what_the_server_says(limit: int, sent: int) -> None:
    clock = SkippingClock()
    pace = TransferPace(clock)
    pace.learn(window(clock, limit, limit, 3600))
    assert await count_in_an_hour(pace, clock) == sent


async def test_a_limit_that_falls_holds_for_what_was_sent_before() -> None:
    clock = SkippingClock()
    pace, began = TransferPace(clock), clock.now()
    pace.learn(window(clock, 600, 600, 3600))
    for _ in range(200):
        await pace.turn()
    pace.learn(window(clock, 90, 5, 60))
    assert pace.next_turn() == began + (200 - 90) * (SECOND + MARGIN) + HOUR + MARGIN


async def test_the_window_of_a_second_says_nothing_of_the_hour() -> None:
    """So the Horde describes itself after each success: the smallest window, and a Retry-After."""
    clock = SkippingClock()
    pace = TransferPace(clock)
    pace.learn(window(clock, 1, 0, 1))
    assert pace.next_turn() == clock.now()
    assert await count_in_an_hour(pace, clock) == LIMIT


async def test_what_others_sent_from_the_account_counts() -> None:
    clock = SkippingClock()
    pace = TransferPace(clock)
    pace.learn(window(clock, 90, 2, 600))
    ends = clock.now() + timedelta(seconds=600)
    await pace.turn()
    await pace.turn()
    assert pace.next_turn() == ends
    await pace.turn()
    assert clock.now() == ends
    assert pace.next_turn() == ends + SECOND + MARGIN, "the next window is not known yet"


def test_nothing_starts_before_the_server_wants_it() -> None:
    clock = SkippingClock()
    pace = TransferPace(clock)
    moment = clock.now() + timedelta(seconds=3499)
    pace.not_before(moment)
    pace.not_before(moment - HOUR)
    assert pace.next_turn() == moment
    clock.turn(3499)
    assert pace.next_turn() == clock.now()


async def test_a_clock_that_is_set_back_does_not_stop_the_payouts() -> None:
    clock = SkippingClock()
    pace = TransferPace(clock)
    for _ in range(LIMIT):
        await pace.turn()
    pace.not_before(clock.now() + HOUR)
    pace.learn(window(clock, 90, 0, 3600))
    clock.turn(-365 * LONGEST_PAUSE.total_seconds())
    back = clock.now()
    while pace.next_turn() > clock.now():
        clock.turn(60)
    assert HOUR <= clock.now() - back <= LONGEST_PAUSE + timedelta(minutes=1)
