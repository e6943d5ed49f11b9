"""Payouts go by young scores, so that who was found out is not paid; and never wait for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.demo.horde import faults
from bot.rewards.worker import LOOK_EVERY
from bot.trust.scoring.service import ScoringFailedError, ScoringService
from tests.rewards.paying import Treasury
from tests.trust.scored import Shape, fill

CROWD = Shape(raters=60, each=100, attackers=3)
ATTACKER, HONEST = 1, 4


@pytest.fixture
async def scores(kudos: Treasury) -> AsyncIterator[ScoringService]:
    """A crowd has voted; the first three raters press at random, and nobody has looked yet."""
    await kudos.database.write(lambda c: fill(c, CROWD, seed=3))
    service = ScoringService(kudos.database, kudos.clock, kudos.settings, kudos.alerts())
    yield service
    await service.close()


async def test_who_is_held_by_then_is_not_paid(kudos: Treasury, scores: ScoringService) -> None:
    for rater in (ATTACKER, HONEST):
        await kudos.earn(rater, 50)
    worker = kudos.worker(ready=scores.ready)
    assert await worker.step() == kudos.clock.now() + LOOK_EVERY
    assert await kudos.states() == [], "the run is under way"
    await scores.refresh()
    await kudos.work(worker)
    assert [(each.rater, each.state) for each in await kudos.payouts()] == [(HONEST, "paid")]


async def test_a_run_that_fails_holds_nobody_up(kudos: Treasury, scores: ScoringService) -> None:
    await kudos.earn(HONEST, 50)
    await kudos.change("DROP TABLE image_scores")
    worker = kudos.worker(ready=scores.ready)
    await worker.step()
    with pytest.raises(ScoringFailedError):
        await scores.refresh()
    await kudos.work(worker)
    assert await kudos.states() == ["paid"]


async def test_nobody_is_due_and_no_run_begins(kudos: Treasury, scores: ScoringService) -> None:
    asked = []

    async def ready() -> bool:
        asked.append(True)
        return await scores.ready()

    await kudos.work(kudos.worker(ready=ready))
    assert not asked


async def test_what_is_planned_waits_for_no_scores(kudos: Treasury) -> None:
    """Its kudos are promised: a second attempt asks about nothing but the first one."""
    ready_once = iter([True])

    async def ready() -> bool:
        return next(ready_once, False)

    await kudos.earn(HONEST, 50)
    kudos.fail(faults.ANSWER_LOST)
    await kudos.run(kudos.worker(ready=ready), hours=1)
    assert await kudos.states() == ["paid"]


async def test_an_account_that_can_afford_little_is_no_reason_to_ask_twice(
    kudos: Treasury,
) -> None:
    """The second look of a step is for smaller sums: not ready then would look like no kudos."""
    answers = iter([True])

    async def ready() -> bool:
        return next(answers, False)

    await kudos.earn(HONEST, 900)
    await kudos.earn(HONEST + 1, 50)
    kudos.stand_in.accounts[1].kudos = 800
    await kudos.work(kudos.worker(ready=ready))
    assert [each.rater for each in await kudos.payouts()] == [HONEST + 1]
