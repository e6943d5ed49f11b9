from __future__ import annotations

from sqlite3 import Connection

import pytest

from bot.errors import (
    BannedError,
    ClosedPostError,
    ForeignPostError,
    NotAgeRestrictedError,
    NotAllowedError,
    NothingLeftError,
    UnknownDataSetError,
)
from bot.keyed_hash import KeyedHash
from bot.rating.scales import SCALES
from bot.rating.sessions import Showing
from bot.rating.showing import show
from bot.trust.enrolment import Enrolment
from storage import data_sets, erasures, image_stages, raters
from storage.erasure_file import Erasure
from storage.times import to_microseconds
from tests.rating.world import NOON, Changes, World, caller


async def rate(world: World, discord_id: int, showing: Showing) -> Showing:
    """Give both scores and go on."""
    await world.vote(discord_id, showing.post_id)
    return await world.sessions.advance(caller(discord_id), showing.post_id)


async def test_a_session_shows_each_image_once_and_ends(world: World) -> None:
    await world.data_set(6, target=2)
    await world.agree(1)
    showing = await world.start(1)
    seen = [showing.image.id]
    for number in range(5):
        assert showing.today == number
        showing = await rate(world, 1, showing)
        seen.append(showing.image.id)
    assert sorted(seen) == sorted(set(seen))
    with pytest.raises(NothingLeftError):
        await rate(world, 1, showing)
    with pytest.raises(NothingLeftError):
        await world.start(1)
    assert await world.value("SELECT count(*) FROM votes WHERE surface = 'private'") == 6


async def test_going_on_twice_leads_to_one_post(world: World) -> None:
    await world.data_set(6)
    await world.agree(1)
    first = await world.start(1)
    second = await rate(world, 1, first)
    world.restart()
    assert await world.sessions.advance(caller(1), first.post_id) == second
    again = await world.sessions.advance(caller(1), second.post_id)
    assert again == second, "an image that waits for scores is shown again"
    assert await world.value("SELECT count(*) FROM posts") == 2


async def test_a_served_image_is_kept_for_ten_minutes(world: World) -> None:
    await world.data_set(1, target=1)
    await world.agree(1, 2)
    showing = await world.start(1)
    with pytest.raises(NothingLeftError):
        await world.start(2)
    world.clock.turn(600)
    other = await world.start(2)
    assert other.image.id == showing.image.id
    with pytest.raises(NothingLeftError):
        await world.sessions.advance(caller(1), showing.post_id)


async def test_a_new_session_takes_up_the_image_that_is_kept(world: World) -> None:
    await world.data_set(30)
    await world.agree(1)
    first = await world.start(1)
    await world.press(1, first.post_id, "aesthetic", 4)
    again = await world.start(1)
    assert (again.image.id, again.scores) == (first.image.id, {"aesthetic": 4})
    assert await world.value("SELECT count(*) FROM reservations") == 1


async def test_half_a_public_vote_is_finished_in_private(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(30)))
    await world.agree(1)
    await world.press(1, post, "aesthetic", 4)
    showing = await world.start(1)
    assert showing.image.id == (await world.image(post)).id
    receipt = await world.press(1, showing.post_id, "artifacts", 0)
    assert receipt.completed_now
    vote = await world.stored(1, receipt.image_id)
    assert vote is not None
    assert vote.surface == "public", "a vote says where it began"


async def test_skipped_images_never_come_back(world: World) -> None:
    await world.data_set(3)
    await world.agree(1)
    first = await world.start(1)
    second = await world.sessions.skip(caller(1), first.post_id, "cannot_judge")
    assert await world.sessions.skip(caller(1), first.post_id, "not_for_me") == second
    third = await world.sessions.skip(caller(1), second.post_id, "not_for_me")
    assert len({first.image.id, second.image.id, third.image.id}) == 3
    with pytest.raises(NothingLeftError):
        await world.sessions.skip(caller(1), third.post_id, "not_loading")
    assert await world.value("SELECT count(*) FROM skips WHERE reason = 'cannot_judge'") == 1
    now = to_microseconds(world.clock.now())
    assert await world.value("SELECT count(*) FROM reservations WHERE expires_at > ?", now) == 0


async def test_going_back_shows_the_scores_and_takes_the_vote_back(world: World) -> None:
    await world.data_set(10)
    await world.agree(1)
    first = await world.start(1)
    assert first.previous_post_id is None
    second = await rate(world, 1, first)
    assert second.previous_post_id == first.post_id
    back = await world.sessions.go_back(caller(1), 900, first.post_id)
    assert (back.post_id, back.undone, back.today) == (first.post_id, True, 0)
    assert back.scores == {"aesthetic": 7, "artifacts": 1}
    assert (await world.image(first.post_id)).complete_votes == 0
    await world.press(1, first.post_id, "aesthetic", 2)
    forward = await world.sessions.advance(caller(1), first.post_id)
    assert forward.post_id == second.post_id
    vote = await world.stored(1, first.image.id)
    assert vote is not None
    assert vote.scores == {"aesthetic": 2, "artifacts": 1}


