from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from sqlite3 import Connection

import pytest

from bot.errors import ClosedPostError
from bot.rating.results import ScaleResult
from storage import data_sets, image_stages
from tests.rating.world import CHANNEL, NOON, Changes, World, caller


async def test_a_channel_gets_the_posts_it_lacks(world: World) -> None:
    channel = await world.channel(await world.data_set(10), open_posts=3)
    assert await world.posts.wanted(channel) == 3
    new = await world.posts.open_post(channel)
    assert new is not None
    assert await world.posts.wanted(channel) == 2, "a pending post counts"
    await world.public_post(channel)
    await world.public_post(channel)
    assert await world.posts.wanted(channel) == 0
    assert await world.posts.open_post(channel) is None
    assert await world.value("SELECT count(DISTINCT image_id) FROM posts") == 3


async def test_gold_is_posted_in_no_channel(world: World) -> None:
    data_set = await world.data_set(1)
    await world.agree(1)
    await world.press(1, (await world.start(1)).post_id, "aesthetic", 5)
    await world.data_set(4)
    await world.mark_gold(1, 2)
    await world.mark_gold(3, state="proposed")
    await world.mark_gold(4, state="retired")
    channel = await world.channel(data_set, open_posts=5)
    posted = {(await world.image(await world.public_post(channel))).id for _ in range(3)}
    assert posted == {3, 4, 5}
    assert await world.posts.open_post(channel) is None


async def test_no_image_is_twice_open_in_a_channel(world: World) -> None:
    data_set = await world.data_set(1)
    channel = await world.channel(data_set, open_posts=2)
    await world.public_post(channel)
    assert await world.posts.open_post(channel) is None
    other = await world.channel(data_set, channel_id=3, open_posts=2)
    assert await world.posts.open_post(other) is not None


async def test_posts_need_a_grant_and_a_safe_image(world: World) -> None:
    data_set = await world.data_set(1, safe=False)
    assert await world.posts.open_post(await world.channel(data_set)) is None
    foreign = await world.channel(data_set, channel_id=3, guild_id=7, safe_only=False)
    assert await world.posts.open_post(foreign) is None
    await world.database.write(
        lambda connection: data_sets.grant(connection, data_set.id, 7, world.clock.now())
    )
    assert await world.posts.open_post(foreign) is not None


async def test_unconfirmed_posts_are_found_after_a_restart(world: World) -> None:
    channel = await world.channel(await world.data_set(2), open_posts=2)
    new = await world.posts.open_post(channel)
    assert new is not None
    world.restart()
    assert [post.post_id for post in await world.posts.unconfirmed()] == [new.post_id]
    await world.posts.lost(new.post_id, "never sent")
    assert await world.posts.unconfirmed() == ()
    assert await world.posts.wanted(channel) == 2
    await world.posts.confirm(new.post_id, 1)
    assert await world.posts.wanted(channel) == 2, "a lost post stays lost"


async def test_a_full_image_closes_once_with_its_result(world: World) -> None:
    channel = await world.channel(await world.data_set(1, target=3))
    post = await world.public_post(channel)
    await world.agree(1, 2, 3, 4)
    await world.press(4, post, "aesthetic", 10)
    world.clock.turn(600)
    for rater, scores in {1: (2, 0), 2: (9, 1), 3: (10, 5)}.items():
        await world.vote(rater, post, *scores)
    full_at = world.clock.now()
    assert await world.posts.next_due() == full_at + timedelta(seconds=60)
    world.clock.turn(59)
    assert await world.posts.due(world.clock.now()) == ()
    world.clock.turn(1)
    (closing,) = await world.posts.due(world.clock.now())
    assert (closing.post_id, closing.channel_id, closing.message_id) == (post, CHANNEL, post + 5000)
    assert closing.prompt == closing.image.prompt
    assert closing.result is not None
    assert closing.result.raters == 3, "half a vote is no part of the result"
    assert closing.result.scales["aesthetic"] == ScaleResult(
        counts={value: int(value in {2, 9, 10}) for value in range(1, 11)},
        mean=7.0,
        median=9.0,
        raters=3,
    )
    assert closing.result.scales["artifacts"].mean == 2.0
    assert await world.posts.next_due() is None
    assert (await world.image(post)).revealed_at == world.clock.now()


