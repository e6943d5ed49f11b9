"""Transfers keep to the Horde's limits, and to what its answers say of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest

from bot.demo.horde import faults
from bot.demo.horde.faults import Fault, Way
from bot.horde.answers import LONGEST_TROUBLE
from bot.horde.errors import NotKnownError, RefusedForNowError
from bot.horde.headers import LONGEST_PAUSE
from bot.horde.pace import MARGIN, SECOND
from tests.horde.asking import TRANSFER
from tests.horde.clients import (
    Horde,
    SkippingClock,
    address,
    answering,
    http,
    json_of,
    listening,
    talking_to,
)


async def test_a_limit_is_refused_for_now_and_nothing_is_sent_before_it_ends(horde: Horde) -> None:
    horde.stand_in.fail(TRANSFER, faults.too_many(3499))
    asked = horde.clock.now()
    error = await horde.refused()
    assert (type(error), error.rc, error.status) == (RefusedForNowError, "", 429)
    assert error.retry_after == 3499
    assert horde.client.pace.next_turn() == asked + timedelta(seconds=3499)
    await horde.client.transfer(2, 10, str(uuid4()))
    assert horde.clock.now() == asked + timedelta(seconds=3499)


async def test_a_proxy_that_wants_to_be_left_alone_is(horde: Horde) -> None:
    body = faults.page(503).body
    page = Fault(Way.ANSWER, status=503, body=body, content_type="text/html", retry_after=120)
    horde.stand_in.fail(TRANSFER, page)
    asked = horde.clock.now()
    error = await horde.refused()
    assert (type(error), error.retry_after) == (NotKnownError, 120)
    assert horde.client.pace.next_turn() == asked + timedelta(seconds=120)


@pytest.mark.parametrize(
    ("status", "longest"), [(429, LONGEST_PAUSE), (503, timedelta(seconds=LONGEST_TROUBLE))]
)
async def test_no_server_is_left_alone_for_days(
    horde: Horde, status: int, longest: timedelta
) -> None:
    horde.stand_in.fail(TRANSFER, replace(faults.too_many(10**9), status=status))
    asked = horde.clock.now()
    error = await horde.refused()
    assert error.retry_after == longest.total_seconds()
    assert horde.client.pace.next_turn() == asked + longest


@pytest.mark.parametrize("status", [403, 429, 502])
async def test_a_proxy_says_nothing_of_the_hour(clock: SkippingClock, status: int) -> None:
    hour = ("X-Ratelimit-Limit: 2", "X-Ratelimit-Remaining: 0", "X-Ratelimit-Reset: 600")
    page = http(f"{status} X", "<html>", *hour)
    async with answering(page) as server, talking_to(server.url, clock) as client:
        with pytest.raises(NotKnownError):
            await client.transfer(2, 10, "key")
        assert client.pace.next_turn() == clock.now() + SECOND + MARGIN


async def test_what_a_success_says_of_the_next_second_delays_nothing_more(horde: Horde) -> None:
    await horde.client.transfer(2, 10, str(uuid4()))
    assert horde.client.pace.next_turn() == horde.clock.now() + SECOND + MARGIN


async def test_a_success_asks_for_no_pause(clock: SkippingClock) -> None:
    paid = json_of("200 OK", '{"transferred": 10.0}', "Retry-After: 3000")
    async with answering(paid) as server, talking_to(server.url, clock) as client:
        await client.transfer(2, 10, "key")
        assert client.pace.next_turn() == clock.now() + SECOND + MARGIN


async def test_what_an_answer_says_of_the_hour_is_kept_to(clock: SkippingClock) -> None:
    hour = ("X-Ratelimit-Limit: 90", "X-Ratelimit-Remaining: 0", "X-Ratelimit-Reset: 600")
    paid = json_of("200 OK", '{"transferred": 10.0}', *hour)
    async with answering(paid) as server, talking_to(server.url, clock) as client:
        await client.transfer(2, 10, "key")
        assert client.pace.next_turn() == clock.now() + timedelta(seconds=600)


async def test_transfers_reach_the_server_one_by_one_and_a_second_apart(
    clock: SkippingClock,
) -> None:
    """Also where an answer takes its time, or is lost."""
    arrived: list[datetime] = []
    open_requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_requests
        open_requests += 1
        await reader.readuntil(b"}")
        assert open_requests == 1
        clock.turn(0.7)
        arrived.append(clock.now())
        clock.turn(0.1)
        if len(arrived) % 2:
            writer.write(json_of("200 OK", '{"transferred": 10.0}', "Connection: close"))
        open_requests -= 1
        writer.close()

    async with listening(serve) as port, talking_to(address(port), clock) as client:
        sending = [client.transfer(2, 10, f"key-{number}") for number in range(6)]
        await asyncio.gather(*sending, return_exceptions=True)
    assert len(arrived) == 6
    assert all(later - earlier >= 1.8 * SECOND for earlier, later in pairwise(arrived))


async def test_two_hundred_transfers_meet_no_limit(horde: Horde) -> None:
    began = horde.clock.now()

    async def send(count: int) -> None:
        for _ in range(count):
            await horde.client.transfer(2, 1, str(uuid4()))

    await asyncio.gather(*(send(50) for _ in range(4)))
    assert horde.moved() == [(1, 2, 1)] * 200
    assert horde.clock.now() - began < timedelta(hours=2, seconds=30)
