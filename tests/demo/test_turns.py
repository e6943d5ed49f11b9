"""People never wait behind the crowd."""

from __future__ import annotations

import asyncio

import pytest

from bot.demo.turns import Turns


async def test_a_person_overtakes_the_crowd_that_waits() -> None:
    turns = Turns()
    order: list[str] = []
    running = asyncio.Event()
    finish = asyncio.Event()

    async def first() -> None:
        async with turns.crowd():
            running.set()
            await finish.wait()
            order.append("first")

    async def crowd(name: str) -> None:
        async with turns.crowd():
            order.append(name)

    async def person() -> None:
        async with turns.person():
            order.append("person")

    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        await running.wait()
        group.create_task(crowd("second"))
        group.create_task(crowd("third"))
        await asyncio.sleep(0)
        group.create_task(person())
        await asyncio.sleep(0)
        finish.set()
    assert order[:2] == ["first", "person"]
    assert sorted(order[2:]) == ["second", "third"]


async def test_one_acts_at_a_time() -> None:
    turns = Turns()
    acting = 0
    most = 0

    async def act(*, person: bool) -> None:
        nonlocal acting, most
        async with turns.person() if person else turns.crowd():
            acting += 1
            most = max(most, acting)
            await asyncio.sleep(0)
            acting -= 1

    async with asyncio.TaskGroup() as group:
        for index in range(20):
            group.create_task(act(person=index % 3 == 0))
    assert most == 1


async def test_the_turn_comes_back_after_an_error() -> None:
    turns = Turns()
    for turn in (turns.person, turns.crowd):
        with pytest.raises(LookupError):
            async with turn():
                raise LookupError
    async with asyncio.timeout(1), turns.crowd():
        pass
