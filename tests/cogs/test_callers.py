"""Which servers somebody in a direct message shares with the bot."""

from __future__ import annotations

import asyncio

from cogs.ui.callers import SHARED_FOR
from tests.cogs.stage import HOME, Stage


def questions(stage: Stage, discord_id: int) -> int:
    path = f"/guilds/{HOME}/members/{discord_id}"
    return sum((r.method, r.path) == ("GET", path) for r in stage.env.http_requests)


async def test_presses_at_once_share_one_question(stage: Stage) -> None:
    ada, stranger = stage.member("ada").id, stage.env.create_user("stranger").id
    servers = stage.bot.shared_servers
    answers = await asyncio.gather(*(servers.of(who) for who in [ada, stranger] * 10))
    assert answers == [frozenset({HOME}), frozenset()] * 10
    assert (questions(stage, ada), questions(stage, stranger)) == (1, 1)
    assert await servers.of(ada) == {HOME}
    assert questions(stage, ada) == 1
    stage.clock.turn(SHARED_FOR.total_seconds())
    await servers.of(ada)
    assert questions(stage, ada) == 2


async def test_a_press_that_is_given_up_spoils_no_other(stage: Stage) -> None:
    ada = stage.member("ada").id
    first, second = (asyncio.create_task(stage.bot.shared_servers.of(ada)) for _ in range(2))
    while not questions(stage, ada):  # noqa: ASYNC110 - the simulated Discord tells nobody
        await asyncio.sleep(0)
    first.cancel()
    assert await second == {HOME}
    assert questions(stage, ada) == 1
