"""The service over real child processes: when it runs, with whom it waits, and how it fails."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.trust.scoring.service import (
    AGAIN_AFTER,
    CHILD,
    EXPORT_AGE,
    LEASE,
    PAYOUT_AGE,
    PAYOUT_PATIENCE,
    ScoringFailedError,
    ScoringService,
)
from storage import alerts, leases, score_runs
from storage.alerts import Alert
from storage.connections import connect
from tests.children.found import children
from tests.rating.world import make_settings
from tests.trust.home import Home, open_home
from tests.trust.scored import (
    FIRST_DISCORD_ID,
    Shape,
    change,
    fill,
    history,
    image_rows,
    rows,
    run,
)

SHAPE = Shape(raters=20, each=20, panel=4)
PATIENCE_SECONDS = 30


@pytest.fixture
async def rated(tmp_path: Path) -> AsyncIterator[Home]:
    """A home whose people have voted."""
    async with open_home(tmp_path) as home:
        await home.world.database.write(lambda c: fill(c, SHAPE))
        yield home


def path_of(home: Home) -> Path:
    return home.world.database.path


def another_vote_changes(home: Home) -> None:
    with closing(connect(path_of(home))) as connection:
        history(connection, 1, 1, "given")


async def told(home: Home) -> list[Alert]:
    found = await home.world.database.read(alerts.undelivered)
    return [alert for alert in found if alert.kind == "scores_failed"]


def spoil(home: Home) -> None:
    change(path_of(home), "ALTER TABLE image_scores RENAME TO away")


def mend(home: Home) -> None:
    change(path_of(home), "ALTER TABLE away RENAME TO image_scores")


async def until(condition: Callable[[], object]) -> None:
    """Wait for what another process or thread brings about."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - nothing there could set an event of ours
            await asyncio.sleep(0.005)


async def settled() -> None:
    """Wait for the run that is under way; whatever comes of it."""
    await until(lambda: all(task.get_name() != "scores" for task in asyncio.all_tasks()))


def leased(home: Home) -> bool:
    return bool(rows(path_of(home), "SELECT 1 FROM leases WHERE name = 'scores'"))


async def test_a_run_scores_both_scales_and_says_what_it_found(rated: Home) -> None:
    heard: list[tuple[int, int]] = []
    found = await rated.services.scores.refresh(lambda done, most: heard.append((done, most)))
    assert set(found) == {"aesthetic", "artifacts"}
    assert {(one.votes, one.images, one.raters) for one in found.values()} == {(400, 100, 20)}
    assert len(image_rows(path_of(rated))) == 200
    assert all(0 < done <= most for done, most in heard)
    assert not leased(rated)


async def test_it_is_fresh_until_it_is_old_and_a_vote_has_changed(rated: Home) -> None:
    scores, clock = rated.services.scores, rated.world.clock
    assert not await scores.is_fresh(EXPORT_AGE)
    await scores.refresh()
    clock.turn(10 * 24 * 3600)
    assert await scores.is_fresh(timedelta(0))
    another_vote_changes(rated)
    assert not await scores.is_fresh(timedelta(days=9))
    assert await scores.is_fresh(timedelta(days=10))
    clock.turn(-11 * 24 * 3600)
    assert not await scores.is_fresh(EXPORT_AGE), "a clock that was set back"


async def test_whoever_asks_meanwhile_waits_for_the_same_run(rated: Home) -> None:
    scores = rated.services.scores
    one, two = await asyncio.gather(scores.refresh(), scores.refresh())
    assert one is two


async def test_two_processes_run_one_after_another(rated: Home) -> None:
    """The second service stands for another process: its holder is another one."""
    world = rated.world
    other = ScoringService(world.database, world.clock, world.settings, rated.services.alerts)
    one, two = await asyncio.gather(rated.services.scores.refresh(), other.refresh())
    written = sorted(one["aesthetic"].images_written for one in (one, two))
    assert written == [0, 100]


