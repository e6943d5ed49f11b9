"""Backups of awkward moments, and one backup after another."""

from __future__ import annotations

import asyncio

import pytest

from bot.demo.horde import faults
from storage import backup, payouts
from tests.rewards.paying import FIRST_PAYEE, Treasury
from tests.rewards.test_payouts_replay import back_up, restore


@pytest.mark.parametrize("paid", [False, True])
async def test_no_case_of_a_backup_outlives_its_doubt(
    kudos: Treasury,
    paid: bool,  # noqa: FBT001 - parametrized
) -> None:
    kudos.stand_in.version = "5.0.4"
    kudos.fail(faults.DROPPED)
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.work(worker)
    copy = await back_up(kudos)
    await kudos.cases().settle_by_id(1, paid=False)
    kudos.clock.turn(120)
    if paid:
        await kudos.work(worker)
    await restore(kudos, copy)
    assert await kudos.states() == ["refused", "paid"][: 1 + paid]
    open_cases = "SELECT outcome FROM review_queue WHERE settled_at IS NULL"
    assert await kudos.values(open_cases) == []
    assert await kudos.values("SELECT outcome FROM review_queue") == ["unpaid"]
    await kudos.check()


@pytest.mark.parametrize("lost", [False, True])
async def test_a_newer_backup_after_an_older_one(
    kudos: Treasury,
    lost: bool,  # noqa: FBT001 - parametrized
) -> None:
    await kudos.earn(1, 20)
    kudos.fail(faults.too_many(60))
    await kudos.worker().step()
    older = await back_up(kudos)
    kudos.clock.turn(10)
    await kudos.database.write(lambda c: payouts.cancel(c, 1, "banned", kudos.clock.now()))
    newer = kudos.path.with_name("newer.db")
    await asyncio.to_thread(backup.backup, kudos.path, newer)
    await restore(kudos, older)
    if lost:
        kudos.fail(faults.ANSWER_LOST)
    await kudos.worker().step()
    assert kudos.received() == {FIRST_PAYEE: 20}
    assert await restore(kudos, newer) == 1
    assert await kudos.states() == ["in_doubt" if lost else "paid"]
    await kudos.run(kudos.worker(), hours=30)
    assert await kudos.states() == ["paid"]
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()