async def test_a_close_is_listed_until_its_edit_is_confirmed(world: World) -> None:
    channel = await world.channel(await world.data_set(1, target=1))
    post = await world.public_post(channel)
    await world.agree(1)
    await world.vote(1, post)
    world.clock.turn(60)
    (closing,) = await world.posts.due(world.clock.now())
    world.clock.turn(60)
    world.restart()
    assert await world.posts.due(world.clock.now()) == (closing,)
    assert await world.posts.wanted(channel) == 1, "the next image follows at once"
    await world.posts.closed(post)
    assert await world.posts.due(world.clock.now()) == ()
    assert (await world.image(post)).revealed_at == NOON + timedelta(seconds=60)


async def test_all_posts_of_an_image_close_together(world: World) -> None:
    data_set = await world.data_set(1, target=1)
    posts = [
        await world.public_post(await world.channel(data_set, channel_id=number))
        for number in (3, 4)
    ]
    await world.agree(1)
    for scale in ("aesthetic", "artifacts"):
        await world.press(1, posts[0], scale, 1, channel_id=3)
    world.clock.turn(60)
    assert [post.post_id for post in await world.posts.due(world.clock.now())] == posts


async def test_an_undo_in_time_keeps_the_post_open_until_the_vote_is_given_again(
    world: World,
) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1)
    await world.vote(1, post)
    world.clock.turn(30)
    await world.voting.undo(caller(1), 900, post)
    world.clock.turn(60)
    assert await world.posts.due(world.clock.now()) == ()
    await world.voting.keep(caller(1), 901, post)
    with pytest.raises(ClosedPostError):
        await world.voting.undo(caller(1), 902, post)
    assert len(await world.posts.due(world.clock.now())) == 1


async def test_votes_taken_back_and_given_again_put_no_close_off(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1)
    await world.vote(1, post)
    closes_at = (await world.image(post)).closes_at
    for number in range(3):
        world.clock.turn(10)
        await world.voting.undo(caller(1), 900 + number, post)
        await world.press(1, post, "aesthetic", 1 + number)
        assert (await world.image(post)).closes_at == closes_at


async def test_a_clock_set_back_puts_no_close_off(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1)
    world.clock.turn(86_400)
    await world.vote(1, post)
    world.clock.turn(-86_400)
    assert await world.posts.due(world.clock.now()) == ()
    world.clock.turn(60)
    assert len(await world.posts.due(world.clock.now())) == 1


@pytest.mark.parametrize("state", ["pending", "open", "closing"])
async def test_a_channel_gets_no_image_that_it_still_shows(world: World, state: str) -> None:
    channel = await world.channel(await world.data_set(1, target=3), open_posts=2)
    post = await world.public_post(channel)
    await world.database.write(
        lambda connection: connection.execute(
            "UPDATE posts SET state = ? WHERE id = ?", (state, post)
        )
    )
    assert await world.posts.open_post(channel) is None


async def test_posts_of_hidden_images_close_without_a_result(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1)
    await world.vote(1, post)
    image = await world.image(post)
    await world.database.write(lambda connection: image_stages.hide(connection, image.id))
    (closing,) = await world.posts.due(world.clock.now())
    assert (closing.result, closing.prompt) == (None, None)
    assert (await world.image(post)).revealed_at is None


