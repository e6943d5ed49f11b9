"""How long answers on gold stay open: as long as ordinary votes, so that nobody can tell."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from math import inf
from random import Random
from typing import NamedTuple

import pytest

from bot.errors import ClosedPostError, NothingLeftError
from bot.rating.sessions import Showing
from storage import gold_times, ledger, personal_data
from storage.times import to_microseconds
from tests.rating.test_gold_sessions import filled, introduced, open_world, purpose
from tests.rating.world import World, caller

DELAY, HOLD, HOUR = 60, 600, 3600
"""Seconds: from the vote that fills an image to its close, and for which a place is kept."""


class Scene(NamedTuple):
    """Rater 1 sees a full gold image; a vote on the image of `twin` fills that."""

    gold: Showing
    twin: int


async def scene(world: World) -> Scene:
    """Make the only vote in a private session of late one on an image that waits for another."""
    data_set = await world.data_set(1, target=2)
    await introduced(world, 1, 2, 3, 4)
    for rater in (3, 4):
        await world.vote(rater, (await world.start(rater)).post_id)
    # No twins, and yet no result was shown.
    await world.database.write(lambda c: c.execute("UPDATE votes SET surface = 'public'").rowcount)
    world.clock.turn(DELAY)
    await world.posts.due(world.clock.now())
    await world.data_set(1, target=2)
    twin = await world.public_post(await world.channel(data_set))
    assert (await world.start(2)).image.id == (await world.image(twin)).id
    await world.vote(2, twin + 1)
    await world.data_set(5, target=2)
    await world.mark_gold(1)
    await open_world(world)
    gold = await world.start(1)
    assert (gold.image.id, await purpose(world, gold.post_id)) == (1, "gold")
    return Scene(gold, twin)


async def is_open(world: World, rater: int, image_id: int) -> bool:
    """Tell what the rater reads about their vote."""
    number, now = await world.number(rater), world.clock.now()
    past = await world.database.read(lambda c: personal_data.last_votes(c, number, 10, now))
    (state,) = [v.open for v in past if await image_of(world, v.post.id) == image_id]
    return state


async def image_of(world: World, post_id: int) -> int:
    return (await world.image(post_id)).id


async def assert_closed(world: World, showing: Showing) -> None:
    post = showing.post_id
    for act in (
        world.press(1, post, "aesthetic", 2),
        world.voting.undo(caller(1), next(world.interactions), post),
        world.voting.keep(caller(1), next(world.interactions), post),
        world.sessions.go_back(caller(1), next(world.interactions), post),
    ):
        with pytest.raises(ClosedPostError):
            await act


async def test_an_answer_is_open_as_long_as_its_twin_was(world: World) -> None:
    showing, twin = await scene(world)
    world.clock.turn(5)
    await world.vote(1, showing.post_id)
    following = await world.sessions.advance(caller(1), showing.post_id)
    assert following.previous_post_id == showing.post_id
    world.clock.turn(5 * HOUR)
    assert (await world.press(1, showing.post_id, "aesthetic", 3)).changed
    assert await is_open(world, 1, 1)
    await world.vote(3, twin)  # five hours and five seconds after the twin
    world.clock.turn(5 + DELAY - 1)
    assert await is_open(world, 1, 1)
    assert (await world.press(1, showing.post_id, "aesthetic", 4)).changed
    again = await world.sessions.advance(caller(1), showing.post_id)
    assert again.previous_post_id == showing.post_id
    world.clock.turn(1)
    assert not await is_open(world, 1, 1)
    await assert_closed(world, showing)
    again = await world.sessions.advance(caller(1), showing.post_id)
    assert (again.post_id, again.previous_post_id) == (following.post_id, None)
    vote = await world.stored(1, 1)
    assert vote is not None
    assert vote.scores == {"aesthetic": 4, "artifacts": 1}


async def test_a_twin_that_filled_its_image_closes_the_answer_after_the_delay(
    world: World,
) -> None:
    await filled(world, 2)
    await world.data_set(3)
    await world.mark_gold(1)
    await open_world(world)
    await introduced(world, 1)
    world.clock.turn(HOUR)
    showing = await world.start(1)
    world.clock.turn(100)
    await world.vote(1, showing.post_id)
    world.clock.turn(DELAY - 1)
    await world.press(1, showing.post_id, "aesthetic", 2)
    world.clock.turn(1)
    await assert_closed(world, showing)


async def test_taking_back_and_giving_again_brings_no_time(world: World) -> None:
    showing, twin = await scene(world)
    await world.vote(1, showing.post_id)
    await world.vote(3, twin)
    for _ in range(2):
        world.clock.turn(DELAY // 3)
        await world.voting.undo(caller(1), next(world.interactions), showing.post_id)
        assert await is_open(world, 1, 1)
        await world.voting.keep(caller(1), next(world.interactions), showing.post_id)
    world.clock.turn(DELAY // 3)
    await assert_closed(world, showing)


async def test_a_vote_taken_out_opens_the_answer_as_it_opens_the_twin(world: World) -> None:
    showing, twin = await scene(world)
    await world.vote(1, showing.post_id)
    await world.vote(3, twin)
    world.clock.turn(DELAY)
    assert not await is_open(world, 1, 1)
    await world.take_out(3)
    assert await is_open(world, 1, 1)
    assert (await world.press(1, showing.post_id, "aesthetic", 3)).changed


@pytest.mark.parametrize("half", [True, False])
async def test_what_is_not_answered_closes_once_its_place_would_be_free(
    world: World, *, half: bool
) -> None:
    showing, twin = await scene(world)
    if half:
        await world.press(1, showing.post_id, "artifacts", 1)
    await world.vote(3, twin)
    world.clock.turn(HOLD + DELAY - 1)
    assert (await world.sessions.advance(caller(1), showing.post_id)).post_id == showing.post_id
    world.clock.turn(1)
    with pytest.raises(ClosedPostError):
        await world.press(1, showing.post_id, "aesthetic", 2)
    assert (await world.sessions.advance(caller(1), showing.post_id)).post_id != showing.post_id
    world.clock.turn(2 * 24 * HOUR)
    await world.database.write(lambda c: c.execute("DELETE FROM reservations").rowcount)
    later = await world.start(1)
    assert (later.image.id == 1) == (not half), "what was begun is not offered after its time"


async def test_gold_that_others_still_rate_closes_with_its_twin(world: World) -> None:
    data_set = await world.data_set(1, target=2)
    post = await world.public_post(await world.channel(data_set))
    await world.data_set(1, target=2)
    await world.mark_gold(1)
    await open_world(world)
    await introduced(world, 1, 2, 3)
    showing = await world.start(1)
    assert (showing.image.id, await purpose(world, showing.post_id)) == (1, "gold")
    await world.vote(1, showing.post_id)
    await world.vote(2, post)
    await world.vote(3, post)
    world.clock.turn(HOUR)
    await world.posts.due(world.clock.now())
    assert (await world.image(post)).stage == "full"
    assert await is_open(world, 1, 1)
    await open_world(world, gold_percent=0)
    for rater in (2, 3):
        await world.vote(rater, (await world.start(rater)).post_id)
    world.clock.turn(DELAY - 1)
    assert (await world.press(1, showing.post_id, "aesthetic", 3)).changed
    world.clock.turn(1)
    assert not await is_open(world, 1, 1)
    await assert_closed(world, showing)


async def test_no_twin_is_gold_that_does_not_fill(world: World) -> None:
    """Neither an image that is left nor one that has private votes of before."""
    await world.data_set(3, target=2)
    await open_world(world, gold_percent=0, gold_percent_risk=0)
    await introduced(world, 1, 2)
    begun = [(await world.start(1)).image.id]
    await world.vote(1, 1)  # the first post
    left = [image_id for image_id in (1, 2, 3) if image_id not in begun]

    async def drawn() -> int | None:
        now = world.clock.now()
        twin = await world.database.read(
            lambda c: gold_times.draw(c, data_set_id=1, share=0, now=now)
        )
        return None if twin is None else twin.image_id

    assert await drawn() == begun[0]
    await world.mark_gold(*begun)
    assert await drawn() in left
    await world.mark_gold(left[0])
    assert await drawn() == left[1]
    await world.mark_gold(left[1])
    assert await drawn() is None
    await world.mark_gold(*begun, state="retired")
    assert await drawn() == begun[0]
    await world.vote(2, (await world.start(2)).post_id)
    assert (await world.image(1)).stage == "full"
    await world.mark_gold(*begun)
    assert await drawn() == begun[0], "one that is full has closed, gold or not"


async def test_an_answer_in_public_to_what_was_explained_closes_with_the_post(
    world: World,
) -> None:
    data_set = await world.data_set(1, target=1)
    post = await world.public_post(await world.channel(data_set))
    await world.agree(1, 2)
    number = await world.number(1)
    await world.database.write(
        lambda c: (
            c.execute(
                "INSERT INTO gold_answers VALUES (?, 1, 1, 7, 1, 2, 0, 0)", (number,)
            ).rowcount
        )
    )
    await world.vote(1, post)
    await world.vote(2, post)
    assert await is_open(world, 1, 1)
    world.clock.turn(DELAY)
    await world.posts.due(world.clock.now())
    assert not await is_open(world, 1, 1)
    with pytest.raises(ClosedPostError):
        await world.voting.undo(caller(1), next(world.interactions), post)


async def test_before_the_first_votes_gold_waits_for_an_image_that_is_left(world: World) -> None:
    data_set = await world.data_set(1, target=1)
    full = await world.public_post(await world.channel(data_set))
    await introduced(world, 1, 2)
    await world.vote(2, full)
    await world.data_set(1)
    await world.mark_gold(1)
    await open_world(world)
    showing = await world.start(1)
    assert showing.image.id == 1
    await world.vote(1, showing.post_id)
    world.clock.turn(24 * HOUR)
    assert await is_open(world, 1, 1)
    await open_world(world, gold_percent=0)
    await world.vote(2, (await world.start(2)).post_id)
    world.clock.turn(DELAY)
    assert not await is_open(world, 1, 1)


async def test_kudos_of_an_answer_are_ready_when_it_closes(world: World) -> None:
    showing, twin = await scene(world)
    await world.vote(1, showing.post_id)
    number = await world.number(1)
    await world.database.write(
        lambda c: (
            c.execute(
                "INSERT INTO awards (rater, image_id, scale, amount, earned_at, gold) SELECT rater,"
                " image_id, 'aesthetic', 5, completed_at, 1 FROM votes WHERE rater = ?",
                (number,),
            ).rowcount
        )
    )

    async def ready() -> tuple[int, int]:
        now, hold = world.clock.now(), timedelta(hours=48)
        found = await world.database.read(lambda c: ledger.of_rater(c, number, now, hold))
        return found.held, found.released

    world.clock.turn(HOUR)
    assert await ready() == (5, 0)
    await world.vote(3, twin)
    world.clock.turn(DELAY - 1)
    assert await ready() == (5, 0)
    world.clock.turn(1)
    assert await ready() == (0, 5)


async def test_a_twin_is_any_of_the_newest_50_votes(world: World) -> None:
    await filled(world, 60)
    now = world.clock.now()

    async def drawn(share: float) -> int:
        twin = await world.database.read(
            partial(gold_times.draw, data_set_id=1, share=share, now=now)
        )
        assert twin is not None
        return await world.value("SELECT id FROM votes WHERE image_id = ?", twin.image_id)

    # One share for each vote, the newest first.
    assert [await drawn((n + 0.5) / 50) for n in range(50)] == list(range(60, 10, -1))
    assert (await drawn(0), await drawn(1 - 2**-53)) == (60, 11)


async def test_chance_draws_the_twins_of_showings(world: World) -> None:
    gold = await filled(world, 20)
    await world.data_set(30)
    await world.mark_gold(*gold)
    await open_world(world)
    raters = range(1, 13)
    await introduced(world, *raters)
    for rater in raters:
        assert await purpose(world, (await world.start(rater)).post_id) == "gold"
    twins = "SELECT count(DISTINCT twin_image_id) FROM posts WHERE purpose = 'gold'"
    assert await world.value(twins) > 4


class Seen(NamedTuple):
    """What a rater sees of a vote: how long it was open, in seconds; `inf`: it still is."""

    gold: bool
    span: float


async def play(world: World, raters: Sequence[int], steps: int) -> list[Seen]:
    """Have raters judge in private sessions at random and watch when their votes close."""
    random = Random(5)
    closed: dict[tuple[int, int], datetime] = {}
    begun = world.clock.now()
    for step in range(steps):
        rater = random.choice(raters)
        with suppress(NothingLeftError):
            post_id = (await world.start(rater)).post_id
            world.clock.turn(random.uniform(1, 5))
            await world.vote(rater, post_id, random.randint(1, 10), random.randint(0, 5))
        world.clock.turn(random.expovariate(1 / 20))
        await world.posts.due(world.clock.now())
        if step % 5 == 0:
            await watch(world, raters, closed)
    rows = await world.database.read(
        lambda c: c.execute(
            "SELECT r.discord_id, v.post_id, v.gold, v.completed_at FROM votes v"
            " JOIN raters r ON r.number = v.rater WHERE v.completed_at >= ?",
            (int(begun.timestamp() * 10**6),),
        ).fetchall()
    )
    return [
        Seen(
            bool(gold),
            closed[rater, post].timestamp() - at / 10**6 if (rater, post) in closed else inf,
        )
        for rater, post, gold, at in rows
        if rater in raters
    ]


async def watch(
    world: World, raters: Sequence[int], closed: dict[tuple[int, int], datetime]
) -> None:
    """Note which votes raters see closed now for the first time."""
    now = world.clock.now()
    for rater in raters:
        number = await world.number(rater)
        past = await world.database.read(
            partial(personal_data.last_votes, number=number, limit=1000, now=now)
        )
        for vote in past:
            if not vote.open:
                closed.setdefault((rater, vote.post.id), now)


def alike(gold: list[float], others: list[float]) -> float:
    """Return how likely a vote on gold was open for longer than another one; .5: no telling."""
    others = sorted(others)
    wins = sum((bisect_left(others, each) + bisect_right(others, each)) / 2 for each in gold)
    return wins / len(gold) / len(others)


async def test_nobody_can_tell_gold_by_how_long_it_was_open(world: World) -> None:
    raters = range(1, 11)
    gold = await filled(world, 30, target=3)
    await world.database.write(lambda c: c.execute("UPDATE votes SET surface = 'public'").rowcount)
    await world.data_set(170)
    await world.mark_gold(*gold)
    await open_world(world, gold_percent=25, pool_size=20)
    await introduced(world, *raters)
    seen = await play(world, raters, 700)
    spans = [each.span for each in seen if each.gold]
    others = [each.span for each in seen if not each.gold]
    assert len(spans) > 100
    assert len(others) > 400
    assert min(spans) >= DELAY
    assert min(others) >= DELAY
    still = [sum(each == inf for each in some) / len(some) for some in (spans, others)]
    assert abs(still[0] - still[1]) < 0.08
    assert 0.43 < alike(spans, others) < 0.57


async def test_a_twin_that_was_given_after_its_result_was_shown_is_open(world: World) -> None:
    """What is missing after votes were taken out is gathered privately; the result stays shown."""
    data_set = await world.data_set(1, target=2)
    await introduced(world, 1, 2, 3, 4, 5, 6)
    for rater in (3, 4):
        await world.vote(rater, (await world.start(rater)).post_id)
    world.clock.turn(DELAY)
    await world.posts.due(world.clock.now())
    await world.database.write(lambda c: c.execute("UPDATE votes SET surface = 'public'").rowcount)
    await world.data_set(1, target=2)
    twin = await world.public_post(await world.channel(data_set))
    for rater in (5, 6):
        await world.vote(rater, twin)
    world.clock.turn(DELAY + 1)
    shown = (to_microseconds(world.clock.now()), await image_of(world, twin))
    await world.database.write(
        lambda c: c.execute("UPDATE images SET revealed_at = ? WHERE id = ?", shown).rowcount
    )
    world.clock.turn(HOUR)
    for rater in (5, 6):
        await world.take_out(rater)
    showing = await world.start(2)
    assert showing.image.id == await image_of(world, twin)
    await world.vote(2, showing.post_id)
    await world.data_set(5, target=2)
    await world.mark_gold(1)
    await open_world(world)
    gold = await world.start(1)
    assert (gold.image.id, await purpose(world, gold.post_id)) == (1, "gold")
    world.clock.turn(5)
    await world.vote(1, gold.post_id)
    assert await is_open(world, 2, showing.image.id)
    assert await is_open(world, 1, 1)
