"""Repeats: images judged long ago, shown again; the second answer is kept apart."""

from __future__ import annotations

from contextlib import suppress

import pytest

from bot.errors import ClosedPostError, NothingToUndoError, UnknownPostError
from bot.rating.revision import ScorePress
from bot.rating.sessions import Showing
from bot.trust.gold.mixing import REPEAT_BEHIND
from storage import image_stages, repeats, votes
from storage.repeats import Repeat
from storage.times import to_microseconds
from tests.rating.world import World, caller

RATER = 1


async def veteran(world: World, given: int, *, images: int = 80) -> Showing:
    """Let a rater judge many images, each a minute after the other; return what is shown then."""
    await world.data_set(images, target=9)
    await world.agree(RATER)
    world.settings = world.settings.model_copy(update={"gold_percent": 0, "repeat_percent": 0})
    world.restart()
    showing = await world.start(RATER)
    for number in range(given):
        await world.vote(RATER, showing.post_id, aesthetic=number % 10 + 1, artifacts=number % 6)
        world.clock.turn(60)
        showing = await world.sessions.advance(caller(RATER), showing.post_id)
    world.settings = world.settings.model_copy(update={"repeat_percent": 100})
    world.restart()
    return showing


async def repeated(world: World) -> Showing:
    """Show a repeat to a rater who has judged enough."""
    showing = await veteran(world, REPEAT_BEHIND + 5)
    await world.vote(RATER, showing.post_id)
    showing = await world.sessions.advance(caller(RATER), showing.post_id)
    assert await kind(world, showing.post_id) == "repeat"
    return showing


async def kind(world: World, post_id: int) -> str:
    row = await world.database.read(
        lambda c: c.execute("SELECT purpose FROM posts WHERE id = ?", (post_id,)).fetchone()
    )
    return str(row[0])


async def answer(world: World, image_id: int) -> Repeat:
    number = await world.number(RATER)
    found = await world.database.read(lambda c: repeats.find(c, number, image_id))
    assert found is not None
    return found


async def test_nothing_is_repeated_before_it_may_be_forgotten(world: World) -> None:
    showing = await veteran(world, REPEAT_BEHIND - 1)
    await world.vote(RATER, showing.post_id)
    world.clock.turn(60)
    showing = await world.sessions.advance(caller(RATER), showing.post_id)
    assert await kind(world, showing.post_id) == "vote"
    await world.vote(RATER, showing.post_id)
    showing = await world.sessions.advance(caller(RATER), showing.post_id)
    assert await kind(world, showing.post_id) == "repeat"
    number = await world.number(RATER)
    old = await world.database.read(lambda c: votes.find(c, number, showing.image.id))
    assert old is not None
    assert old.completed_at is not None
    later = "SELECT count(*) FROM votes WHERE completed_at > ?"
    assert await world.value(later, to_microseconds(old.completed_at)) >= REPEAT_BEHIND


async def test_an_answer_on_gold_is_never_repeated(world: World) -> None:
    """It was no judgement of theirs that counts, and a second look would show what it was."""
    showing = await veteran(world, REPEAT_BEHIND + 5)
    await world.database.write(lambda c: c.execute("UPDATE votes SET gold = 1").rowcount)
    await world.vote(RATER, showing.post_id)
    showing = await world.sessions.advance(caller(RATER), showing.post_id)
    assert await kind(world, showing.post_id) == "vote"


async def test_a_second_answer_is_kept_apart_from_the_first(world: World) -> None:
    showing = await repeated(world)
    number = await world.number(RATER)
    before = await world.database.read(lambda c: votes.find(c, number, showing.image.id))
    assert before is not None
    history = await world.value("SELECT count(*) FROM vote_history")
    image = await world.image(showing.post_id)
    assert (showing.scores, showing.undone) == ({}, False), "it looks like one never judged"
    half = await world.press(RATER, showing.post_id, "aesthetic", 10)
    assert (half.missing, half.completed_now, half.today) == (("artifacts",), False, 56)
    world.clock.turn(3)
    whole = await world.press(RATER, showing.post_id, "artifacts", 5)
    assert (whole.missing, whole.completed_now, whole.today) == ((), True, 57)
    kept = await answer(world, showing.image.id)
    assert (kept.scores, kept.first) == ({"aesthetic": 10, "artifacts": 5}, before.scores)
    answered = await world.value("SELECT answered_at FROM repeat_answers")
    assert answered == to_microseconds(world.clock.now())
    assert await world.database.read(lambda c: votes.find(c, number, showing.image.id)) == before
    assert await world.value("SELECT count(*) FROM vote_history") == history
    assert await world.image(showing.post_id) == image
    following = await world.sessions.advance(caller(RATER), showing.post_id)
    assert following.image.id != showing.image.id
    assert following.today == 57