async def test_a_post_confirmed_late_closes_with_its_image(world: World) -> None:
    """Its message was sent, and the program stopped before it knew of it."""
    data_set = await world.data_set(1, target=1)
    late = await world.posts.open_post(await world.channel(data_set, channel_id=3))
    assert late is not None
    await world.agree(1)
    for scale in ("aesthetic", "artifacts"):
        await world.press(1, late.post_id, scale, 1, channel_id=3)
    world.clock.turn(60)
    assert await world.posts.due(world.clock.now()) == ()
    await world.posts.confirm(late.post_id, 77)
    with pytest.raises(ClosedPostError):
        await world.press(1, late.post_id, "aesthetic", 1, channel_id=3)
    (closing,) = await world.posts.due(world.clock.now())
    assert closing.message_id == 77
    assert (await world.image(late.post_id)).revealed_at == world.clock.now()


async def hide(world: World, image_id: int, *, hidden: bool = True) -> None:
    def unit(connection: Connection) -> None:
        if hidden:
            image_stages.hide(connection, image_id)
        else:
            image_stages.restore(connection, image_id, world.clock.now(), timedelta(seconds=60))

    await world.database.write(unit)


async def closed_post(world: World) -> int:
    """Return a post that closed with its result."""
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1)
    await world.vote(1, post)
    world.clock.turn(60)
    await world.posts.due(world.clock.now())
    await world.posts.closed(post)
    return post


async def test_hiding_reaches_closed_posts_once_and_restoring_brings_them_back(
    world: World,
) -> None:
    post = await closed_post(world)
    image = await world.image(post)
    await hide(world, image.id)
    (closing,) = await world.posts.due(world.clock.now())
    assert (closing.result, closing.prompt, closing.hidden) == (None, None, True)
    await world.posts.closed(post, hidden=True)
    assert await world.posts.due(world.clock.now()) == ()
    await hide(world, image.id, hidden=False)
    (closing,) = await world.posts.due(world.clock.now())
    assert closing.result is not None
    assert (closing.prompt, closing.bare, closing.hidden) == (image.prompt, True, False)
    await world.posts.closed(post)
    assert await world.posts.due(world.clock.now()) == ()


async def test_a_post_that_is_hidden_while_it_closes_is_bare_afterwards(world: World) -> None:
    """The edit that takes the picture away may be made, and the program stop before it is noted."""
    post = await closed_post(world)
    image = await world.image(post)
    await hide(world, image.id)
    await world.posts.due(world.clock.now())
    await hide(world, image.id, hidden=False)
    (closing,) = await world.posts.due(world.clock.now())
    assert closing.bare


async def test_restoring_an_image_without_a_result_leaves_its_closed_post(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1)))
    image = await world.image(post)
    await hide(world, image.id)
    await world.posts.due(world.clock.now())
    await world.posts.closed(post, hidden=True)
    await hide(world, image.id, hidden=False)
    assert await world.posts.due(world.clock.now()) == ()


async def test_a_revoked_data_set_closes_its_posts_without_a_result(world: World) -> None:
    data_set = await world.data_set(2, target=1)
    await world.database.write(
        lambda connection: data_sets.grant(connection, data_set.id, 7, world.clock.now())
    )
    channel = await world.channel(data_set, channel_id=3, guild_id=7, open_posts=2)
    posts = [await world.public_post(channel) for _ in range(2)]
    await world.agree(1)
    there: Changes = {"guild_id": 7, "channel_id": 3, "guild_ids": frozenset({7})}
    for scale in ("aesthetic", "artifacts"):
        await world.press(1, posts[0], scale, 1, **there)
    world.clock.turn(60)
    await world.database.write(lambda connection: data_sets.revoke(connection, data_set.id, 7))
    closing = await world.posts.due(world.clock.now())
    assert [post.post_id for post in closing] == posts
    assert {(post.result, post.prompt) for post in closing} == {(None, None)}
    assert (await world.image(posts[0])).revealed_at is None
    for post in posts:
        await world.posts.closed(post)
    assert await world.posts.due(world.clock.now()) == ()


