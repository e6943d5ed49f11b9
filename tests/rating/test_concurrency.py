"""Many raters at the same time, through the group commit."""

from __future__ import annotations

import asyncio

from bot.errors import NothingLeftError, PlaceTakenError
from bot.rating.sessions import Showing
from bot.rating.voting import Receipt, ScorePress
from tests.rating.world import World, caller

RATERS = range(1, 101)


async def test_one_of_many_gets_the_last_place(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1, target=3)))
    await world.agree(*RATERS)
    for rater in (1, 2):
        await world.vote(rater, post)
    outcomes = await asyncio.gather(
        *(world.press(rater, post, "aesthetic", 5) for rater in RATERS[2:]), return_exceptions=True
    )
    admitted = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, PlaceTakenError)]
    assert (len(admitted), len(refused)) == (1, 97)
    assert await world.value("SELECT count(*) FROM votes") == 3


async def test_no_more_raters_are_served_than_there_are_places(world: World) -> None:
    await world.data_set(7, target=5)
    await world.agree(*RATERS)
    outcomes = await asyncio.gather(
        *(world.start(rater) for rater in RATERS), return_exceptions=True
    )
    served = [outcome for outcome in outcomes if isinstance(outcome, Showing)]
    assert len(served) == 35
    assert sum(isinstance(outcome, NothingLeftError) for outcome in outcomes) == 65
    receipts = await asyncio.gather(
        *(world.vote(number, showing.post_id) for number, showing in _by_rater(outcomes))
    )
    assert all(receipt.completed_now for receipt in receipts)
    assert await world.value("SELECT count(*) FROM images WHERE complete_votes = 5") == 7
    assert await world.value("SELECT full_images FROM data_sets") == 7


async def test_a_storm_of_one_interaction_is_one_press(world: World) -> None:
    post = await world.public_post(await world.channel(await world.data_set(1)))
    await world.agree(1)
    press = ScorePress(900, post, "aesthetic", 5)
    receipts = await asyncio.gather(*(world.voting.take(caller(1), press) for _ in range(50)))
    assert len(set(map(repr, receipts))) == 1
    assert await world.value("SELECT count(*) FROM vote_history") == 1


async def test_going_on_many_times_at_once_opens_one_post(world: World) -> None:
    await world.data_set(20)
    await world.agree(1)
    first = await world.start(1)
    await world.vote(1, first.post_id)
    showings = await asyncio.gather(
        *(world.sessions.advance(caller(1), first.post_id) for _ in range(20))
    )
    assert len({showing.post_id for showing in showings}) == 1
    assert await world.value("SELECT count(*) FROM posts") == 2


def _by_rater(outcomes: list[Showing | BaseException]) -> list[tuple[int, Showing]]:
    return [
        (rater, outcome)
        for rater, outcome in zip(RATERS, outcomes, strict=True)
        if isinstance(outcome, Showing)
    ]