async def test_a_process_that_holds_the_lease_is_waited_for(rated: Home) -> None:
    world, holder = rated.world, leases.new_holder()
    until = world.clock.now() + timedelta(seconds=60)
    await world.database.write(
        lambda c: leases.take_or_keep(
            c, name=LEASE, holder=holder, now=world.clock.now(), until=until
        )
    )
    waiting = asyncio.create_task(rated.services.scores.refresh())
    await asyncio.sleep(0.7)
    assert not waiting.done()
    assert image_rows(path_of(rated)) == {}
    await world.database.write(lambda c: leases.leave(c, name=LEASE, holder=holder))
    await waiting
    assert len(image_rows(path_of(rated))) == 200


async def test_a_failure_is_told_and_leaves_the_last_scores(rated: Home) -> None:
    scores = rated.services.scores
    spoil(rated)
    with pytest.raises(ScoringFailedError, match="no such table: image_scores"):
        await scores.refresh()
    assert not await scores.refresh_if_old(timedelta(0))
    (alert,) = await told(rated)
    assert alert.count == 2
    assert "no such table: image_scores" in str(alert.values["reason"])
    text = rated.services.texts.say("alert.scores_failed", "de", **alert.values)
    assert "no such table" in text
    mend(rated)
    assert await scores.refresh_if_old(timedelta(0))
    assert len(await told(rated)) == 1


async def test_a_child_that_is_killed_is_a_failure(rated: Home) -> None:
    """Its memory may have run out. The lease is free again."""
    scores = rated.services.scores
    running = asyncio.create_task(scores.refresh())
    await until(lambda: children(CHILD))
    os.kill(children(CHILD)[0], signal.SIGKILL)
    with pytest.raises(ScoringFailedError, match="exit code -9"):
        await running
    assert not leased(rated)
    assert (await scores.refresh())["aesthetic"].images == 100


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8, None])
async def test_closing_stops_the_run(rated: Home, turns: int | None) -> None:
    """Also where its lease is just being written, some turns of the loop after its beginning."""
    scores = rated.services.scores
    running = asyncio.create_task(scores.refresh())
    if turns is None:
        await until(lambda: leased(rated))
    for _ in range(turns or 0):
        await asyncio.sleep(0)
    await scores.close()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not leased(rated)
    assert await told(rated) == []
    await scores.close()


async def test_what_follows_runs_after_each_run_and_cannot_spoil_it(rated: Home) -> None:
    scores = rated.services.scores
    done: list[str | int] = []

    async def fail() -> None:
        done.append("failed")
        raise RuntimeError("on purpose")

    async def count() -> int:
        done.append(len(image_rows(path_of(rated))))
        return 1

    scores.follow(fail)
    scores.follow(count)
    await scores.refresh()
    await scores.refresh()
    assert done == ["failed", 200] * 2


async def test_a_run_is_due_after_votes_were_taken_out_and_finds_none_of_them(
    rated: Home,
) -> None:
    """Their images are scored anew at once, but by what the last run believed of the raters."""
    path, scores, whose = path_of(rated), rated.services.scores, FIRST_DISCORD_ID + 3
    await scores.refresh()
    before = image_rows(path)
    wait = await scores.step()
    rated.world.clock.turn(1)
    assert await scores.is_fresh(timedelta(0))
    await rated.services.voiding.revert(rated.moderator, whose, "1970-01-01")
    mine = {image for (image,) in rows(path, "SELECT image_id FROM votes WHERE state = 'void'")}
    assert len(mine) > 10
    assert not await scores.is_fresh(timedelta(0))
    rated.world.clock.turn(wait.total_seconds())
    await scores.step()
    assert await scores.is_fresh(timedelta(0))
    after = image_rows(path)
    for (scale, image), row in before.items():
        lost = image in mine
        assert after[scale, image][2] == row[2] - lost
    change(path, "DELETE FROM voids")
    change(path, "DELETE FROM votes WHERE state = 'void'")
    never = run(path)
    assert all(not one.images_written and not one.raters_written for one in never.values())
    assert image_rows(path) == after, "as if they had never been"


