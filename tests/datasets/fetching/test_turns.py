from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.datasets.fetching import turns as module
from bot.datasets.fetching.faults import FetchFailedError
from bot.datasets.fetching.turns import Manners, Turns
from tests.datasets.fetching.serving import PICTURE, answer, fetcher, serving, whole
from tests.horde.clients import SkippingClock


async def visits(turns: Turns, hosts: list[str]) -> tuple[int, dict[str, int]]:
    """Visit all at once; return the most that were inside together, in all and by host."""
    inside: list[str] = []
    most, most_by_host = 0, dict.fromkeys(hosts, 0)

    async def visit(host: str) -> None:
        nonlocal most
        async with turns.turn(host):
            inside.append(host)
            most = max(most, len(inside))
            most_by_host[host] = max(most_by_host[host], inside.count(host))
            for _ in range(5):
                await asyncio.sleep(0)
            inside.remove(host)

    await asyncio.gather(*map(visit, hosts))
    return most, most_by_host


async def test_so_many_at_once_in_all_and_a_host() -> None:
    turns = Turns(SkippingClock(), Manners(connections=5, a_host=2, pause=0))
    most, by_host = await visits(turns, [f"{number % 4}.test" for number in range(40)])
    assert most == 5
    assert set(by_host.values()) == {2}


async def test_a_host_has_a_pause_between_two_requests() -> None:
    clock = SkippingClock()
    began = clock.now()
    turns = Turns(clock, Manners(a_host=3, pause=0.5))
    await visits(turns, ["one.test"] * 11)
    assert clock.now() - began == timedelta(seconds=5)


async def test_a_host_that_is_put_off_is_waited_for_or_left() -> None:
    clock = SkippingClock()
    began = clock.now()
    turns = Turns(clock, Manners(pause=0, patience=60))
    turns.put_off("busy.test", 60)
    turns.put_off("busy.test", 3)  # a shorter wish does not undo the longer one
    async with turns.turn("other.test"):
        assert clock.now() == began
    async with turns.turn("busy.test"):
        assert clock.now() == began + timedelta(seconds=60)
    turns.put_off("busy.test", 61)
    with pytest.raises(FetchFailedError) as raised:
        async with turns.turn("busy.test"):
            pass
    assert (raised.value.fault, raised.value.wait) == ("busy", 61)


async def test_a_host_that_fails_time_after_time_is_given_up() -> None:
    turns = Turns(SkippingClock(), Manners(pause=0, failures=3))
    for _ in range(2):
        turns.failed("dead.test")
    turns.heard("dead.test")
    for _ in range(2):
        turns.failed("dead.test")
    async with turns.turn("dead.test"):
        turns.failed("dead.test")
    with pytest.raises(FetchFailedError) as raised:
        async with turns.turn("dead.test"):
            pass
    assert raised.value.fault == "given_up"
    async with turns.turn("other.test"):
        pass


async def test_a_busy_server_is_given_up_and_a_refusing_one_is_not() -> None:
    pages = {"/": answer(b"", status=429), "/gone": answer(b"", status=404)}
    async with serving(pages) as site, fetcher(site, manners=Manners(pause=0)) as fetching:
        faults = []
        for path in ["/gone"] * 9 + ["/"] * 9:
            with pytest.raises(FetchFailedError) as raised:
                await fetching.fetch(site.url(path), whole)
            faults.append(raised.value.fault)
        assert faults == ["not_found"] * 9 + ["busy"] * 2 + ["given_up"] * 7
        assert site.paths.count("/") == 5


async def test_idle_hosts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_IDLE", 10)
    turns = Turns(SkippingClock(), Manners(pause=0, patience=1))
    turns.put_off("busy.test", 5)
    for number in range(100):
        async with turns.turn(f"{number}.test"):
            pass
    assert len(turns._hosts) <= 11  # noqa: SLF001 - what must not grow
    with pytest.raises(FetchFailedError):
        async with turns.turn("busy.test"):
            pass


@pytest.mark.parametrize(
    ("busy", "slept"),
    [
        (answer(b"", {"Retry-After": "7"}, status=429), 7.0),
        (answer(b"", {"Retry-After": "7"}, status=503), 7.0),
        (answer(b"", {}, status=429), 10.0),
        (
            answer(
                b"",
                {
                    "Date": "Sun, 01 Mar 2026 12:00:00 GMT",
                    "Retry-After": "Sun, 01 Mar 2026 12:00:09 GMT",
                },
                status=429,
            ),
            9.0,
        ),
    ],
)
async def test_a_busy_server_is_asked_again_when_it_wants(busy: bytes, slept: float) -> None:
    clock = SkippingClock()
    async with serving({"/": [busy, answer()]}) as site, fetcher(site, clock=clock) as fetching:
        assert await fetching.fetch(site.url("/"), whole) == PICTURE
        assert sum(clock.slept) == pytest.approx(slept)


async def test_a_server_that_stays_busy_is_left() -> None:
    busy = answer(b"", {"Retry-After": "7"}, status=429)
    async with serving({"/": busy}) as site, fetcher(site) as fetching:
        with pytest.raises(FetchFailedError) as raised:
            await fetching.fetch(site.url("/"), whole)
        assert raised.value.fault == "busy"
        assert len(site.asked) == 2


async def test_a_server_that_asks_for_an_hour_is_not_asked_again() -> None:
    busy = answer(b"", {"Retry-After": "3600"}, status=429)
    async with serving({"/": busy, "/other": answer()}) as site, fetcher(site) as fetching:
        for path in ("/", "/other"):
            with pytest.raises(FetchFailedError) as raised:
                await fetching.fetch(site.url(path), whole)
            assert raised.value.fault == "busy"
        assert site.paths == ["/"]


async def test_a_server_sees_no_more_connections_than_manners_allow() -> None:
    async with (
        serving({"/": answer()}) as site,
        fetcher(site, manners=Manners(a_host=2, pause=0)) as fetching,
    ):
        await asyncio.gather(*(fetching.fetch(site.url("/"), whole) for _ in range(20)))
        assert len(site.asked) == 20
        assert site.most_at_once <= 2
