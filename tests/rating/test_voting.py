from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import CLIENT_AGENT
from bot.errors import (
    BannedError,
    ClosedPostError,
    ConsentNeededError,
    ForeignPostError,
    NotAgeRestrictedError,
    NotAllowedError,
    NothingToUndoError,
    PlaceTakenError,
    RateLimitedError,
    UnknownPostError,
    UserError,
    WrongValueError,
)
from bot.rating.scales import SCALES
from bot.rating.voting import ScorePress
from storage import data_sets, image_stages, raters, votes
from tests.rating.world import NOON, Changes, World, caller, make_settings


async def test_two_presses_make_a_complete_vote(world: World) -> None:
    data_set = await world.data_set(5)
    post = await world.public_post(await world.channel(data_set))
    await world.agree(1)
    world.clock.turn(5)
    half = await world.press(1, post, "artifacts", 0, locale="de")
    assert (half.scores, half.missing) == ({"artifacts": 0}, ("aesthetic",))
    assert (half.completed_now, half.changed, half.today) == (False, False, 0)
    world.clock.turn(5)
    full = await world.press(1, post, "aesthetic", 10, locale="de")
    assert (full.scores, full.missing) == ({"artifacts": 0, "aesthetic": 10}, ())
    assert (full.completed_now, full.image_full, full.today) == (True, False, 1)
    assert (await world.image(post)).complete_votes == 1
    vote = await world.stored(1, full.image_id)
    assert vote is not None
    assert (vote.surface, vote.locale, vote.post_id) == ("public", "de", post)
    assert vote.shown_at == NOON
    assert vote.scored_at == {
        "artifacts": NOON + timedelta(seconds=5),
        "aesthetic": NOON + timedelta(seconds=10),
    }
    assert vote.completed_at == vote.changed_at == NOON + timedelta(seconds=10)
    assert not vote.after_reveal
    agent = await world.database.read(
        lambda connection: connection.execute("SELECT name FROM client_agents").fetchall()
    )
    assert agent == [(CLIENT_AGENT,)]


def test_every_scale_has_its_columns() -> None:
    assert tuple(SCALES) == votes.SCALES


async def test_a_press_again_changes_the_score_and_keeps_its_trace(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(5)))
    await world.agree(1)
    first = await world.vote(1, post, aesthetic=3)
    world.clock.turn(1)
    changed = await world.press(1, post, "aesthetic", 8)
    assert (changed.changed, changed.completed_now, changed.today) == (True, False, 1)
    same = await world.press(1, post, "aesthetic", 8)
    assert not same.changed
    entries = await world.history(1, first.image_id)
    assert [(entry.action, entry.scores) for entry in entries] == [
        ("given", {"aesthetic": 3}),
        ("given", {"aesthetic": 3, "artifacts": 1}),
        ("changed", {"aesthetic": 8, "artifacts": 1}),
        ("given", {"aesthetic": 8, "artifacts": 1}),
    ]
    assert (await world.image(post)).complete_votes == 1


async def test_the_same_interaction_twice_gives_one_receipt(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(5)))
    await world.agree(1, 2)
    await world.press(1, post, "artifacts", 2)
    press = ScorePress(900, post, "aesthetic", 4)
    once = await world.voting.take(caller(1), press)
    changed = await world.voting.take(caller(1), ScorePress(901, post, "aesthetic", 5))
    assert await world.voting.take(caller(1), press) == once
    assert await world.voting.take(caller(1), ScorePress(901, post, "aesthetic", 5)) == changed
    undone = await world.voting.undo(caller(1), 902, post)
    kept = await world.voting.keep(caller(1), 903, post)
    assert replace(await world.voting.undo(caller(1), 902, post), today=0) == undone
    assert await world.voting.keep(caller(1), 903, post) == kept
    assert kept.completed_now
    assert await world.value("SELECT count(*) FROM vote_history") == 5
    with pytest.raises(UnknownPostError):
        await world.voting.take(caller(2), press)


async def test_undo_keeps_the_scores_and_frees_the_count(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(5)))
    await world.agree(1)
    await world.vote(1, post, 6, 2)
    undone = await world.voting.undo(caller(1), 900, post)
    assert (undone.state, undone.scores, undone.today) == (
        "undone",
        {"aesthetic": 6, "artifacts": 2},
        0,
    )
    assert (await world.image(post)).complete_votes == 0
    with pytest.raises(NothingToUndoError):
        await world.voting.undo(caller(1), 901, post)
    revived = await world.press(1, post, "aesthetic", 9)
    assert (revived.scores, revived.changed, revived.completed_now) == (
        {"aesthetic": 9, "artifacts": 2},
        True,
        True,
    )
    with pytest.raises(NothingToUndoError):
        await world.voting.keep(caller(1), 902, post)
    assert (await world.image(post)).complete_votes == 1