async def test_an_erasure_scores_its_images_anew_at_once(rated: Home) -> None:
    await rated.services.scores.refresh()
    path = path_of(rated)
    sql = "SELECT image_id, count(*) FROM votes WHERE {} GROUP BY image_id"
    mine: dict[int, int] = dict(rows(path, sql.format("rater = 4")))
    before = image_rows(path)
    erased = await rated.services.erasure.erase_by_id(FIRST_DISCORD_ID + 3)
    after = image_rows(path)
    assert erased.votes == len(mine) > 10
    left: dict[int, int] = dict(rows(path, sql.format("true")))
    for (scale, image), row in before.items():
        if image not in mine:
            assert after[scale, image] == row
        elif image in left:
            assert after[scale, image][2] == left[image] == row[2] - 1
            assert after[scale, image][1] > row[1]
        else:
            assert (scale, image) not in after
    for table in ("rater_scores", "reliability_history"):
        assert rows(path, f"SELECT * FROM {table} WHERE rater = 4") == []  # noqa: S608 - constants


class TestTheWorker:
    async def test_it_scores_at_once_and_then_every_hour_if_a_vote_has_changed(
        self, rated: Home
    ) -> None:
        scores, clock = rated.services.scores, rated.world.clock
        assert await scores.step() == timedelta(hours=1)
        first = await self.seen(rated)
        clock.turn(600)
        another_vote_changes(rated)
        assert await scores.step() == timedelta(minutes=50)
        clock.turn(3000)
        assert await self.seen(rated) == first
        assert await scores.step() == timedelta(hours=1)
        second = await self.seen(rated)
        assert second == first + timedelta(hours=1)
        clock.turn(3600)
        assert await scores.step() == timedelta(hours=1)
        assert await self.seen(rated) == second, "no vote has changed"

    async def seen(self, home: Home) -> datetime:
        last = await home.world.database.read(score_runs.oldest)
        assert last is not None
        return last.at

    async def test_after_a_failure_it_comes_again_sooner(self, rated: Home) -> None:
        spoil(rated)
        assert await rated.services.scores.step() == AGAIN_AFTER
        assert len(await told(rated)) == 1

    async def test_it_outlives_what_it_does_not_expect(self, rated: Home) -> None:
        """A table of runs that is missing is no failure that anybody foresaw."""
        change(path_of(rated), "ALTER TABLE score_runs RENAME TO away")
        waits: list[float] = []
        clock = rated.world.clock

        class Waking(type(clock)):  # type: ignore[misc]
            async def sleep(self, seconds: float) -> None:
                waits.append(seconds)
                if len(waits) == 2:
                    await asyncio.Event().wait()
                change(path_of(rated), "ALTER TABLE away RENAME TO score_runs")

        scores = ScoringService(
            rated.world.database, Waking(), make_settings(), rated.services.alerts
        )
        working = asyncio.create_task(scores.run())
        while len(waits) < 2:
            assert not working.done()
            await asyncio.sleep(0.01)
        working.cancel()
        assert waits == [AGAIN_AFTER.total_seconds(), 3600]
        assert len(image_rows(path_of(rated))) == 200


class TestPayouts:
    async def test_they_wait_for_a_run_that_they_begin(self, rated: Home) -> None:
        scores = rated.services.scores
        assert not await scores.ready()
        await settled()
        assert await scores.ready()
        rated.world.clock.turn(PAYOUT_AGE.total_seconds())
        another_vote_changes(rated)
        assert await scores.ready()
        rated.world.clock.turn(1)
        assert not await scores.ready()
        await settled()
        assert await scores.ready()

    async def test_they_go_on_after_a_failure_and_operators_are_told(self, rated: Home) -> None:
        scores = rated.services.scores
        spoil(rated)
        assert not await scores.ready()
        await settled()
        assert await scores.ready()
        assert len(await told(rated)) == 1
        rated.world.clock.turn(AGAIN_AFTER.total_seconds())
        mend(rated)
        assert not await scores.ready()
        await settled()
        assert await scores.ready()
        assert await scores.is_fresh(timedelta(0))

    async def test_they_wait_for_no_run_that_does_not_end(self, rated: Home) -> None:
        world, holder = rated.world, leases.new_holder()
        until = world.clock.now() + timedelta(seconds=90)
        await world.database.write(
            lambda c: leases.take_or_keep(
                c, name=LEASE, holder=holder, now=world.clock.now(), until=until
            )
        )
        scores = rated.services.scores
        assert not await scores.ready()
        world.clock.turn(PAYOUT_PATIENCE.total_seconds())
        assert not await scores.ready()
        world.clock.turn(1)
        assert await scores.ready()
        await scores.close()