async def test_a_message_of_a_pending_post_opens_it(world: World) -> None:
    new = await world.posts.open_post(await world.channel(await world.data_set(1)))
    assert new is not None
    await world.posts.found(new.post_id, CHANNEL + 1, 77)
    assert len(await world.posts.unconfirmed()) == 1, "a message elsewhere is not its own"
    await world.posts.found(new.post_id, CHANNEL, 77)
    assert await world.posts.unconfirmed() == ()
    await world.agree(1)
    await world.vote(1, new.post_id)


async def test_a_message_of_a_post_that_was_given_up_is_closed(world: World) -> None:
    channel = await world.channel(await world.data_set(2), open_posts=2)
    new = await world.posts.open_post(channel)
    assert new is not None
    await world.posts.lost(new.post_id, "for the test")
    other = await world.public_post(channel)
    await world.posts.found(new.post_id, CHANNEL, other + 5000)
    assert await world.posts.due(world.clock.now()) == (), "a message of another post is not its"
    await world.posts.found(new.post_id, CHANNEL, 77)
    (closing,) = await world.posts.due(world.clock.now())
    assert (closing.post_id, closing.message_id, closing.result) == (new.post_id, 77, None)


async def test_unsafe_posts_of_a_channel_are_taken_down(world: World) -> None:
    data_set = await world.data_set(1, safe=False)
    await world.data_set(1)
    channel = await world.channel(data_set, safe_only=False, open_posts=2)
    posts = [await world.public_post(channel) for _ in range(2)]
    unsafe = [post for post in posts if not (await world.image(post)).safe]
    assert await world.posts.channels_with_unsafe() == [CHANNEL]
    assert await world.posts.take_down_unsafe(CHANNEL) == 1
    assert await world.posts.channels_with_unsafe() == []
    (closing,) = await world.posts.due(world.clock.now())
    assert ([closing.post_id], closing.result) == (unsafe, None)


async def test_a_lost_channel_frees_its_images(world: World) -> None:
    channel = await world.channel(await world.data_set(3), open_posts=3)
    posts = [await world.public_post(channel) for _ in range(3)]
    await world.posts.lost(posts[0], "its message is gone")
    assert await world.posts.wanted(channel) == 1
    again = await world.posts.open_post(channel)
    assert again is not None
    assert again.image.id == (await world.image(posts[0])).id
    assert await world.posts.lost_channel(CHANNEL) == 3
    assert await world.posts.wanted(channel) == 3
    await world.agree(1)
    with pytest.raises(ClosedPostError):
        await world.press(1, posts[1], "aesthetic", 1)


async def test_revealed_images_are_never_opened_again(world: World) -> None:
    data_set = await world.data_set(1, target=1)
    channel = await world.channel(data_set)
    post = await world.public_post(channel)
    await world.agree(1)
    await world.vote(1, post)
    world.clock.turn(60)
    await world.posts.due(world.clock.now())
    await world.posts.closed(post)
    await world.database.write(lambda connection: data_sets.set_target(connection, data_set.id, 9))
    await world.database.write(
        lambda connection: image_stages.follow_target(
            connection, data_set.id, world.clock.now(), timedelta(seconds=60)
        )
    )
    assert (await world.image(post)).stage == "begun"
    assert await world.posts.open_post(channel) is None


async def test_an_image_filled_in_private_is_never_revealed(world: World) -> None:
    await world.data_set(1, target=1)
    await world.agree(1)
    showing = await world.start(1)
    await world.vote(1, showing.post_id)
    world.clock.turn(60)
    assert await world.posts.due(world.clock.now()) == ()
    image = await world.image(showing.post_id)
    assert (image.stage, image.closes_at, image.revealed_at) == ("full", None, None)


async def test_a_stopped_channel_wants_nothing(world: World) -> None:
    channel = await world.channel(await world.data_set(3))
    assert await world.posts.wanted(replace(channel, started=False)) == 0
