"""Candidates for gold: from scores to the moderators' decision."""

from __future__ import annotations

from sqlite3 import Connection

import pytest

from bot.errors import NotAllowedError, SettledError
from bot.trust.gold.candidates import ACCEPT, REFUSE, Candidate
from bot.trust.gold.proposing import TARGET, Proposing, sure_ranges
from bot.trust.review import Case, Idle
from storage import gold_images, image_stages, review_queue
from storage.review_queue import GOLD_CANDIDATE
from tests.rating.world import NOON
from tests.trust.home import Home, caller

Score = tuple[float, float]
"""A score and its standard error."""


async def scored(
    home: Home, scores: dict[int, Score], *, scale: str = "aesthetic", stage: str = "full"
) -> None:
    """Give images scores, and have them closed."""

    def unit(connection: Connection) -> None:
        for image, (score, error) in scores.items():
            connection.execute(
                "INSERT INTO image_scores VALUES (?, ?, ?, ?, 5, ?, 1, 0)",
                (image, scale, score, error, score),
            )
            enter(connection, image, stage)

    await home.world.database.write(unit)


def enter(connection: Connection, image: int, stage: str) -> None:
    """Have an image at a stage, without the votes that lead there."""
    connection.execute("UPDATE images SET stage = ?, closes_at = NULL WHERE id = ?", (stage, image))
    connection.execute(
        "UPDATE data_sets SET full_images = (SELECT count(*) FROM images WHERE stage = 'full'"
        " AND data_set_id = data_sets.id), begun_images = (SELECT count(*) FROM images"
        " WHERE stage = 'begun' AND data_set_id = data_sets.id)"
    )


async def propose(home: Home) -> int:
    return await Proposing(home.world.database, home.world.clock).propose()


async def proposed(home: Home) -> list[int]:
    rows = await home.world.database.read(
        lambda c: c.execute(
            "SELECT image_id FROM review_queue WHERE kind = ? AND settled_at IS NULL ORDER BY id",
            (GOLD_CANDIDATE,),
        ).fetchall()
    )
    return [image for (image,) in rows]


async def next_case(home: Home, after: int = 0) -> Case:
    case = await home.services.review.next_case(home.moderator, after=after)
    assert isinstance(case, Case)
    return case


async def test_closed_images_at_the_ends_are_proposed_the_clearest_first(home: Home) -> None:
    await home.world.data_set(9)
    await scored(
        home,
        {
            1: (8.0, 0.2),
            2: (9.5, 1.2),  # higher, but less certain
            3: (5.5, 0.1),
            4: (2.0, 0.3),
            5: (9.9, 1.6),  # may be anything
            6: (6.9, 0.1),
        },
    )
    await scored(home, {7: (9.0, 0.1)}, stage="begun")
    assert await propose(home) == 3
    assert await proposed(home) == [1, 4, 2]
    gold = await home.world.database.read(lambda c: gold_images.find(c, 1))
    assert gold is not None
    assert (gold.state, gold.ranges) == ("proposed", {"aesthetic": (5, 10)})


async def test_what_closes_later_or_was_shown_is_no_candidate(home: Home) -> None:
    """Whoever saw the result of a public post would know what is right."""
    await home.world.data_set(3)
    await scored(home, dict.fromkeys((1, 2, 3), (9.0, 0.1)))
    now = NOON
    await home.world.database.write(lambda c: image_stages.reveal(c, 1, now))
    await home.world.database.write(
        lambda c: c.execute("UPDATE images SET closes_at = 1 WHERE id = 2").rowcount
    )
    assert await propose(home) == 1
    assert await proposed(home) == [3]


async def test_a_candidate_whose_result_is_shown_meanwhile_makes_room(home: Home) -> None:
    await home.world.data_set(TARGET + 1)
    await scored(home, dict.fromkeys(range(1, TARGET + 1), (9.0, 0.3)))
    assert await propose(home) == TARGET
    now = NOON
    await home.world.database.write(lambda c: image_stages.reveal(c, 1, now))
    await scored(home, {TARGET + 1: (9.0, 0.3)})
    assert (await next_case(home)).item.image_id == 2, "the first case is settled by itself"
    assert await propose(home) == 1
    assert await proposed(home) == list(range(2, TARGET + 2))


async def test_gold_out_of_sight_makes_room(home: Home) -> None:
    await home.world.data_set(TARGET + 2)
    await scored(home, dict.fromkeys(range(1, TARGET + 3), (9.0, 0.3)))
    await home.world.mark_gold(*range(1, TARGET + 1))
    now = NOON
    await home.world.database.write(lambda c: image_stages.hide(c, 1))
    await home.world.database.write(lambda c: image_stages.reveal(c, 2, now))
    assert await propose(home) == 2


async def test_all_four_ends_come_in_turn(home: Home) -> None:
    await home.world.data_set(12)
    await scored(home, {n: (8 + n / 10, 0.1) for n in range(1, 5)})
    await scored(home, {n: (2 + n / 10, 0.1) for n in range(5, 8)})
    await scored(home, {8: (4.5, 0.2), 9: (0.2, 0.1), 10: (0.3, 0.1)}, scale="artifacts")
    await propose(home)
    assert (await proposed(home))[:4] == [4, 5, 8, 9]