async def test_an_undone_place_is_kept_for_its_rater(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1, 2)
    assert (await world.vote(1, post)).image_full
    await world.voting.undo(caller(1), 900, post)
    assert (await world.image(post)).closes_at is None
    with pytest.raises(PlaceTakenError):
        await world.press(2, post, "aesthetic", 5)
    world.clock.turn(601)
    await world.vote(2, post)
    with pytest.raises(PlaceTakenError):
        await world.voting.keep(caller(1), 901, post)
    assert (await world.image(post)).complete_votes == 1


async def test_half_a_vote_holds_its_place_for_ten_minutes(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1, 2)
    await world.press(1, post, "aesthetic", 5)
    with pytest.raises(PlaceTakenError):
        await world.press(2, post, "aesthetic", 5)
    world.clock.turn(599)
    with pytest.raises(PlaceTakenError):
        await world.press(2, post, "aesthetic", 5)
    world.clock.turn(1)
    await world.vote(2, post)
    with pytest.raises(PlaceTakenError):
        await world.press(1, post, "artifacts", 0)
    assert (await world.image(post)).complete_votes == 1


async def test_a_full_image_closes_later_and_takes_changes_until_then(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1, 2)
    await world.vote(1, post)
    image = await world.image(post)
    assert (image.stage, image.closes_at) == ("full", NOON + timedelta(seconds=60))
    with pytest.raises(PlaceTakenError):
        await world.press(2, post, "aesthetic", 5)
    world.clock.turn(59)
    assert (await world.press(1, post, "aesthetic", 2)).changed
    world.clock.turn(1)
    await world.posts.due(world.clock.now())
    with pytest.raises(ClosedPostError):
        await world.press(1, post, "aesthetic", 3)
    with pytest.raises(ClosedPostError):
        await world.voting.undo(caller(1), 900, post)


@pytest.mark.parametrize(
    ("scale", "value"), [("aesthetic", 0), ("aesthetic", 11), ("artifacts", 6), ("beauty", 1)]
)
async def test_wrong_values_are_refused(world: World, scale: str, value: int) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1)))
    await world.agree(1)
    with pytest.raises(WrongValueError):
        await world.press(1, post, scale, value)


async def test_unknown_foreign_and_moved_buttons_are_refused(world: World) -> None:
    channel = await world.channel(await world.data_set(5))
    post = await world.public_post(channel)
    await world.agree(1, 2)
    with pytest.raises(UnknownPostError):
        await world.press(1, post + 1, "aesthetic", 5)
    with pytest.raises(UnknownPostError):
        await world.voting.take(caller(1), ScorePress(900, post, "aesthetic", 5, message_id=1))
    with pytest.raises(UnknownPostError):
        await world.voting.take(
            caller(1, channel_id=3), ScorePress(900, post, "aesthetic", 5, message_id=post + 5000)
        )
    with pytest.raises(UnknownPostError):
        await world.press(1, post, "aesthetic", 5, channel_id=3)
    await world.voting.take(caller(1), ScorePress(900, post, "aesthetic", 5, post + 5000))
    await world.press(1, post, "aesthetic", 5)
    assert (await world.voting.undo(caller(1, channel_id=3), 901, post)).state == "undone"
    showing = await world.start(1)
    with pytest.raises(ForeignPostError):
        await world.press(2, showing.post_id, "aesthetic", 5)


async def test_a_press_before_its_message_is_confirmed_counts(world: World) -> None:
    channel = await world.channel(await world.data_set(1))
    new = await world.posts.open_post(channel)
    assert new is not None
    await world.agree(1)
    receipt = await world.voting.take(caller(1), ScorePress(1, new.post_id, "aesthetic", 5, 77))
    assert receipt.scores == {"aesthetic": 5}


async def test_hidden_images_take_nothing(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1)))
    await world.agree(1)
    image = await world.image(post)
    await world.database.write(lambda connection: image_stages.hide(connection, image.id))
    with pytest.raises(ClosedPostError):
        await world.press(1, post, "aesthetic", 5)


async def test_data_sets_are_usable_only_where_granted(world: World) -> None:
    data_set = await world.data_set(2)
    post = await world.public_post(await world.channel(data_set))
    await world.agree(1)
    elsewhere: Changes = {"guild_id": 7, "guild_ids": frozenset({7})}
    with pytest.raises(NotAllowedError):
        await world.press(1, post, "aesthetic", 5, **elsewhere)
    with pytest.raises(NotAllowedError):
        await world.press(1, post, "aesthetic", 5, guild_id=None, guild_ids=frozenset())
    await world.database.write(
        lambda connection: data_sets.grant(connection, data_set.id, 7, world.clock.now())
    )
    assert (await world.press(1, post, "aesthetic", 5, **elsewhere)).scores


