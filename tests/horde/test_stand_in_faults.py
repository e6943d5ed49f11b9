"""What can be made to go wrong, and what had moved by then."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.demo.horde import faults
from bot.demo.horde.faults import Fault
from tests.horde.asking import TRANSFER, Asker, asking, key_of, people
from tests.horde.stage import serving


@pytest.fixture
async def horde() -> AsyncIterator[Asker]:
    async with asking() as asker:
        yield asker


@pytest.mark.parametrize("fault", [faults.DROPPED, faults.RESET])
async def test_a_lost_connection_tells_nothing_of_what_moved(horde: Asker, fault: Fault) -> None:
    for times, each in enumerate((fault, fault.once_done())):
        horde.stand_in.fail(TRANSFER, each)
        with pytest.raises(aiohttp.ClientConnectionError):
            await horde.transfer("2", 10, key="k")
        assert len(horde.stand_in.paid) == times
    assert (await horde.transfer("2", 10, key="k")).status == 200
    assert len(horde.stand_in.paid) == 1


async def test_a_reset_is_a_reset_and_a_drop_an_end(horde: Asker) -> None:
    horde.stand_in.fail(TRANSFER, faults.RESET)
    with pytest.raises(aiohttp.ClientOSError) as caught:
        await horde.transfer("2", 10)
    assert caught.value.errno == errno.ECONNRESET
    horde.stand_in.fail(TRANSFER, faults.ANSWER_LOST)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await horde.transfer("2", 10)


@pytest.mark.parametrize("fault", [faults.CRASHED, faults.CRASHED_AFTER])
async def test_a_crash_before_and_after(horde: Asker, fault: Fault) -> None:
    horde.stand_in.fail(TRANSFER, fault, times=2)
    for _ in range(2):
        answer = await horde.transfer("2", 10, key="k")
        assert (answer.status, answer.body) == (500, {"message": "Internal Server Error"})
    assert len(horde.stand_in.paid) == fault.after
    assert (await horde.transfer("2", 10, key="k")).status == 200


async def test_a_limit_that_was_reached(horde: Asker) -> None:
    horde.stand_in.fail(TRANSFER, faults.too_many(retry_after=7))
    answer = await horde.transfer("2", 10)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert (answer.body, horde.stand_in.paid) == ({"message": "90 per 1 hour"}, [])


@pytest.mark.parametrize("status", [502, 503])
async def test_the_page_of_a_proxy(horde: Asker, status: int) -> None:
    horde.stand_in.fail(TRANSFER, faults.page(status))
    headers = {"apikey": key_of("jury")}
    async with horde.session.post(
        horde.url + TRANSFER, json={"username": "2"}, headers=headers
    ) as answer:
        assert (answer.status, answer.content_type) == (status, "text/html")
        assert (await answer.text()).startswith("<html>")


@pytest.mark.parametrize("fault", [faults.RUBBISH, faults.RUBBISH_AFTER])
async def test_rubbish_with_a_200(horde: Asker, fault: Fault) -> None:
    horde.stand_in.fail(TRANSFER, fault)
    headers = {"apikey": key_of("jury")}
    async with horde.session.post(
        horde.url + TRANSFER, json={"username": "2"}, headers=headers
    ) as answer:
        assert (answer.status, await answer.json()) == (200, [])
    assert len(horde.stand_in.paid) == fault.after


async def test_a_slow_request_is_carried_out_after_its_client_has_gone(horde: Asker) -> None:
    moved = asyncio.Event()
    horde.stand_in.transfers.on_paid = lambda _: moved.set()
    horde.stand_in.fail(TRANSFER, faults.slow(0.2))
    headers = {"apikey": key_of("jury"), "Idempotency-Key": "k"}
    with pytest.raises(TimeoutError):
        await horde.ask(
            "POST",
            TRANSFER,
            json={"username": "2", "amount": 10},
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=0.05),
        )
    assert horde.stand_in.paid == []
    await asyncio.wait_for(moved.wait(), 5)
    assert (await horde.transfer("2", 10, key="k")).status == 200
    assert len(horde.stand_in.paid) == 1


async def test_a_slow_answer_comes(horde: Asker) -> None:
    horde.stand_in.fail(TRANSFER, faults.slow(0.01).once_done())
    assert (await horde.transfer("2", 10)).body == {"transferred": 10.0}


async def test_faults_come_in_order_and_where_they_are_wanted(horde: Asker) -> None:
    horde.stand_in.fail("/v2/users", faults.CRASHED)
    horde.stand_in.fail(TRANSFER, faults.CRASHED)
    horde.stand_in.fail(TRANSFER, faults.too_many())
    assert (await horde.get("/v2/users/2")).status == 500
    assert (await horde.get("/v2/users/2")).status == 200
    assert [(await horde.transfer("2", 1)).status for _ in range(3)] == [500, 429, 200]
    horde.stand_in.fail(TRANSFER, faults.CRASHED, times=99)
    horde.stand_in.faults.clear()
    assert (await horde.transfer("2", 1)).status == 200


async def test_outside_of_its_block_connections_are_refused_and_the_port_can_be_had_again() -> None:
    async with asking(*people()) as horde:
        stand_in = horde.stand_in
        async with serving(stand_in) as url:
            port = int(url.split(":")[2].partition("/")[0])
        with pytest.raises(aiohttp.ClientConnectorError):
            await horde.session.get(f"{url}/v2/status/heartbeat")
        async with serving(stand_in, port) as again:
            assert again == url
            assert (await horde.session.get(f"{url}/v2/status/heartbeat")).status == 200
