"""Lessons are about few gold images, which are not met as gold: what they tell is known."""

from __future__ import annotations

from contextlib import suppress

import pytest

from bot.errors import LessonsOverError, NothingLeftError
from bot.rating.sessions import Showing
from tests.rating.test_gold_sessions import introduced, open_world, purpose
from tests.rating.world import World, caller

LESSONS = 5
FOR_LESSONS = 10


async def school(world: World, gold: int, *, safe: bool = True) -> set[int]:
    """Add so many gold images, of both ends, and others; return the gold."""
    before = await world.value("SELECT count(*) FROM images")
    await world.data_set(gold, target=9, safe=safe)
    added = range(before + 1, before + gold + 1)
    await world.mark_gold(*added[::2])
    await world.mark_gold(*added[1::2], aesthetic=(1, 4), artifacts=(3, 5))
    await world.data_set(60, target=9)
    return set(added)


async def taught(world: World, rater: int) -> set[int]:
    """Take a rater through their lessons; return the images that were explained."""
    await world.agree(rater)
    seen: set[int] = set()
    with suppress(LessonsOverError):
        showing = await world.start(rater)
        while showing.lesson is not None:
            await world.vote(rater, showing.post_id)
            seen.add(showing.image.id)
            showing = await world.sessions.next_lesson(caller(rater), showing.post_id)
    return seen


async def met_as_gold(world: World, rater: int) -> set[int]:
    """Have a rater judge all that there is; return what they met as gold."""
    met: set[int] = set()
    await introduced(world, rater)
    with suppress(NothingLeftError):
        showing: Showing = await world.start(rater)
        while True:
            if await purpose(world, showing.post_id) == "gold":
                met.add(showing.image.id)
            await world.vote(rater, showing.post_id)
            world.clock.turn(5)
            showing = await world.sessions.advance(caller(rater), showing.post_id)
    return met


async def test_many_accounts_learn_no_more_than_the_images_of_lessons(world: World) -> None:
    gold = await school(world, 25)
    known: set[int] = set()
    for rater in range(1, 13):
        seen = await taught(world, rater)
        assert len(seen) == LESSONS
        known |= seen
    assert len(known) == FOR_LESSONS
    await open_world(world)
    met = await met_as_gold(world, 20)
    assert met == gold - known


@pytest.mark.parametrize(("gold", "kept"), [(19, False), (20, True)])
async def test_they_are_met_as_gold_where_there_are_not_ten_others(
    world: World, gold: int, *, kept: bool
) -> None:
    await school(world, gold)
    await open_world(world)
    met = await met_as_gold(world, 1)
    assert len(met) == (gold - FOR_LESSONS if kept else gold)


async def test_others_that_may_not_be_shown_in_a_place_are_none_there(world: World) -> None:
    gold = await school(world, 12)
    await school(world, 24, safe=False)
    await open_world(world)
    assert await met_as_gold(world, 1) == gold


async def test_without_lessons_all_gold_counts(world: World) -> None:
    await school(world, 25)
    await open_world(world, lessons=0)
    assert len(await met_as_gold(world, 1)) == 25
