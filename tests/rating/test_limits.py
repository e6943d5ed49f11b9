"""What nobody can do to the others, however often they press."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import (
    BannedError,
    ClosedPostError,
    NothingLeftError,
    PlaceTakenError,
    RateLimitedError,
)
from storage import raters, reservations
from tests.rating.world import World, caller, make_settings


def limit(world: World, per_minute: int) -> None:
    world.settings = make_settings(rate_limit_per_minute=per_minute)
    world.restart()


async def test_half_votes_hold_a_place_once_more_and_then_no_more(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1, 2)
    await world.press(1, post, "aesthetic", 5)
    world.clock.turn(540)
    await world.press(1, post, "aesthetic", 6)
    world.clock.turn(540)
    with pytest.raises(PlaceTakenError):
        await world.press(2, post, "aesthetic", 5)
    await world.press(1, post, "aesthetic", 7)
    world.clock.turn(60)
    await world.press(1, post, "aesthetic", 8)
    assert (await world.vote(2, post)).image_full


async def test_a_session_holds_no_place_for_longer_either(world: World) -> None:
    await world.data_set(1, target=1)
    await world.agree(1, 2)
    showing = await world.start(1)
    for _ in range(2):
        world.clock.turn(540)
        await world.sessions.advance(caller(1), showing.post_id)
        assert (await world.start(1)).image == showing.image
    world.clock.turn(60)
    await world.vote(2, (await world.start(2)).post_id)


async def test_places_that_were_not_used_may_be_had_again_the_next_day(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1, 2)
    await world.press(1, post, "aesthetic", 5)
    world.clock.turn(600 + 86_400)
    await world.posts.due(world.clock.now())
    assert await world.value("SELECT count(*) FROM reservations") == 0
    await world.press(1, post, "aesthetic", 5)
    with pytest.raises(PlaceTakenError):
        await world.press(2, post, "aesthetic", 5)


async def test_a_rater_holds_ten_places_and_a_new_one_ends_the_oldest(world: World) -> None:
    data_set = await world.data_set(12, target=1)
    posts = [
        await world.public_post(
            await world.channel(
                data_set, channel_id=3000 + number // 10, open_posts=number % 10 + 1
            )
        )
        for number in range(11)
    ]
    await world.agree(1, 2)
    for number, post in enumerate(posts):
        world.clock.turn(1)
        await world.press(1, post, "aesthetic", 5, channel_id=3000 + number // 10)
    with pytest.raises(PlaceTakenError):
        await world.press(2, posts[1], "aesthetic", 5, channel_id=3000)
    await world.press(2, posts[0], "aesthetic", 5, channel_id=3000)
    assert reservations.MOST == 10


async def test_skipped_images_wait_for_others_again(world: World) -> None:
    """Or one person would begin them all."""
    await world.data_set(60)
    await world.agree(1, 2)
    showing = await world.start(1)
    for _ in range(50):
        showing = await world.sessions.skip(caller(1), showing.post_id, "not_for_me")
        assert await world.value("SELECT begun_images FROM data_sets") == 1
    assert await world.value("SELECT count(*) FROM images WHERE stage = 'begun'") == 1


async def test_a_skipped_image_with_a_vote_stays_begun(world: World) -> None:
    await world.data_set(1)
    await world.agree(1, 2)
    await world.vote(1, (await world.start(1)).post_id)
    showing = await world.start(2)
    with pytest.raises(NothingLeftError):
        await world.sessions.skip(caller(2), showing.post_id, "not_for_me")
    assert (await world.image(showing.post_id)).stage == "begun"


async def test_half_a_vote_begins_an_image_that_waits_again(world: World) -> None:
    await world.data_set(1)
    await world.agree(1, 2)
    first = await world.start(1)
    world.clock.turn(600)
    other = await world.start(2)
    with pytest.raises(NothingLeftError):
        await world.sessions.skip(caller(2), other.post_id, "not_for_me")
    assert (await world.image(first.post_id)).stage == "waiting"
    await world.press(1, first.post_id, "aesthetic", 5)
    assert (await world.image(first.post_id)).stage == "begun"
    assert await world.value("SELECT begun_images FROM data_sets") == 1


async def test_a_skipped_image_is_not_served_to_who_skipped_it_while_it_waits(
    world: World,
) -> None:
    await world.data_set(1)
    showing = await world.start(1)
    with pytest.raises(NothingLeftError):
        await world.sessions.skip(caller(1), showing.post_id, "not_for_me")
    assert (await world.image(showing.post_id)).stage == "waiting"
    with pytest.raises(NothingLeftError):
        await world.start(1)
    assert (await world.start(2)).image.id == showing.image.id


async def test_skips_and_sessions_are_limited_together(world: World) -> None:
    await world.data_set(60)
    limit(world, 3)
    showing = await world.start(1)
    for _ in range(2):
        showing = await world.sessions.skip(caller(1), showing.post_id, "not_for_me")
    with pytest.raises(RateLimitedError):
        await world.sessions.skip(caller(1), showing.post_id, "not_for_me")
    with pytest.raises(RateLimitedError):
        await world.start(1)
    with pytest.raises(RateLimitedError):
        await world.start(1)
    world.clock.turn(20)
    assert (await world.start(1)).image == showing.image


async def test_votes_taken_back_and_given_again_are_limited(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1)))
    await world.agree(1)
    limit(world, 2)
    await world.vote(1, post)
    await world.voting.undo(caller(1), 900, post)
    await world.voting.keep(caller(1), 901, post)
    with pytest.raises(RateLimitedError):
        await world.voting.undo(caller(1), 902, post)
    assert await world.value("SELECT count(*) FROM vote_history") == 4


async def test_a_clock_set_back_keeps_no_place(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1, 2)
    world.clock.turn(86_400)
    await world.press(1, post, "aesthetic", 5)
    world.clock.turn(-86_400)
    await world.press(2, post, "aesthetic", 5)
    with pytest.raises(PlaceTakenError):
        await world.press(1, post, "artifacts", 0)
    world.clock.turn(600)
    await world.press(1, post, "aesthetic", 6)
    with pytest.raises(PlaceTakenError):
        await world.press(2, post, "artifacts", 0)


async def test_a_vote_outlives_the_post_that_it_was_given_on(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=2)))
    await world.agree(1)
    await world.vote(1, post)
    await world.posts.lost(post, "a test")
    with pytest.raises(ClosedPostError):
        await world.press(1, post, "aesthetic", 1)
    assert (await world.voting.undo(caller(1), 900, post)).state == "undone"
    assert (await world.voting.keep(caller(1), 901, post)).completed_now


async def test_the_end_says_how_many_were_rated_today(world: World) -> None:
    await world.data_set(2)
    await world.agree(1)
    first = await world.start(1)
    await world.vote(1, first.post_id)
    second = await world.sessions.advance(caller(1), first.post_id)
    for refused in (
        world.sessions.skip(caller(1), second.post_id, "not_for_me"),
        world.sessions.advance(caller(1), second.post_id),
        world.start(1),
    ):
        with pytest.raises(NothingLeftError) as end:
            await refused
        assert end.value.today == 1


@pytest.mark.parametrize("banned_for", [None, timedelta(hours=1)])
async def test_who_is_banned_gets_no_further(world: World, banned_for: timedelta | None) -> None:
    await world.data_set(5)
    await world.agree(1)
    showing = await world.start(1)
    number = await world.number(1)
    until = None if banned_for is None else world.clock.now() + banned_for
    await world.database.write(
        lambda connection: raters.set_status(connection, number, "banned", until=until)
    )
    with pytest.raises(BannedError):
        await world.sessions.advance(caller(1), showing.post_id)
    with pytest.raises(BannedError):
        await world.sessions.skip(caller(1), showing.post_id, "not_for_me")
    assert await world.value("SELECT count(*) FROM skips") == 0