async def test_unsafe_images_need_an_age_restricted_place_at_each_press(world: World) -> None:
    data_set = await world.data_set(2, safe=False)
    channel = await world.channel(data_set, safe_only=False)
    post = await world.public_post(channel)
    await world.agree(1)
    with pytest.raises(NotAgeRestrictedError):
        await world.press(1, post, "aesthetic", 5)
    with pytest.raises(NotAgeRestrictedError):
        await world.press(1, post, "aesthetic", 5, guild_id=None, age_restricted=True)
    await world.press(1, post, "aesthetic", 5, age_restricted=True)
    with pytest.raises(NotAgeRestrictedError):
        await world.press(1, post, "artifacts", 5)


async def test_consent_comes_first_and_is_recorded(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1)))
    with pytest.raises(ConsentNeededError):
        await world.press(1, post, "aesthetic", 5)
    await world.agree(1)
    await world.press(1, post, "aesthetic", 5)
    agreed = await world.value("SELECT consented_at FROM raters")
    world.clock.turn(5)
    await world.agree(1)
    assert await world.value("SELECT consented_at FROM raters") == agreed
    await world.database.write(
        lambda connection: connection.execute("UPDATE raters SET consent_version = 0")
    )
    with pytest.raises(ConsentNeededError):
        await world.press(1, post, "aesthetic", 5)


async def test_bans_end_by_themselves(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1)))
    await world.agree(1)
    number = await world.number(1)
    until = world.clock.now() + timedelta(hours=1)
    await world.database.write(
        lambda connection: raters.set_status(connection, number, "banned", until=until)
    )
    world.clock.turn(3599)
    with pytest.raises(BannedError):
        await world.press(1, post, "aesthetic", 5)
    with pytest.raises(BannedError):
        await world.start(1)
    world.clock.turn(1)
    await world.press(1, post, "aesthetic", 5)


async def test_the_rate_limit_survives_a_restart_and_spares_refusals(world: World) -> None:
    world.settings = make_settings(rate_limit_per_minute=3)
    world.restart()
    post = await world.public_post(await world.channel(await world.data_set(1)))
    await world.agree(1)
    for value in (1, 2):
        await world.press(1, post, "aesthetic", value)
    with pytest.raises(WrongValueError):
        await world.press(1, post, "aesthetic", 99)
    with pytest.raises(UnknownPostError):
        await world.press(1, 99, "aesthetic", 1)
    await world.press(1, post, "aesthetic", 3)
    world.restart()
    with pytest.raises(RateLimitedError) as refused:
        await world.press(1, post, "aesthetic", 4)
    assert refused.value.values == {"seconds": 20}
    assert (await world.voting.undo(caller(1), 900, post)).state == "undone"
    world.clock.turn(20)
    await world.press(1, post, "aesthetic", 4)


async def test_votes_that_are_taken_out_leave_the_count(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=1)))
    await world.agree(1, 2)
    await world.vote(1, post)
    await world.take_out(1)
    image = await world.image(post)
    assert (image.stage, image.complete_votes, image.closes_at) == ("begun", 0, None)
    assert (await world.vote(2, post)).image_full


async def test_today_begins_at_midnight_utc(world: World) -> None:
    channel = await world.channel(await world.data_set(5, target=1), open_posts=5)
    first, second = await world.public_post(channel), await world.public_post(channel)
    await world.agree(1)
    world.clock.turn(11 * 3600 + 59 * 60)
    assert (await world.vote(1, first)).today == 1
    world.clock.turn(60)
    assert (await world.vote(1, second)).today == 1


async def test_a_change_leaves_a_vote_in_the_day_that_completed_it(world: World) -> None:
    channel = await world.channel(await world.data_set(5), open_posts=5)
    first, second = await world.public_post(channel), await world.public_post(channel)
    await world.agree(1)
    await world.vote(1, first)
    world.clock.turn(12 * 3600)
    assert (await world.press(1, first, "aesthetic", 3)).today == 0
    assert (await world.vote(1, second)).today == 1
    assert (await world.press(1, second, "aesthetic", 3)).today == 1
    assert (await world.voting.undo(caller(1), 900, first)).today == 1
    assert (await world.voting.keep(caller(1), 901, first)).today == 2, "complete again as of now"
    assert (await world.voting.undo(caller(1), 902, second)).today == 1


async def test_a_void_vote_stays_void(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1)))
    await world.agree(1)
    await world.vote(1, post)
    await world.take_out(1)
    with pytest.raises(ClosedPostError):
        await world.press(1, post, "aesthetic", 5)


async def test_refusals_write_nothing(world: World) -> None:
    post = await world.public_post(
        await world.channel(await world.data_set(1, safe=False), safe_only=False)
    )
    await world.agree(1)
    refused: list[Changes] = [{"guild_ids": frozenset()}, {"age_restricted": False}]
    for changes in refused:
        with pytest.raises(UserError):
            await world.press(1, post, "aesthetic", 5, **changes)
    for table in ("votes", "vote_history", "reservations", "rate_limits"):
        assert await world.value(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - constants