async def test_an_undone_vote_is_kept_unchanged_and_the_session_goes_on(world: World) -> None:
    await world.data_set(10)
    await world.agree(1)
    first = await world.start(1)
    second = await rate(world, 1, first)
    await world.sessions.go_back(caller(1), 900, first.post_id)
    kept = await world.sessions.keep(caller(1), 901, first.post_id)
    assert (kept.post_id, kept.today) == (second.post_id, 1)
    assert await world.sessions.keep(caller(1), 902, first.post_id) == kept
    assert [entry.action for entry in await world.history(1, first.image.id)] == [
        "given",
        "given",
        "undone",
        "kept",
    ]


async def test_what_is_done_at_the_end_of_a_session_stays_done(world: World) -> None:
    await world.data_set(1)
    await world.agree(1)
    only = await world.start(1)
    await world.vote(1, only.post_id)
    await world.sessions.go_back(caller(1), 900, only.post_id)
    with pytest.raises(NothingLeftError):
        await world.sessions.keep(caller(1), 901, only.post_id)
    assert (await world.image(only.post_id)).complete_votes == 1


async def test_a_step_back_passes_over_skipped_images(world: World) -> None:
    await world.data_set(10)
    await world.agree(1)
    first = await world.start(1)
    second = await rate(world, 1, first)
    third = await world.sessions.skip(caller(1), second.post_id, "not_for_me")
    assert third.previous_post_id == first.post_id


async def test_no_step_leads_back_to_what_was_closed(world: World) -> None:
    await world.data_set(10, target=1)
    await world.agree(1)
    first = await world.start(1)
    second = await rate(world, 1, first)
    world.clock.turn(61)
    await world.posts.due(world.clock.now())
    assert (await world.sessions.advance(caller(1), first.post_id)).previous_post_id is None
    with pytest.raises(ClosedPostError):
        await world.sessions.go_back(caller(1), 900, first.post_id)
    assert second.previous_post_id == first.post_id


async def test_sessions_belong_to_their_rater(world: World) -> None:
    await world.data_set(10)
    await world.agree(1, 2)
    showing = await world.start(1)
    public = await world.public_post(await world.channel(await world.data_set(0)))
    for post in (showing.post_id, public):
        with pytest.raises(ForeignPostError):
            await world.sessions.advance(caller(2), post)
        with pytest.raises(ForeignPostError):
            await world.sessions.skip(caller(2), post, "not_for_me")


async def test_data_sets_are_served_only_where_granted(world: World) -> None:
    data_set = await world.data_set(3, name="ours")
    elsewhere = frozenset({7})
    with pytest.raises(UnknownDataSetError):
        await world.start(1, "ours", guild_id=7, guild_ids=elsewhere)
    with pytest.raises(UnknownDataSetError):
        await world.start(1, "missing")
    with pytest.raises(NotAllowedError):
        await world.start(1, guild_id=7, guild_ids=elsewhere)
    await world.database.write(
        lambda connection: data_sets.grant(connection, data_set.id, 7, world.clock.now())
    )
    assert (await world.start(1, guild_id=None, guild_ids=elsewhere)).data_set == "ours"


async def test_without_a_name_the_channels_data_set_comes_first(world: World) -> None:
    await world.data_set(3, name="a")
    await world.channel(await world.data_set(3, name="b"), channel_id=55)
    assert (await world.start(1)).data_set == "a"
    assert (await world.start(2, channel_id=55)).data_set == "b"


async def test_unsafe_images_are_served_only_in_age_restricted_channels(world: World) -> None:
    await world.data_set(4, safe=False)
    with pytest.raises(NothingLeftError):
        await world.start(1)
    with pytest.raises(NothingLeftError):
        await world.start(1, guild_id=None, age_restricted=True)
    showing = await world.start(1, age_restricted=True)
    assert not showing.image.safe
    with pytest.raises(NothingLeftError):
        await world.sessions.advance(caller(1), showing.post_id)


@pytest.mark.parametrize("place", [Changes(), Changes(guild_id=None, age_restricted=True)])
async def test_what_was_rated_in_an_age_restricted_place_is_not_shown_elsewhere(
    world: World, place: Changes
) -> None:
    await world.data_set(3, safe=False)
    await world.agree(1)
    nsfw = caller(1, age_restricted=True)
    first = await world.start(1, age_restricted=True)
    posts = [first.post_id]
    for number in range(2):
        for scale in SCALES:
            await world.press(1, posts[-1], scale, 3 + number, age_restricted=True)
        posts.append((await world.sessions.advance(nsfw, posts[-1])).post_id)
    assert (await world.sessions.advance(nsfw, first.post_id)).post_id == posts[1]
    plain = caller(1, **place)
    with pytest.raises(NothingLeftError):
        await world.sessions.advance(plain, first.post_id)
    with pytest.raises(NothingLeftError):
        await world.sessions.skip(plain, first.post_id, "not_for_me")
    assert await world.sessions.upcoming(plain, first.post_id) is None


