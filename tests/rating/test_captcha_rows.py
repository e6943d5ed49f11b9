"""What came of captchas, and the copy of it on each vote."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from sqlite3 import Connection

import pytest

from storage import captchas
from storage.captchas import CaptchaRecord, CaptchaState
from tests.rating.world import NOON, World

RECORD = CaptchaRecord(
    failed=3, passed=5, expired=1, unavailable=2, votes_left=7, fails_in_a_row=1, not_before=NOON,
    kind="audio",
)  # fmt: skip


@pytest.fixture
async def number(world: World) -> int:
    await world.agree(1)
    return await world.number(1)


async def test_a_record_comes_back_as_it_was_saved(world: World, number: int) -> None:
    read = partial(captchas.record, rater=number)
    assert await world.database.read(read) == CaptchaRecord()
    for record in (RECORD, replace(RECORD, not_before=None, kind="question", votes_left=0)):
        await world.database.write(partial(captchas.save, rater=number, kept=record))
        assert await world.database.read(read) == record


async def test_a_vote_keeps_the_balance_of_its_beginning(world: World, number: int) -> None:
    channel = await world.channel(await world.data_set(3), open_posts=3)
    posts = [await world.public_post(channel) for _ in range(3)]
    before = await world.press(1, posts[0], "aesthetic", 5)
    await world.database.write(partial(captchas.save, rater=number, kept=RECORD))
    begun = await world.press(1, posts[1], "aesthetic", 5)
    await world.database.write(partial(captchas.save, rater=number, kept=replace(RECORD, failed=9)))
    await world.press(1, posts[1], "artifacts", 1)
    later = await world.press(1, posts[2], "aesthetic", 5)
    votes = [await world.stored(1, receipt.image_id) for receipt in (before, begun, later)]
    assert [vote and vote.captchas_failed for vote in votes] == [0, -2, 4]


async def test_votes_are_counted_since_the_last_pass(world: World, number: int) -> None:
    def since(connection: Connection) -> int | None:
        return captchas.votes_since_pass(connection, number, 4, world.clock.now())

    channel = await world.channel(await world.data_set(6), open_posts=6)
    posts = [await world.public_post(channel) for _ in range(6)]
    await world.vote(1, posts[0])
    assert await world.database.read(since) is None
    ends: tuple[tuple[int, CaptchaState], ...] = (
        (1, "passed"), (0, "passed"), (0, "failed"), (0, "expired"),
    )  # fmt: skip
    for votes, state in ends:
        now = world.clock.now()
        add = partial(
            captchas.add, rater=number, kind="picture",
            press=captchas.KeptPress(posts[0], "aesthetic", 5, 77), tries_left=3, made_at=now,
            expires_at=now,
        )  # fmt: skip
        captcha = await world.database.write(add)
        end = partial(captchas.settle, captcha_id=captcha, state=state, now=now)
        await world.database.write(end)
        assert await world.database.read(since) == 0
        world.clock.turn(1)
        for post in posts[1 : 1 + votes]:
            await world.vote(1, post)
            assert await world.database.read(since) == 1
    for count, post in enumerate(posts[2:], start=1):
        await world.press(1, post, "aesthetic", 5)
        assert await world.database.read(since) == count - 1, "a half vote is none"
        await world.press(1, post, "artifacts", 1)
        assert await world.database.read(since) == count
    world.clock.turn(-86_400)
    assert await world.database.read(since) is None, "passed by a clock that was ahead"


async def test_only_what_ended_long_ago_is_forgotten(world: World, number: int) -> None:
    channel = await world.channel(await world.data_set(1))
    press = captchas.KeptPress(await world.public_post(channel), "aesthetic", 5, 77)
    ids = []
    for age in (3, 2, 1, 0):
        made = NOON - timedelta(days=age)
        add = partial(
            captchas.add, rater=number, kind="picture", press=press, tries_left=3, made_at=made,
            expires_at=made,
        )  # fmt: skip
        ids.append(await world.database.write(add))
        if age:
            end = partial(captchas.settle, captcha_id=ids[-1], state="passed", now=made)
            await world.database.write(end)
    await world.database.write(partial(captchas.forget, rater=number, before=NOON))
    left = [await world.database.read(partial(captchas.by_id, captcha_id=each)) for each in ids]
    assert [captcha and captcha.state for captcha in left] == [None, None, None, "open"]
