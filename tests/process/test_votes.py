"""Posts, presses, kills and restarts of the real process."""

from __future__ import annotations

import asyncio

import pytest

from tests.loopback.messages import button_ids
from tests.loopback.server import Fault, LoopbackDiscord
from tests.loopback.world import EPHEMERAL, Json, Person
from tests.process.jury import CHANNEL, HOME_GUILD, Home, running
from tests.process.seed import seed

pytestmark = pytest.mark.process

RATER = Person(4242)


@pytest.fixture
def seeded(home: Home) -> Home:
    seed(home.database, home.folder / "pictures", guild_id=HOME_GUILD, channel_ids=(CHANNEL,))
    return home


def button(message: Json, start: str) -> str:
    return next(each for each in button_ids(message) if each.startswith(start))


async def agree_and_press(discord: LoopbackDiscord, post: Json, start: str) -> Json:
    asked = await discord.press(RATER, post, button(post, start))
    assert asked.response is not None
    consent = asked.response
    assert consent["flags"] & EPHEMERAL
    answered = await discord.press(RATER, consent, button(consent, "agree:"))
    assert answered.response is not None
    return answered.response


async def test_a_vote_survives_kill_and_restart(seeded: Home, discord: LoopbackDiscord) -> None:
    async with running(seeded) as jury:
        (post,) = await discord.wait_for_posts(CHANNEL, 1)
        await agree_and_press(discord, post, "vote:aesthetic:7:")
        jury.kill()
    assert seeded.rows("SELECT aesthetic, artifacts FROM votes") == [(7, None)]

    async with running(seeded) as jury:
        await discord.gateway.wait_for_shards(1, 20)
        answered = await discord.press(RATER, post, button(post, "vote:artifacts:1:"))
        assert answered.response is not None
        assert answered.response["flags"] & EPHEMERAL
        assert await jury.stop() == 0
    votes = seeded.rows("SELECT aesthetic, artifacts, completed_at IS NULL FROM votes")
    assert votes == [(7, 1, 0)]
    assert len(discord.world.in_channel(CHANNEL)) == 1


async def test_a_post_is_retried_after_a_rate_limit(seeded: Home, discord: LoopbackDiscord) -> None:
    limit = {"message": "You are being rate limited.", "retry_after": 0.2, "global": False}
    path = f"/channels/{CHANNEL}/messages"
    discord.faults.append(Fault("POST", path, 429, limit, {"Via": "1.1 loopback"}))
    async with running(seeded):
        await discord.wait_for_posts(CHANNEL, 1)
    assert [request.status for request in discord.paths("POST", path)] == [429, 200]


async def test_every_request_goes_to_the_address_of_the_setting(
    seeded: Home, discord: LoopbackDiscord
) -> None:
    async with running(seeded) as jury:
        (post,) = await discord.wait_for_posts(CHANNEL, 1)
        await agree_and_press(discord, post, "vote:aesthetic:3:")
        rate = await discord.command(RATER, CHANNEL, "rate")
        assert rate.response is not None
        assert rate.response["attachments"]
        assert await jury.stop() == 0
    (upload,) = discord.paths("POST", r"/channels/\d+/messages")
    assert upload.content_type == "multipart/form-data"
    assert discord.paths("PUT", r"/applications/\d+/commands")
    assert discord.paths("GET", "/gateway/bot")
    assert len(discord.paths("POST", "/interactions/.*/callback")) == 3


async def test_no_answer_is_asked_to_be_sent_back(seeded: Home, discord: LoopbackDiscord) -> None:
    async with running(seeded) as jury:
        (post,) = await discord.wait_for_posts(CHANNEL, 1)
        receipt = await agree_and_press(discord, post, "vote:aesthetic:3:")
        undone = await discord.press(RATER, receipt, button(receipt, "undo:"))
        assert undone.response is not None
        assert button(undone.response, "keep:")
        await discord.press(RATER, post, button(post, "report:"))
        await discord.command(RATER, CHANNEL, "rate")
        slow = await discord.command(RATER, CHANNEL, "privacy download")
        await asyncio.wait_for(slow.edited.wait(), 20)
        assert slow.response is not None
        assert slow.response["attachments"]
        assert await jury.stop() == 0
    callbacks = discord.paths("POST", "/interactions/.*/callback")
    kinds = [callback.body["type"] for callback in callbacks if isinstance(callback.body, dict)]
    assert sorted(kinds) == [4, 4, 5, 7, 7, 9]
    assert {callback.status for callback in callbacks} == {204}


async def test_a_press_in_flight_is_answered_before_the_stop(
    seeded: Home, discord: LoopbackDiscord
) -> None:
    async with running(seeded) as jury:
        (post,) = await discord.wait_for_posts(CHANNEL, 1)
        await agree_and_press(discord, post, "vote:aesthetic:1:")
        presses = [
            discord.build_press(RATER, post, button(post, f"vote:aesthetic:{value}:"))
            for value in range(2, 11)
        ]
        for press in presses:
            await discord.send(press, wait=False)
        await presses[0].answered.wait()
        assert await jury.stop() == 0
    receipts = [press for press in presses if press.response and not press.response["content"]]
    stored = seeded.rows("SELECT aesthetic FROM vote_history WHERE action = 'changed'")
    assert receipts
    assert len(stored) == len(receipts)