async def test_a_showing_of_an_unsafe_image_is_refused_at_the_last_step(world: World) -> None:
    """Whatever led there: no path builds the card of such an image for such a place."""
    await world.data_set(1, safe=False)
    showing = await world.start(1, age_restricted=True)

    def unit(connection: Connection) -> Showing:
        rater = raters.get_or_create(connection, 1, NOON)
        return show(connection, caller(1), showing.post_id, rater, NOON)

    with pytest.raises(NotAgeRestrictedError):
        await world.database.write(unit)


async def test_what_is_announced_is_what_follows(world: World) -> None:
    await world.data_set(60)
    await world.agree(1)
    showing = await world.start(1)
    for _ in range(20):
        expected = await world.sessions.upcoming(caller(1), showing.post_id)
        showing = await rate(world, 1, showing)
        assert expected is not None
        assert showing.image.id == expected.id
    assert await world.value("SELECT count(*) FROM reservations") == 1


async def test_images_out_of_sight_are_passed_over(world: World) -> None:
    await world.data_set(4)
    await world.agree(1)
    first = await world.start(1)
    await world.database.write(lambda connection: image_stages.hide(connection, first.image.id))
    second = await world.sessions.advance(caller(1), first.post_id)
    assert second.image.id != first.image.id
    await world.posts.broken(second.post_id)
    third = await world.sessions.advance(caller(1), second.post_id)
    assert third.image.id not in {first.image.id, second.image.id}


async def test_votes_missing_after_the_reveal_are_gathered_in_private(world: World) -> None:
    """A vote is taken out of a revealed image; the gap is closed without a public post."""
    channel = await world.channel(await world.data_set(1, target=1))
    post = await world.public_post(channel)
    await world.agree(1, 2)
    first = await world.vote(1, post)
    world.clock.turn(60)
    await world.posts.due(world.clock.now())
    await world.posts.closed(post)
    revealed = (await world.image(post)).revealed_at
    await world.take_out(1)
    assert await world.posts.open_post(channel) is None
    showing = await world.start(2)
    assert showing.image.id == first.image_id
    receipt = await world.vote(2, showing.post_id)
    assert receipt.image_full
    vote = await world.stored(2, first.image_id)
    assert vote is not None
    assert vote.after_reveal
    world.clock.turn(30)
    assert (await world.press(2, showing.post_id, "aesthetic", 1)).changed
    world.clock.turn(31)
    assert await world.posts.due(world.clock.now()) == ()
    with pytest.raises(ClosedPostError):
        await world.press(2, showing.post_id, "aesthetic", 2)
    assert (await world.image(post)).revealed_at == revealed


async def test_votes_from_before_the_reveal_stay_as_they_are(world: World) -> None:
    """Even where a vote that is taken out opens the image again: its rater has seen the scores."""
    data_set = await world.data_set(1, target=2)
    showing = await world.start(1)
    post = await world.public_post(await world.channel(data_set))
    await world.agree(1, 2)
    await world.vote(1, showing.post_id)
    await world.vote(2, post)
    world.clock.turn(60)
    await world.posts.due(world.clock.now())
    await world.take_out(2)
    assert (await world.image(post)).stage == "begun"
    with pytest.raises(ClosedPostError):
        await world.press(1, showing.post_id, "aesthetic", 1)
    with pytest.raises(ClosedPostError):
        await world.voting.undo(caller(1), 900, showing.post_id)


async def test_who_was_banned_when_erased_gets_no_session(world: World) -> None:
    await world.data_set(1)
    await world.agree(2)
    erased = Erasure(
        discord_hash=Enrolment(KeyedHash(bytes(32))).digest(1),
        banned=True,
        erased_at=world.clock.now(),
    )
    await world.database.write(lambda connection: erasures.remember(connection, erased))
    with pytest.raises(BannedError):
        await world.start(1)


async def test_begun_images_are_finished_before_many_are_begun(world: World) -> None:
    await world.data_set(500, target=5)
    await world.agree(*range(1, 41))
    for discord_id in range(1, 41):
        showing = await world.start(discord_id)
        for _ in range(8):
            showing = await rate(world, discord_id, showing)
        await world.vote(discord_id, showing.post_id)
    begun = await world.value("SELECT count(*) FROM images WHERE stage = 'begun'")
    assert begun <= 20
    assert await world.value("SELECT begun_images FROM data_sets") == begun
    assert await world.value("SELECT count(*) FROM images WHERE stage = 'full'") >= 60


async def test_raters_get_images_in_differing_order(world: World) -> None:
    await world.data_set(20, target=50)
    firsts = {(await world.start(discord_id)).image.id for discord_id in range(1, 41)}
    assert len(firsts) > 10