async def test_an_image_that_lies_at_an_end_of_both_scales_is_gold_on_both(home: Home) -> None:
    await home.world.data_set(2)
    await scored(home, {1: (9.0, 0.3), 2: (9.0, 0.3)})
    await scored(home, {1: (0.2, 0.2), 2: (2.5, 0.2)}, scale="artifacts")
    read = home.world.database.read
    assert await read(lambda c: sure_ranges(c, 1)) == {"aesthetic": (6, 10), "artifacts": (0, 1)}
    assert await read(lambda c: sure_ranges(c, 2)) == {"aesthetic": (6, 10)}


async def test_no_more_is_proposed_than_is_lacking(home: Home) -> None:
    await home.world.data_set(60)
    await scored(home, dict.fromkeys(range(1, 61), (9.0, 0.3)))
    await home.world.mark_gold(*range(1, TARGET - 3))
    assert await propose(home) == 4
    assert await propose(home) == 0
    assert len(await proposed(home)) == 4
    await home.services.review.decide(home.moderator, (await next_case(home)).item.id, REFUSE)
    assert await propose(home) == 1, "a refused one makes room"
    assert len(await proposed(home)) == 4


async def test_each_data_set_has_its_own_gold(home: Home) -> None:
    await home.world.data_set(3, name="a")
    await home.world.data_set(3, name="b")
    await scored(home, dict.fromkeys(range(1, 7), (9.0, 0.3)))
    await home.world.mark_gold(1, 2, 3)
    await propose(home)
    assert sorted(await proposed(home)) == [4, 5, 6]


async def test_without_scores_nothing_is_proposed(home: Home) -> None:
    await home.world.data_set(5)
    assert await propose(home) == 0
    assert await proposed(home) == []


async def test_a_moderator_makes_a_candidate_gold(home: Home) -> None:
    await home.world.data_set(2)
    await scored(home, {1: (9.0, 0.3)})
    await propose(home)
    case = await next_case(home)
    assert isinstance(case.about, Candidate)
    assert (case.about.image.id, case.about.data_set, case.about.accepted) == (1, "set", 0)
    assert case.about.scores["aesthetic"].score == 9.0
    with pytest.raises(NotAllowedError):
        await home.services.review.decide(caller(1), case.item.id, ACCEPT)
    home.world.clock.turn(60)
    await home.services.review.decide(home.moderator, case.item.id, ACCEPT)
    gold = await home.world.database.read(lambda c: gold_images.find(c, 1))
    assert gold is not None
    assert (gold.state, gold.proposed_at) == ("accepted", NOON)
    assert gold.decided_by is not None
    assert (await home.actions())[0] == "image.gold"
    with pytest.raises(SettledError):
        await home.services.review.decide(home.moderator, case.item.id, REFUSE)


async def test_what_was_refused_is_never_proposed_again(home: Home) -> None:
    await home.world.data_set(2)
    await scored(home, {1: (9.0, 0.3)})
    await propose(home)
    await home.services.review.decide(home.moderator, (await next_case(home)).item.id, REFUSE)
    assert (await home.actions())[0] == "image.gold_refused"
    assert await propose(home) == 0
    assert isinstance(await home.services.review.next_case(home.moderator), Idle)


async def test_a_candidate_out_of_sight_waits_until_it_is_back(home: Home) -> None:
    await home.world.data_set(2)
    await scored(home, {1: (9.0, 0.3)})
    await propose(home)
    await home.services.moderation.hide(home.moderator, 1)
    assert isinstance(await home.services.review.next_case(home.moderator), Idle)
    await propose(home)
    assert await proposed(home) == []
    await home.services.moderation.restore(home.moderator, 1)
    await home.world.database.write(lambda c: enter(c, 1, "full"))
    await propose(home)
    assert await proposed(home) == [1]


async def test_a_candidate_that_is_decided_by_command_leaves_the_queue(home: Home) -> None:
    await home.world.data_set(2)
    await scored(home, {1: (9.0, 0.3), 2: (9.0, 0.2)})
    await propose(home)
    await home.services.gold.mark(home.moderator, 1, {"artifacts": "0"})
    assert await proposed(home) == [2]
    await home.world.database.write(lambda c: image_stages.mark_broken(c, 2))
    assert isinstance(await home.services.review.next_case(home.moderator), Idle)
    assert await home.world.database.read(lambda c: review_queue.count_open(c, GOLD_CANDIDATE)) == 0


async def test_the_estimator_proposes_when_it_is_done(home: Home) -> None:
    """From votes to a candidate, through the child process."""
    await home.world.data_set(3, target=4)
    people = range(1, 5)
    await home.raters(*people)
    for person in people:
        showing = await home.services.sessions.start(caller(person))
        for _ in range(3):
            beauty = {1: 9, 2: 5, 3: 2}[showing.image.id] + person % 2
            await home.world.vote(person, showing.post_id, aesthetic=beauty, artifacts=0)
            if showing.today < 2:
                showing = await home.services.sessions.advance(caller(person), showing.post_id)
    home.world.clock.turn(61)
    await home.services.posts.due(home.world.clock.now())
    await home.services.scores.refresh()
    (image,) = {each for each in await proposed(home) if each == 1}
    gold = await home.world.database.read(lambda c: gold_images.find(c, image))
    assert gold is not None
    assert gold.ranges["aesthetic"][1] == 10
