"""Lessons before the first private session."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import (
    BannedError,
    ClosedPostError,
    ConsentNeededError,
    LessonsOverError,
    NotAgeRestrictedError,
    NotAllowedError,
    NothingLeftError,
    NothingToUndoError,
)
from bot.rating.revision import ScorePress
from bot.rating.sessions import Showing
from storage import image_stages, onboardings, raters
from storage.onboardings import Onboarding
from tests.rating.world import World, caller

GOLD = 6
LESSONS = 5


@pytest.fixture
async def school(world: World) -> World:
    """A data set of six gold images and ten others, and a new rater."""
    await world.data_set(GOLD + 10, target=9)
    return await opened(world)


async def opened(world: World) -> World:
    """Mark the gold, and let the new rater in."""
    await world.mark_gold(1, 2, 3)
    await world.mark_gold(4, 5, 6, aesthetic=(1, 4), artifacts=(3, 5))
    await world.agree(1)
    return world


async def rows(world: World, query: str) -> list[tuple[Any, ...]]:
    return await world.database.read(lambda c: c.execute(query).fetchall())


async def onboarding(world: World, rater: int = 1) -> Onboarding | None:
    number = await world.number(rater)
    return await world.database.read(lambda c: onboardings.find(c, number))


async def learn(world: World, showing: Showing, aesthetic: int = 8, artifacts: int = 1) -> Showing:
    """Answer a lesson; return it with its explanation."""
    for scale, value in (("aesthetic", aesthetic), ("artifacts", artifacts)):
        world.clock.turn(2)
        await world.press(1, showing.post_id, scale, value)
        showing = await world.sessions.advance(caller(1), showing.post_id)
    return showing


async def finish(world: World) -> LessonsOverError:
    """Go through all lessons; return how they went."""
    showing = await world.start(1)
    with pytest.raises(LessonsOverError) as over:  # noqa: PT012 - the last step raises
        while showing.lesson is not None:
            showing = await learn(world, showing)
            showing = await world.sessions.next_lesson(caller(1), showing.post_id)
    return over.value


async def test_a_new_rater_is_led_through_five_gold_images(school: World) -> None:
    showing = await school.start(1)
    seen = []
    for number in range(1, LESSONS + 1):
        assert showing.lesson is not None
        assert (showing.lesson.number, showing.lesson.of) == (number, LESSONS)
        assert (showing.lesson.explanation, showing.lesson.may_skip) == (None, False)
        assert showing.previous_post_id is None
        seen.append(showing.image.id)
        expected = await school.sessions.upcoming(caller(1), showing.post_id)
        explained = await learn(school, showing)
        assert explained.post_id == showing.post_id
        assert explained.lesson is not None
        assert explained.lesson.number == number
        assert explained.lesson.explanation is not None
        if number < LESSONS:
            showing = await school.sessions.next_lesson(caller(1), showing.post_id)
            assert expected is not None
            assert expected.id == showing.image.id, "it was made ready"
    assert len(set(seen)) == LESSONS
    assert set(seen) <= set(range(1, GOLD + 1))
    assert {number <= 3 for number in seen} == {True, False}, "both ends"
    for _ in range(2):
        with pytest.raises(LessonsOverError) as over:
            await school.sessions.next_lesson(caller(1), showing.post_id)
    highs = sum(number <= 3 for number in seen)
    assert (over.value.asked, over.value.right) == (2 * LESSONS, 2 * highs)
    first = await school.sessions.leave_lessons(caller(1), over.value.post_id)
    assert first.lesson is None
    assert first.previous_post_id is None, "no step leads back into lessons"
    assert first.image.id not in seen
    assert expected is not None
    assert expected.id == first.image.id


async def test_an_explanation_says_what_is_right_and_to_which_side_a_score_is_off(
    school: World,
) -> None:
    await school.mark_gold(1, 2, 3, 4, 5, 6, aesthetic=(7, 10), artifacts=(0, 0))
    await school.database.write(
        lambda c: c.execute("UPDATE gold_images SET explanation = 'look at the sky'")
    )
    explained = await learn(school, await school.start(1), aesthetic=3, artifacts=0)
    assert explained.lesson is not None
    assert explained.lesson.explanation is not None
    assert explained.lesson.explanation.words == "look at the sky"
    marks = {mark.scale: mark for mark in explained.lesson.explanation.marks}
    liking, flaws = marks["aesthetic"], marks["artifacts"]
    assert (liking.score, liking.low, liking.high) == (3, 7, 10)
    assert (liking.fit, liking.end) == ("low", "high")
    assert (flaws.fit, flaws.end) == ("fits", "low")


async def test_lessons_leave_a_record_and_nothing_else(school: World) -> None:
    over = await finish(school)
    tables = ("votes", "vote_history", "reservations", "awards", "skips")
    for table in tables:
        assert await school.value(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - names above
    kept = await rows(school, "SELECT lesson, asked FROM gold_answers")
    assert kept == [(1, 2)] * LESSONS
    begun = await onboarding(school)
    assert begun is not None
    assert (begun.lessons, begun.outcome) == (LESSONS, "finished")
    assert await school.value("SELECT count(*) FROM images WHERE stage <> 'waiting'") == 0
    first = await school.sessions.leave_lessons(caller(1), over.post_id)
    assert first.today == 0
    again = await school.start(1)
    assert (again.image.id, again.lesson) == (first.image.id, None)


async def test_lessons_go_on_after_a_restart_and_with_a_new_message(school: World) -> None:
    first = await school.start(1)
    await school.press(1, first.post_id, "aesthetic", 9)
    school.restart()
    again = await school.start(1)
    assert (again.post_id, again.scores) == (first.post_id, {"aesthetic": 9})
    await school.press(1, first.post_id, "artifacts", 0)
    school.restart()
    read = await school.start(1)
    assert read.post_id == first.post_id
    assert read.lesson is not None
    assert read.lesson.explanation is not None, "it was not read yet"
    second = await school.sessions.next_lesson(caller(1), first.post_id)
    assert second.lesson is not None
    assert second.lesson.number == 2
    assert await school.sessions.next_lesson(caller(1), first.post_id) == second
    assert (await school.start(1)).post_id == second.post_id


async def test_an_answer_stays_once_it_was_explained(school: World) -> None:
    explained = await learn(school, await school.start(1), aesthetic=2)
    receipt = await school.press(1, explained.post_id, "aesthetic", 9)
    assert receipt.scores["aesthetic"] == 2
    assert not receipt.changed
    assert await rows(school, "SELECT aesthetic FROM gold_answers") == [(2,)]
    with pytest.raises(NothingToUndoError):
        await school.voting.undo(caller(1), 900, explained.post_id)
    with pytest.raises(NothingToUndoError):
        await school.voting.keep(caller(1), 901, explained.post_id)


async def test_a_half_answer_can_be_changed_and_a_press_happens_once(school: World) -> None:
    showing = await school.start(1)
    first = ScorePress(500, showing.post_id, "aesthetic", 2)
    assert (await school.voting.take(caller(1), first)).scores == {"aesthetic": 2}
    assert (await school.press(1, showing.post_id, "aesthetic", 9)).changed
    assert (await school.voting.take(caller(1), first)).scores == {"aesthetic": 2}
    assert await rows(school, "SELECT aesthetic, artifacts, asked FROM gold_answers") == [
        (9, None, 0)
    ]


async def test_a_lesson_that_is_passed_over_is_replaced(school: World) -> None:
    showing = await school.start(1)
    other = await school.sessions.skip(caller(1), showing.post_id, "not_for_me")
    assert other.lesson is not None
    assert (other.lesson.number, other.image.id == showing.image.id) == (1, False)
    with pytest.raises(ClosedPostError):
        await school.press(1, showing.post_id, "aesthetic", 5)
    await school.database.write(lambda c: image_stages.hide(c, other.image.id))
    with pytest.raises(ClosedPostError):
        await school.press(1, other.post_id, "aesthetic", 5)
    third = await school.sessions.advance(caller(1), other.post_id)
    assert third.lesson is not None
    assert third.lesson.number == 1
    assert third.image.id not in {showing.image.id, other.image.id}


async def test_a_lesson_that_can_be_seen_is_not_passed_over_as_hard_to_judge(
    school: World,
) -> None:
    showing = await school.start(1)
    with pytest.raises(NotAllowedError):
        await school.sessions.skip(caller(1), showing.post_id, "cannot_judge")
    again = await school.start(1)
    assert again.post_id == showing.post_id
    assert again.lesson is not None
    number = await school.number(1)
    await school.database.write(lambda c: raters.set_status(c, number, "validated"))
    other = await school.sessions.skip(caller(1), showing.post_id, "cannot_judge")
    assert other.lesson is not None
    assert other.image.id != showing.image.id


async def test_lessons_without_an_answer_are_not_over(school: World) -> None:
    showing = await school.start(1)
    for _ in range(GOLD):
        assert showing.lesson is not None
        showing = await school.sessions.skip(caller(1), showing.post_id, "not_loading")
    assert showing.lesson is None, "nothing is left that can be taught"
    begun = await onboarding(school)
    assert begun is not None
    assert begun.outcome is None
    await school.press(1, showing.post_id, "aesthetic", 5)
    fresh = await school.data_set(1, name="set")
    await school.mark_gold(GOLD + 11)
    assert fresh.id == 1
    following = await school.sessions.skip(caller(1), showing.post_id, "cannot_judge")
    assert following.lesson is None
    assert (await onboarding(school)) == begun


async def test_lessons_end_early_where_gold_runs_out(school: World) -> None:
    explained = await learn(school, await school.start(1))
    await school.mark_gold(1, 2, 3, 4, 5, 6, state="retired")
    school.restart()
    with pytest.raises(LessonsOverError) as over:
        await school.sessions.next_lesson(caller(1), explained.post_id)
    assert over.value.asked == 2
    begun = await onboarding(school)
    assert begun is not None
    assert begun.outcome == "finished"


async def test_an_image_retired_while_it_is_shown_is_explained_all_the_same(
    school: World,
) -> None:
    showing = await school.start(1)
    await school.mark_gold(showing.image.id, state="retired")
    explained = await learn(school, showing)
    assert explained.lesson is not None
    assert explained.lesson.explanation is not None


async def test_nobody_is_led_through_fewer_than_there_are_to_be(world: World) -> None:
    await world.data_set(10, target=9)
    await world.mark_gold(1, 2, 3, 4)
    assert (await world.start(1)).lesson is None
    await world.mark_gold(5)
    assert (await world.start(2)).lesson is not None
    assert await world.value("SELECT count(*) FROM onboardings") == 1


async def test_lessons_can_be_turned_off(school: World) -> None:
    school.settings = school.settings.model_copy(update={"lessons": 0})
    school.restart()
    assert (await school.start(1)).lesson is None


async def test_whoever_has_rated_enough_needs_no_lessons(school: World) -> None:
    await school.mark_gold(1, 2, 3, 4, 5, 6, state="proposed")
    await school.data_set(20)
    showing = await school.start(1)
    for _ in range(19):
        await school.vote(1, showing.post_id)
        showing = await school.sessions.advance(caller(1), showing.post_id)
    fresh = [n for n in range(1, 37) if await school.stored(1, n) is None][:6]
    await school.mark_gold(*fresh)
    lesson = await school.start(1)
    assert lesson.lesson is not None, "a newcomer who began in public"
    await school.database.write(lambda c: c.execute("DELETE FROM onboardings"))
    await school.vote(1, showing.post_id)
    assert (await school.start(1)).lesson is None


async def test_where_nothing_is_left_to_judge_there_are_no_lessons(world: World) -> None:
    await world.data_set(6)
    await world.mark_gold(*range(1, 7))
    await world.database.write(
        lambda c: [image_stages.mark_broken(c, image) for image in range(1, 7)]
    )
    with pytest.raises(NothingLeftError):
        await world.start(1)


async def test_only_validated_raters_may_skip_lessons(school: World) -> None:
    showing = await school.start(1)
    with pytest.raises(NotAllowedError):
        await school.sessions.leave_lessons(caller(1), showing.post_id)
    number = await school.number(1)
    await school.database.write(lambda c: raters.set_status(c, number, "validated"))
    again = await school.start(1)
    assert again.lesson is not None
    assert again.lesson.may_skip
    await school.press(1, again.post_id, "aesthetic", 9)
    first = await school.sessions.leave_lessons(caller(1), again.post_id)
    assert first.lesson is None
    begun = await onboarding(school)
    assert begun is not None
    assert begun.outcome == "skipped"
    with pytest.raises(ClosedPostError):
        await school.press(1, again.post_id, "artifacts", 0)
    onward = await school.sessions.advance(caller(1), again.post_id)
    assert onward.post_id == first.post_id
    assert (await school.start(1)).lesson is None


async def test_a_lesson_asks_for_consent_like_every_press(school: World) -> None:
    showing = await school.start(7)
    assert showing.lesson is not None
    with pytest.raises(ConsentNeededError):
        await school.press(7, showing.post_id, "aesthetic", 5)
    await school.agree(7)
    assert (await school.press(7, showing.post_id, "aesthetic", 5)).scores == {"aesthetic": 5}


async def test_unsafe_lessons_are_taught_in_age_restricted_places_alone(world: World) -> None:
    await world.data_set(6, safe=False)
    await world.mark_gold(*range(1, 7))
    await world.data_set(5)
    await world.data_set(3, safe=False)
    assert (await world.start(1)).lesson is None
    shown = await world.start(2, age_restricted=True)
    assert shown.lesson is not None
    plain = await world.start(2)
    assert plain.image.safe
    assert plain.lesson is None
    await world.agree(2)
    with pytest.raises(NotAgeRestrictedError):
        await world.press(2, shown.post_id, "aesthetic", 5)
    for scale in ("aesthetic", "artifacts"):
        await world.press(2, shown.post_id, scale, 1, age_restricted=True)
    await world.vote(2, plain.post_id)
    onward = await world.sessions.advance(caller(2), plain.post_id)
    assert onward.image.safe
    assert onward.lesson is None, "lessons do not come into the middle of a session"
    await world.start(2)
    second = await world.sessions.next_lesson(caller(2, age_restricted=True), shown.post_id)
    assert second.lesson is not None
    assert second.lesson.number == 2


async def test_what_was_explained_is_never_judged_for_others(world: World) -> None:
    """A vote on it would only repeat what its rater was told: it counts nowhere."""
    channel = await world.channel(await world.data_set(GOLD, target=9), open_posts=GOLD)
    posted = [await world.public_post(channel) for _ in range(GOLD)]  # before they are gold
    posts = {(await world.image(post)).id: post for post in posted}
    await world.data_set(10)
    school = await opened(world)
    over = await finish(school)
    taught = {image for (image,) in await rows(school, "SELECT image_id FROM gold_answers")}
    seen = set()
    showing: Showing | None = await school.sessions.leave_lessons(caller(1), over.post_id)
    while showing is not None:
        seen.add(showing.image.id)
        await school.vote(1, showing.post_id)
        try:
            showing = await school.sessions.advance(caller(1), showing.post_id)
        except NothingLeftError:
            showing = None
    assert not seen & taught
    for image_id in taught:
        receipt = await school.vote(1, posts[image_id])
        assert receipt.completed_now
        vote = await school.stored(1, image_id)
        assert vote is not None
        assert vote.gold
        assert (await school.image(posts[image_id])).complete_votes == 0
    kept = await rows(school, "SELECT image_id FROM gold_answers WHERE lesson = 0")
    assert not taught & {image for (image,) in kept}


async def test_a_banned_rater_is_taught_nothing(school: World) -> None:
    showing = await school.start(1)
    number = await school.number(1)
    await school.database.write(lambda c: raters.set_status(c, number, "banned"))
    for attempt in (
        school.sessions.next_lesson(caller(1), showing.post_id),
        school.sessions.leave_lessons(caller(1), showing.post_id),
    ):
        with pytest.raises(BannedError):
            await attempt
