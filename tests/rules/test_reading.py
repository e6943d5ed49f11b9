"""The worker reads real presses: once each, whenever it comes to them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.services import build_services
from bot.trust.rules.agreement import UNIT
from storage import rule_queue, rule_records
from tests.rating.world import caller
from tests.rules.reading import Pressing, pressing


async def test_each_first_answer_on_a_scale_counts_once(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    world = reader.world
    await world.press(1, post, "aesthetic", 7)
    await reader.worker.settle()
    record = await reader.record(1)
    assert record is not None
    assert (record.votes, record.buttons["aesthetic"].answers) == (1, 1)
    assert "artifacts" not in record.buttons
    world.clock.turn(1)
    await world.press(1, post, "artifacts", 2)
    await world.press(1, post, "artifacts", 2)  # the same again
    world.clock.turn(1)
    await world.press(1, post, "artifacts", 2)
    await world.press(1, post, "aesthetic", 3)  # another
    await reader.worker.settle()
    record = await reader.record(1)
    assert record is not None
    assert record.votes == 1
    assert record.buttons["aesthetic"].pressed[6] == record.buttons["aesthetic"].answers == 1
    assert record.buttons["artifacts"].pressed[2] == record.buttons["artifacts"].answers == 1


async def test_a_changed_answer_counts_as_it_was_first_given(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    await reader.world.press(1, post, "aesthetic", 7)
    reader.clock.turn(1)
    await reader.world.press(1, post, "aesthetic", 3)
    reader.clock.turn(1)
    await reader.world.press(1, post, "artifacts", 0)
    await reader.worker.settle()  # only now
    record = await reader.record(1)
    assert record is not None
    assert record.buttons["aesthetic"].pressed[6] == record.buttons["aesthetic"].answers == 1
    assert record.buttons["artifacts"].pressed[0] == 1


async def test_private_and_public_times_are_kept_apart(reader: Pressing) -> None:
    posts = await reader.posts(2)
    world = reader.world
    await world.vote(1, posts[0])
    world.clock.turn(4)
    await world.vote(1, posts[1])
    await world.data_set(1, name="set")
    shown = await world.start(1)
    world.clock.turn(3)
    await world.vote(1, shown.post_id)
    await reader.worker.settle()
    record = await reader.record(1)
    assert record is not None
    assert (record.pace.shown, record.pace.between) == ((300,), (400,))


Step = tuple[str, int, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["aesthetic", "artifacts", "undo", "keep", "read", "wait"]),
        st.integers(1, 2),
        st.integers(0, 2),
        st.integers(1, 5),
    ),
    max_size=25,
)


async def play(reader: Pressing, posts: list[int], steps: list[Step], *, read: bool) -> None:
    for what, rater, post, value in steps:
        reader.clock.turn(0.7)
        try:
            if what == "read":
                if read:
                    await reader.worker.settle()
            elif what == "undo":
                number = next(reader.world.interactions)
                await reader.world.voting.undo(caller(rater), number, posts[post])
            elif what == "keep":
                number = next(reader.world.interactions)
                await reader.world.voting.keep(caller(rater), number, posts[post])
            elif what != "wait":
                await reader.world.press(rater, posts[post], what, value)
        except UserError:
            continue
    await reader.worker.settle()


async def states_after(steps: list[Step], *, read: bool) -> list[tuple[object, ...]]:
    with TemporaryDirectory() as folder:
        async with pressing(Path(folder)) as reader:
            posts = await reader.posts(3)
            await play(reader, posts, steps, read=read)
            return await reader.rows("SELECT rater, votes, states FROM rule_records ORDER BY rater")


@given(STEPS)
@settings(max_examples=40)
def test_it_is_all_the_same_when_it_is_read(steps: list[Step]) -> None:
    soon = asyncio.run(states_after(steps, read=True))
    late = asyncio.run(states_after(steps, read=False))
    assert soon == late


async def test_answers_are_compared_once_when_their_image_closes(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    for rater, value in ((1, 4), (2, 5), (3, 9)):
        await reader.world.vote(rater, post, aesthetic=value)
    await reader.worker.settle()
    record = await reader.record(1)
    assert record is not None
    assert record.agreement == {}
    await reader.close()
    await reader.worker.settle()
    for rater, value in ((1, 4), (2, 5), (3, 9)):
        record = await reader.record(rater)
        assert record is not None
        sums = record.agreement["aesthetic"].sums
        assert (sums.n, sums.y) == (1, value)
        assert record.agreement["artifacts"].sums.n == 1
    assert await reader.rows("SELECT count(*) FROM closed_images") == [(0,)]
    progress = await reader.database.read(rule_queue.progress)
    assert progress.compared == 3
    await reader.worker.settle()
    assert (await reader.database.read(rule_queue.progress)) == progress


async def test_a_half_vote_is_compared_on_its_scale(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    await reader.world.press(4, post, "artifacts", 5)
    reader.clock.turn(700)  # its place is gone
    for rater in (1, 2, 3):
        await reader.world.vote(rater, post)
    await reader.close()
    await reader.worker.settle()
    record = await reader.record(4)
    assert record is not None
    assert set(record.agreement) == {"artifacts"}
    others = await reader.record(1)
    assert others is not None
    assert others.agreement["artifacts"].sums.c < 2_500  # the half vote tells them nothing


async def test_an_image_that_closes_again_compares_what_is_new(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    for rater in (1, 2, 3):
        await reader.world.vote(rater, post)
    await reader.close()
    await reader.worker.settle()
    await reader.write("UPDATE votes SET state = 'void' WHERE rater = 2")
    await reader.write("UPDATE images SET stage = 'begun', complete_votes = 2")
    await reader.write("UPDATE data_sets SET begun_images = 1, full_images = 0")
    shown = await reader.world.start(4)
    await reader.world.vote(4, shown.post_id, aesthetic=2)
    await reader.close()
    await reader.worker.settle()
    counts = {}
    for rater in (1, 2, 3, 4):
        record = await reader.record(rater)
        assert record is not None
        counts[rater] = record.agreement["aesthetic"].sums.n
    assert counts == {1: 1, 2: 1, 3: 1, 4: 1}
    await reader.write("UPDATE votes SET state = 'given' WHERE rater = 2")  # restored
    await reader.write("INSERT INTO closed_images SELECT id, 0 FROM images")
    await reader.worker.settle()
    record = await reader.record(2)
    assert record is not None
    assert record.agreement["aesthetic"].sums.n == 1


async def test_an_image_with_many_answers_is_compared_in_parts(reader: Pressing) -> None:
    (post,) = await reader.posts(1, target=50, raters=50)
    random = Random(1)
    for rater in range(1, 51):
        await reader.world.vote(rater, post, aesthetic=random.randint(4, 8))
    await reader.close()
    await reader.worker.settle()
    numbers = await reader.rows("SELECT rater FROM rule_records")
    counts = []
    for (rater,) in numbers:
        record = await reader.record(rater)
        assert record is not None
        counts.append(record.agreement["aesthetic"].sums.n)
    assert counts == [1] * 50


@pytest.mark.parametrize("state", ["void", "undone"])
async def test_what_its_rater_or_a_moderator_took_out_is_no_comparison(
    reader: Pressing, state: str
) -> None:
    (post,) = await reader.posts(1)
    for rater, score in ((1, 5), (2, 10), (3, 6)):
        await reader.world.vote(rater, post, aesthetic=score)
    await reader.write(
        "UPDATE votes SET state = ?1, completed_at = iif(?1 = 'undone', NULL, completed_at)"
        " WHERE rater = 2",
        state,
    )
    await reader.close()
    await reader.worker.settle()
    first, second = await reader.record(1), await reader.record(2)
    assert first is not None
    assert second is not None
    assert second.agreement == {}
    sums = first.agreement["aesthetic"].sums
    assert sums.n == 1
    assert sums.c / UNIT < 6, "a score of 10 would let more expect"


async def test_gold_is_no_comparison(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    for rater in (1, 2, 3):
        await reader.world.vote(rater, post)
    await reader.write("UPDATE votes SET gold = 1 WHERE rater = 2")
    await reader.close()
    await reader.worker.settle()
    record = await reader.record(2)
    assert record is not None
    assert record.agreement == {}


async def test_gold_answers_are_read_with_their_votes(reader: Pressing) -> None:
    (post, other) = await reader.posts(2)
    await reader.write(
        "INSERT INTO gold_images (image_id, state, aesthetic_low, aesthetic_high, proposed_at)"
        " SELECT id, 'accepted', 8, 10, 0 FROM images"
    )
    await reader.write(  # a lesson before the first vote
        "INSERT INTO gold_answers (rater, image_id, lesson, aesthetic, artifacts, asked, wrong,"
        " answered_at) VALUES (1, 2, 1, 9, 0, 1, 0, 0)"
    )
    await reader.world.vote(1, other)
    await reader.worker.settle()
    record = await reader.record(1)
    assert record is not None
    assert (record.gold.images, record.gold.wrong) == (1, 0)
    await reader.world.vote(1, post, aesthetic=2)
    await reader.write("UPDATE votes SET gold = 1 WHERE image_id = 1")
    await reader.write(
        "INSERT INTO gold_answers (rater, image_id, lesson, aesthetic, artifacts, asked, wrong,"
        " answered_at) VALUES (1, 1, 0, 2, 1, 1, 1, 5)"
    )
    await reader.worker.settle()
    record = await reader.record(1)
    assert record is not None
    assert (record.gold.images, record.gold.asked, record.gold.wrong) == (2, 2, 1)
    assert record.gold.sums["aesthetic"].n == 2


async def test_the_newest_200_answers_on_gold_count(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    await reader.world.data_set(220)
    await reader.write(
        "INSERT INTO gold_images (image_id, state, aesthetic_low, aesthetic_high, proposed_at)"
        " SELECT id, 'accepted', 8, 10, 0 FROM images"
    )
    await reader.write(  # the oldest 15 are wrong
        "INSERT INTO gold_answers (rater, image_id, lesson, aesthetic, artifacts, asked, wrong,"
        " answered_at) SELECT 1, id, 0, iif(id < 17, 2, 9), 0, 1, id < 17, id FROM images"
        " WHERE id BETWEEN 2 AND 211"
    )
    await reader.world.vote(1, post)
    await reader.worker.settle()
    record = await reader.record(1)
    assert record is not None
    assert (record.gold.images, record.gold.wrong) == (200, 5)


async def test_the_newest_50_second_answers_count(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    await reader.world.data_set(70)
    await reader.write(  # the oldest 15 are far off
        "INSERT INTO repeat_answers (rater, image_id, post_id, aesthetic, artifacts,"
        " first_aesthetic, first_artifacts, shown_at, changed_at, answered_at)"
        " SELECT 1, id, 1, iif(id < 17, 10, 4), 0, 4, NULL, 0, id, id FROM images"
        " WHERE id BETWEEN 2 AND 61"
    )
    await reader.world.vote(1, post)
    await reader.worker.settle()
    record = await reader.record(1)
    assert record is not None
    assert record.repeats.images == 50
    assert record.repeats.share_off == pytest.approx(5 * (6 / 9) / 50, abs=0.001)


async def test_second_answers_are_counted_once(reader: Pressing) -> None:
    posts = await reader.posts(3)
    await reader.world.vote(1, posts[0])
    await reader.write(
        "INSERT INTO repeat_answers (rater, image_id, post_id, aesthetic, artifacts,"
        " first_aesthetic, first_artifacts, shown_at, changed_at, answered_at)"
        " VALUES (1, 1, 1, 7, 0, 4, NULL, 0, 1, 1)"
    )
    await reader.world.vote(1, posts[1])
    await reader.worker.settle()
    await reader.write("UPDATE repeat_answers SET state = 'undone', answered_at = NULL")
    await reader.world.vote(1, posts[2])
    await reader.worker.settle()
    record = await reader.record(1)
    assert record is not None
    assert (record.repeats.images, record.repeats.answers) == (1, 1)
    assert record.repeats.share_off == pytest.approx(1 / 3, abs=1e-3)


async def test_of_erased_raters_nothing_is_kept(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    world = reader.world
    for rater in (1, 2, 3):
        await world.vote(rater, post)
    services = build_services(world.settings, world.database, world.clock, world.random)
    number = await world.number(2)
    await services.erasure.erase(caller(2))
    await reader.close()
    await reader.worker.settle()
    assert await reader.record(number) is None
    assert await reader.rows("SELECT count(*) FROM rule_records WHERE rater = ?", number) == [(0,)]
    record = await reader.record(1)
    assert record is not None
    assert record.votes == 1
    await services.erasure.erase(caller(1))
    await reader.worker.settle()
    assert await reader.rows("SELECT count(*) FROM rule_records WHERE rater = 1") == [(0,)]
    await services.images.close()


async def test_an_erasure_between_vote_and_closing_leaves_the_others(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    for rater in (1, 2, 3):
        await reader.world.vote(rater, post)
    await reader.worker.settle()
    await reader.write("UPDATE raters SET erased_at = 5, discord_id = NULL WHERE number = 2")
    await reader.write("DELETE FROM rule_records WHERE rater = 2")  # its votes go a little later
    await reader.close()
    await reader.worker.settle()
    for rater in (1, 3):
        record = await reader.record(rater)
        assert record is not None
        assert record.agreement["aesthetic"].sums.n == 1
    assert await reader.rows("SELECT rater FROM rule_records ORDER BY rater") == [(1,), (3,)]


async def test_a_restart_goes_on_where_it_was(reader: Pressing) -> None:
    posts = await reader.posts(4)
    for number, post in enumerate(posts):
        await reader.world.vote(1, post, aesthetic=number + 1)
        await reader.worker.step()
        reader.restart()
    await reader.worker.settle()
    record = await reader.record(1)
    assert record is not None
    assert record.votes == 4
    assert record.buttons["aesthetic"].pressed == (1, 1, 1, 1, 0, 0, 0, 0, 0, 0)


async def test_a_record_that_cannot_be_read_begins_anew(reader: Pressing) -> None:
    posts = await reader.posts(2)
    for damage in ("nonsense", "{}", '{"pace":[1,2,3],"gold":[],"buttons":{},"repeats":[]}'):
        await reader.write("DELETE FROM rule_records")
        await reader.write(
            "INSERT INTO rule_records (rater, votes, states, agreement) VALUES (1, 9, ?, ?)",
            damage,
            "nothing",
        )
        await reader.write("DELETE FROM remembered WHERE name = 'rules.progress'")
        await reader.world.vote(1, posts[0])
        await reader.world.vote(2, posts[1])
        await reader.worker.settle()
        record = await reader.record(1)
        assert record is not None
        assert record.votes == 1


async def test_a_crowd_that_cannot_be_read_is_learned_anew(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    await reader.database.write(lambda c: rule_records.keep_crowd(c, {"scales": 3}))
    await reader.world.vote(1, post)
    await reader.worker.settle()
    assert await reader.record(1) is not None


async def test_the_worker_runs_until_it_is_drained(reader: Pressing) -> None:
    (post,) = await reader.posts(1)
    await reader.world.vote(1, post)
    task = asyncio.create_task(reader.worker.run())
    await reader.wait_for(1)
    await asyncio.wait_for(reader.worker.drain(5), 5)
    await asyncio.wait_for(task, 5)


async def test_the_worker_outlives_an_error(
    reader: Pressing, monkeypatch: pytest.MonkeyPatch
) -> None:
    (post,) = await reader.posts(1)
    await reader.world.vote(1, post)
    monkeypatch.setattr("bot.trust.rules.worker.LOOK_SECONDS", 0.001)
    await reader.write("ALTER TABLE rule_records RENAME TO away")
    task = asyncio.create_task(reader.worker.run())
    await asyncio.sleep(0.05)
    assert not task.done()
    await reader.write("ALTER TABLE away RENAME TO rule_records")
    await reader.wait_for(1)
    await reader.worker.drain(5)
    await task
