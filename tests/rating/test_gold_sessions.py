"""Gold images in private sessions: shown and answered like all others, and counted nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest

from bot.errors import (
    ClosedPostError,
    NotAgeRestrictedError,
    NothingLeftError,
    PlaceTakenError,
)
from bot.rating.receipts import Receipt
from bot.rating.sessions import Showing
from storage import gold_answers, image_stages, onboardings, risks, votes
from tests.rating.world import Changes, World, caller

ALWAYS = {"gold_percent": 100, "gold_percent_risk": 100, "repeat_percent": 0}
"""Gold wherever there is any."""


async def open_world(world: World, **settings: object) -> None:
    """Have gold shown whenever there is any, unless the settings say otherwise."""
    changed = {**ALWAYS, **settings}
    world.settings = world.settings.model_copy(update=changed)
    world.restart()


async def filled(world: World, number: int, *, target: int = 1) -> list[int]:
    """Make images that are full and closed, each by other raters; return their ids."""
    data_set = await world.data_set(number, target=target)
    others = range(900, 900 + target)
    await world.agree(*others)
    for other in others:
        showing: Showing | None = await world.start(other)
        while showing is not None:
            await world.vote(other, showing.post_id)
            try:
                showing = await world.sessions.advance(caller(other), showing.post_id)
            except NothingLeftError:
                showing = None
    world.clock.turn(61)
    await world.posts.due(world.clock.now())
    full = await world.value("SELECT count(*) FROM images WHERE stage = 'full'")
    assert full == number
    assert data_set.target == target
    return list(range(1, number + 1))


async def purpose(world: World, post_id: int) -> str:
    row = await world.database.read(
        lambda c: c.execute("SELECT purpose FROM posts WHERE id = ?", (post_id,)).fetchone()
    )
    return str(row[0])


async def answers(world: World) -> Sequence[tuple[int | None, ...]]:
    """Return all answers on gold: image, scores, asked, wrong."""
    return await world.database.read(
        lambda c: c.execute(
            "SELECT image_id, aesthetic, artifacts, asked, wrong FROM gold_answers"
        ).fetchall()
    )


async def first_gold(world: World, rater: int = 1) -> Showing:
    """Show a gold image that is full and closed; ordinary ones are left."""
    gold, *_ = await filled(world, 1)
    await world.data_set(5, target=3)
    await world.mark_gold(gold)
    await open_world(world)
    await world.agree(rater)
    showing = await world.start(rater)
    assert (showing.image.id, await purpose(world, showing.post_id)) == (gold, "gold")
    return showing


async def test_gold_is_shown_once_and_then_ordinary_images(world: World) -> None:
    gold = await filled(world, 3)
    await world.data_set(4, target=3)
    await world.mark_gold(*gold)
    await open_world(world)
    await world.agree(1)
    seen = []
    with suppress(NothingLeftError):
        showing = await world.start(1)
        while True:
            seen.append((showing.image.id, await purpose(world, showing.post_id)))
            await world.vote(1, showing.post_id)
            showing = await world.sessions.advance(caller(1), showing.post_id)
    assert sorted(seen) == [(n, "gold" if n in gold else "vote") for n in range(1, 8)]
    assert [kind for _, kind in seen[:3]] == ["gold"] * 3


@pytest.mark.parametrize("state", ["proposed", "refused", "retired"])
async def test_only_accepted_images_are_gold(world: World, state: str) -> None:
    gold = await filled(world, 1)
    await world.data_set(2)
    await world.mark_gold(*gold, state=state)  # type: ignore[arg-type]
    await open_world(world)
    assert await purpose(world, (await world.start(1)).post_id) == "vote"


async def test_a_gold_vote_counts_for_its_rater_alone(world: World) -> None:
    showing = await first_gold(world)
    before = await world.image(showing.post_id)
    receipt = await world.vote(1, showing.post_id, aesthetic=3, artifacts=1)
    assert receipt.completed_now
    assert (receipt.today, receipt.image_full) == (1, False)
    assert await world.image(showing.post_id) == before
    vote = await world.stored(1, showing.image.id)
    assert vote is not None
    assert (vote.gold, vote.complete, vote.after_reveal) == (True, True, False)
    assert await answers(world) == [(showing.image.id, 3, 1, 2, 1)]
    assert [entry.action for entry in await world.history(1, showing.image.id)] == ["given"] * 2
    assert await world.value("SELECT count(*) FROM reservations") == 0


async def test_a_gold_vote_can_be_changed_undone_and_kept_although_its_image_is_closed(
    world: World,
) -> None:
    showing = await first_gold(world)
    await world.vote(1, showing.post_id, aesthetic=3, artifacts=1)
    following = await world.sessions.advance(caller(1), showing.post_id)
    assert following.previous_post_id == showing.post_id
    world.clock.turn(30)
    assert (await world.press(1, showing.post_id, "aesthetic", 8)).changed
    assert await answers(world) == [(showing.image.id, 8, 1, 2, 0)]
    back = await world.sessions.go_back(caller(1), 901, showing.post_id)
    assert (back.undone, back.scores) == (True, {"aesthetic": 8, "artifacts": 1})
    assert await answers(world) == []
    onward = await world.sessions.keep(caller(1), 902, showing.post_id)
    assert onward.post_id == following.post_id
    assert await answers(world) == [(showing.image.id, 8, 1, 2, 0)]
    undone = await world.voting.undo(caller(1), 903, showing.post_id)
    assert (undone.state, undone.today) == ("undone", 0)
    assert await world.voting.undo(caller(1), 903, showing.post_id) == undone
    assert await answers(world) == []


async def test_a_gold_image_out_of_sight_takes_no_answer(world: World) -> None:
    showing = await first_gold(world)
    await world.database.write(lambda c: image_stages.hide(c, showing.image.id))
    with pytest.raises(ClosedPostError):
        await world.press(1, showing.post_id, "aesthetic", 8)
    assert (await world.sessions.advance(caller(1), showing.post_id)).image.id != showing.image.id


async def test_what_is_kept_comes_back_and_takes_no_place(world: World) -> None:
    """An ordinary image that was shown and not judged comes back for ten minutes; so does gold."""
    await world.data_set(1, target=1)
    await world.data_set(5, name="others")
    await world.mark_gold(1)
    await open_world(world)
    await world.agree(1, 2)
    # One more ordinary image, so that gold may be shown in its place.
    await world.data_set(1, target=1)
    showing = await world.start(1, "set")
    assert (showing.image.id, await purpose(world, showing.post_id)) == (1, "gold")
    await world.press(1, showing.post_id, "aesthetic", 4)
    again = await world.start(1, "set")
    assert (again.image.id, again.scores) == (1, {"aesthetic": 4})
    assert await purpose(world, again.post_id) == "gold"
    assert (await world.image(showing.post_id)).stage == "waiting"
    await open_world(world, gold_percent=0)
    other = await world.start(2, "set")
    assert await purpose(world, other.post_id) == "vote"
    assert other.image.id != 1
    with pytest.raises(NothingLeftError):  # what is gold is nothing else
        await world.sessions.skip(caller(2), other.post_id, "not_for_me")


async def test_gold_that_was_not_answered_is_not_pressed_upon_its_rater(world: World) -> None:
    showing = await first_gold(world)
    world.clock.turn(601)
    other = await world.start(1)
    assert other.image.id != showing.image.id
    assert await purpose(world, other.post_id) == "vote"


async def test_a_full_session_ends_with_its_last_ordinary_image(world: World) -> None:
    """Else whoever has judged everything would know that what still comes is gold."""
    gold = await filled(world, 3)
    await world.mark_gold(*gold)
    await open_world(world)
    with pytest.raises(NothingLeftError):
        await world.start(1)


async def test_a_public_vote_given_meanwhile_stays_an_ordinary_one(world: World) -> None:
    data_set = await world.data_set(1, target=2)
    post = await world.public_post(await world.channel(data_set))
    await world.data_set(3, target=2)
    await world.mark_gold(1)
    await open_world(world)
    await world.agree(1, 2)
    showing = await world.start(1)
    assert await purpose(world, showing.post_id) == "gold"
    await world.press(1, post, "aesthetic", 5)
    vote = await world.stored(1, 1)
    assert vote is not None
    assert not vote.gold
    receipt = await world.press(1, showing.post_id, "artifacts", 2)
    assert receipt.completed_now
    assert (await world.image(post)).complete_votes == 1
    assert await answers(world) == []
    await world.vote(2, post)
    world.clock.turn(61)
    await world.posts.due(world.clock.now())
    with pytest.raises(ClosedPostError):
        await world.press(1, showing.post_id, "aesthetic", 6)
    onward = await world.sessions.advance(caller(1), showing.post_id)
    assert onward.image.id != 1


async def test_a_gold_vote_stays_one_on_a_public_post(world: World) -> None:
    data_set = await world.data_set(1, target=1)
    post = await world.public_post(await world.channel(data_set))
    await world.data_set(3, target=2)
    await world.mark_gold(1)
    await open_world(world)
    await world.agree(1, 2)
    showing = await world.start(1)
    await world.vote(1, showing.post_id)
    receipt = await world.press(1, post, "aesthetic", 2)
    assert receipt.changed
    assert (await world.image(post)).complete_votes == 0
    assert await answers(world) == [(1, 2, 1, 2, 1)]
    await world.vote(2, post)
    assert (await world.image(post)).stage == "full"
    assert (await world.stored(1, 1)) is not None


async def test_an_image_answered_as_gold_is_no_ordinary_one_later(world: World) -> None:
    showing = await first_gold(world)
    await world.press(1, showing.post_id, "aesthetic", 5)
    await world.database.write(
        lambda c: c.execute("UPDATE images SET stage = 'begun' WHERE id = 1")
    )
    await open_world(world, gold_percent=0)
    world.clock.turn(24 * 3600)
    seen = {(await world.start(1)).image.id for _ in range(1)}
    with suppress(NothingLeftError, PlaceTakenError):
        current = await world.start(1)
        while True:
            seen.add(current.image.id)
            current = await world.sessions.skip(caller(1), current.post_id, "cannot_judge")
    assert seen == {2, 3, 4, 5, 6}


async def test_skipped_gold_never_comes_back(world: World) -> None:
    showing = await first_gold(world)
    following = await world.sessions.skip(caller(1), showing.post_id, "not_for_me")
    assert await purpose(world, following.post_id) == "vote"
    world.clock.turn(24 * 3600)
    assert (await world.start(1)).image.id != showing.image.id
    assert await answers(world) == []


async def test_half_an_answer_on_gold_is_held_against_what_is_right(world: World) -> None:
    showing = await first_gold(world)
    await world.press(1, showing.post_id, "aesthetic", 2)
    assert await answers(world) == [(showing.image.id, 2, None, 1, 1)]
    await world.press(1, showing.post_id, "aesthetic", 8)
    assert await answers(world) == [(showing.image.id, 8, None, 1, 0)]
    await world.voting.undo(caller(1), 900, showing.post_id)
    assert await answers(world) == []
    await world.press(1, showing.post_id, "aesthetic", 3)
    await world.sessions.skip(caller(1), showing.post_id, "cannot_judge")
    assert await answers(world) == [(showing.image.id, 3, None, 1, 1)]
    await world.database.write(
        lambda c: gold_answers.judge_again(c, showing.image.id, {"aesthetic": (1, 4)})
    )
    assert await answers(world) == [(showing.image.id, 3, None, 1, 0)]


async def test_gold_that_was_begun_comes_back_to_be_completed(world: World) -> None:
    showing = await first_gold(world)
    await world.press(1, showing.post_id, "aesthetic", 2)
    again = await world.start(1)
    assert (again.image.id, again.scores) == (showing.image.id, {"aesthetic": 2})
    await world.press(1, again.post_id, "artifacts", 0)
    assert await answers(world) == [(showing.image.id, 2, 0, 2, 1)]


async def test_gold_that_is_retired_while_it_is_shown_leaves_no_record(world: World) -> None:
    showing = await first_gold(world)
    await world.mark_gold(showing.image.id, state="retired")
    receipt = await world.vote(1, showing.post_id)
    assert receipt.completed_now
    assert await answers(world) == []
    vote = await world.stored(1, showing.image.id)
    assert vote is not None
    assert vote.gold


async def test_an_image_whose_result_was_shown_is_gold_no_more(world: World) -> None:
    """Its post told everybody in the channel what is right."""
    data_set = await world.data_set(1, target=1)
    post = await world.public_post(await world.channel(data_set))
    await world.data_set(2, target=2)
    await world.mark_gold(1)
    await open_world(world)
    await world.agree(1, 2)
    assert await purpose(world, (await world.start(1)).post_id) == "gold"
    await world.vote(2, post)
    world.clock.turn(24 * 3600)
    await world.posts.due(world.clock.now())
    assert await world.value("SELECT count(*) FROM images WHERE revealed_at IS NOT NULL") == 1
    await introduced(world, 3)
    assert await purpose(world, (await world.start(3)).post_id) == "vote"


async def test_what_was_skipped_before_it_was_gold_is_not_shown_as_gold(world: World) -> None:
    await world.data_set(1)
    await world.agree(1, 2)
    first = await world.start(1)
    with suppress(NothingLeftError):
        await world.sessions.skip(caller(1), first.post_id, "not_for_me")
    await world.database.write(lambda c: c.execute("DELETE FROM reservations").rowcount)
    await world.data_set(3)
    await world.mark_gold(1)
    await open_world(world)
    await introduced(world, 1, 2)
    assert await purpose(world, (await world.start(1)).post_id) == "vote"
    assert await purpose(world, (await world.start(2)).post_id) == "gold"


@pytest.mark.parametrize("place", [Changes(), Changes(guild_id=None, age_restricted=True)])
async def test_unsafe_gold_is_shown_where_unsafe_images_are(world: World, place: Changes) -> None:
    await world.data_set(1, safe=False)
    await world.data_set(3)
    await world.mark_gold(1)
    await open_world(world)
    assert (await world.start(1, **place)).image.id != 1
    shown = await world.start(2, age_restricted=True)
    assert shown.image.id == 1
    assert (await world.start(2, **place)).image.id != 1, "although it is kept for them"
    assert (await world.sessions.advance(caller(2, **place), shown.post_id)).image.id != 1
    await world.agree(2)
    with pytest.raises(NotAgeRestrictedError):
        await world.press(2, shown.post_id, "aesthetic", 5, **place)


async def introduced(world: World, *discord_ids: int) -> None:
    """Have raters agree and leave their lessons behind them."""
    await world.agree(*discord_ids)
    now = world.clock.now()
    for discord_id in discord_ids:
        number = await world.number(discord_id)
        await world.database.write(partial(onboardings.begin, rater=number, lessons=5, now=now))
        await world.database.write(
            partial(onboardings.end, rater=number, outcome="finished", now=now)
        )


async def test_what_is_announced_is_what_follows_with_gold_in_it(world: World) -> None:
    gold = await filled(world, 12)
    await world.data_set(60, target=9)
    await world.mark_gold(*gold)
    await open_world(world, gold_percent=50, gold_percent_risk=50)
    await introduced(world, 1)
    showing = await world.start(1)
    kinds = set()
    for number in range(20):
        expected = await world.sessions.upcoming(caller(1), showing.post_id)
        await world.vote(1, showing.post_id)
        following = await world.sessions.advance(caller(1), showing.post_id)
        if number % 5 == 0:
            world.restart()
        assert await world.sessions.advance(caller(1), showing.post_id) == following
        showing = following
        kinds.add(await purpose(world, showing.post_id))
        assert expected is not None
        assert showing.image.id == expected.id
    assert kinds == {"gold", "vote"}


async def test_risk_decides_how_much_gold_there_is(world: World) -> None:
    gold = await filled(world, 40)
    await world.data_set(60, target=9)
    await world.mark_gold(*gold)
    await open_world(world, gold_percent=0, gold_percent_risk=100)
    await introduced(world, 1, 2)
    now = world.clock.now()
    number = await world.number(2)
    await world.database.write(lambda c: risks.set_gold_percent(c, number, 100, now))
    assert await purpose(world, (await world.start(2)).post_id) == "vote", "gold is off"
    await open_world(world, gold_percent=1, gold_percent_risk=100)
    world.clock.turn(700)
    posts = [(await world.start(rater)).post_id for rater in (1, 2)]
    for _ in range(9):
        for rater in (0, 1):
            await world.vote(rater + 1, posts[rater])
            following = await world.sessions.advance(caller(rater + 1), posts[rater])
            posts[rater] = following.post_id
    counted = "SELECT count(*) FROM posts p JOIN raters r ON r.number = p.rater"
    shown = f"{counted} WHERE r.discord_id = ? AND p.purpose = 'gold'"
    assert await world.value(shown, 2) == 10
    assert await world.value(shown, 1) <= 2


async def test_receipts_of_gold_say_what_receipts_say(world: World) -> None:
    """The same presses on a gold and on an ordinary image, side by side."""
    gold = await filled(world, 1)
    await world.data_set(1, name="other", target=3)
    await world.data_set(3, target=3)
    await world.mark_gold(*gold)
    await open_world(world)
    await world.agree(1, 2)
    told: list[list[Receipt | Showing]] = []
    for rater, name in ((1, "set"), (2, "other")):
        shown = await world.start(rater, name)
        post, who = shown.post_id, caller(rater)
        first, second = 700 + rater, 800 + rater
        told.append(
            [
                shown,
                await world.press(rater, post, "aesthetic", 4),
                await world.press(rater, post, "artifacts", 2),
                await world.press(rater, post, "artifacts", 3),
                await world.voting.undo(who, first, post),
                await world.sessions.go_back(who, first + 9, post),
                await world.voting.keep(who, second, post),
            ]
        )
    ours, theirs = (
        [repr(each).replace(f"post_id={mine[0].post_id}", "post_id=0") for each in mine]
        for mine in told
    )
    image = repr(told[0][0].image), repr(told[1][0].image)  # type: ignore[union-attr]
    changed = [each.replace(image[0], "picture").replace("'set'", "'x'") for each in ours]
    expected = [each.replace(image[1], "picture").replace("'other'", "'x'") for each in theirs]
    ids = [f"image_id={told[number][0].image.id}" for number in (0, 1)]  # type: ignore[union-attr]
    assert [each.replace(ids[0], "") for each in changed] == [
        each.replace(ids[1], "") for each in expected
    ]


@pytest.mark.parametrize("closed", [True, False])
async def test_a_recount_and_a_result_know_nothing_of_gold(world: World, *, closed: bool) -> None:
    if closed:
        await filled(world, 1)
    else:
        await world.data_set(1, target=1)
    await world.data_set(3)
    await world.mark_gold(1)
    await open_world(world)
    await world.agree(1)
    showing = await world.start(1)
    await world.vote(1, showing.post_id, aesthetic=9)
    before = await world.image(showing.post_id)
    now, delay = world.clock.now(), timedelta(seconds=60)
    stage = await world.database.write(lambda c: image_stages.recount(c, 1, now, delay))
    assert stage == ("full" if closed else "waiting")
    assert await world.image(showing.post_id) == before
    scores = await world.database.read(lambda c: votes.counted_scores(c, 1))
    assert scores == ([(7, 1)] if closed else [])