async def test_a_second_answer_is_changed_undone_and_kept_like_a_vote(world: World) -> None:
    showing = await repeated(world)
    post = showing.post_id
    await world.vote(RATER, post, aesthetic=3, artifacts=1)
    following = await world.sessions.advance(caller(RATER), post)
    assert following.previous_post_id == post
    back = await world.sessions.go_back(caller(RATER), 9001, post)
    assert (back.post_id, back.undone) == (post, True)
    assert (back.scores, back.today) == ({"aesthetic": 3, "artifacts": 1}, 56)
    assert await world.value("SELECT count(answered_at) FROM repeat_answers") == 0
    kept = await world.sessions.keep(caller(RATER), 9002, post)
    assert (kept.post_id, kept.today) == (following.post_id, 57)
    assert (await world.voting.keep(caller(RATER), 9002, post)).state == "given"
    with pytest.raises(NothingToUndoError):
        await world.voting.keep(caller(RATER), 9003, post)
    undone = await world.voting.undo(caller(RATER), 9004, post)
    assert await world.voting.undo(caller(RATER), 9004, post) == undone
    with pytest.raises(NothingToUndoError):
        await world.voting.undo(caller(RATER), 9005, post)
    again = await world.press(RATER, post, "aesthetic", 4)
    assert (again.changed, again.completed_now, again.state) == (True, True, "given")
    assert (await answer(world, showing.image.id)).scores == {"aesthetic": 4, "artifacts": 1}


async def test_a_press_that_is_delivered_again_changes_nothing(world: World) -> None:
    showing = await repeated(world)
    await world.press(RATER, showing.post_id, "aesthetic", 10)
    first = await answer(world, showing.image.id)
    interaction = next(world.interactions) - 1
    world.clock.turn(5)
    await world.press(RATER, showing.post_id, "aesthetic", 4)
    second = await answer(world, showing.image.id)
    assert second != first
    again = await world.voting.take(
        caller(RATER), ScorePress(interaction, showing.post_id, "aesthetic", 10)
    )
    assert again.scores == {"aesthetic": 10}, "it says what was recorded then"
    assert await answer(world, showing.image.id) == second
    with pytest.raises(UnknownPostError):
        await world.voting.undo(caller(RATER), interaction, showing.post_id + 1)


async def test_an_image_is_repeated_once_in_all(world: World) -> None:
    showing = await repeated(world)
    seen = []
    for _ in range(12):
        if await kind(world, showing.post_id) == "repeat":
            seen.append(showing.image.id)
        await world.vote(RATER, showing.post_id)
        world.clock.turn(60)
        showing = await world.sessions.advance(caller(RATER), showing.post_id)
    assert len(seen) == len(set(seen)) >= 5


async def test_a_repeat_comes_back_while_it_is_kept_and_can_be_passed_over(world: World) -> None:
    showing = await repeated(world)
    await world.press(RATER, showing.post_id, "artifacts", 2)
    again = await world.start(RATER)
    assert (again.image.id, again.scores) == (showing.image.id, {"artifacts": 2})
    assert await kind(world, again.post_id) == "repeat"
    onward = await world.sessions.skip(caller(RATER), again.post_id, "cannot_judge")
    assert onward.image.id != showing.image.id
    vote = await world.stored(RATER, showing.image.id)
    assert vote is not None
    assert vote.complete
    assert await world.sessions.skip(caller(RATER), again.post_id, "cannot_judge") == onward


async def test_what_is_announced_is_what_follows_with_repeats_in_it(world: World) -> None:
    showing = await veteran(world, REPEAT_BEHIND + 20)
    world.settings = world.settings.model_copy(update={"repeat_percent": 50})
    world.restart()
    kinds = set()
    with suppress(StopIteration):
        for _ in range(9):
            expected = await world.sessions.upcoming(caller(RATER), showing.post_id)
            await world.vote(RATER, showing.post_id)
            world.clock.turn(60)
            showing = await world.sessions.advance(caller(RATER), showing.post_id)
            kinds.add(await kind(world, showing.post_id))
            assert expected is not None
            assert showing.image.id == expected.id
    assert kinds == {"repeat", "vote"}


async def test_no_repeat_of_a_vote_that_was_taken_out_or_of_a_hidden_image(world: World) -> None:
    showing = await repeated(world)
    await world.database.write(
        lambda c: c.execute(
            "UPDATE votes SET state = 'void' WHERE image_id = ?", (showing.image.id,)
        )
    )
    with pytest.raises(ClosedPostError):
        await world.press(RATER, showing.post_id, "aesthetic", 5)
    onward = await world.sessions.advance(caller(RATER), showing.post_id)
    assert onward.image.id != showing.image.id
    if await kind(world, onward.post_id) == "repeat":
        await world.database.write(lambda c: image_stages.hide(c, onward.image.id))
        with pytest.raises(ClosedPostError):
            await world.press(RATER, onward.post_id, "aesthetic", 5)
        last = await world.sessions.advance(caller(RATER), onward.post_id)
        assert last.image.id not in {showing.image.id, onward.image.id}
