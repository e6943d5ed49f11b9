"""Two workers on one database: even where both hold the lease, nothing is paid twice."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.rewards.replay import PayoutReplay
from bot.rewards.worker import PayoutWorker
from storage.backup import backup
from storage.database import Database
from tests.rewards.paying import FIRST_PAYEE, Treasury

STEPS = ("planned", "listed", "sending", "answered", "settled")
PAID = {FIRST_PAYEE: 20, FIRST_PAYEE + 1: 30}


@asynccontextmanager
async def beside(kudos: Treasury) -> AsyncIterator[Treasury]:
    """Open the same database once more, as a second process does."""
    database = await Database.open(kudos.path)
    try:
        yield replace(kudos, database=database)
    finally:
        await database.close()


async def settle(kudos: Treasury) -> None:
    """Say truthfully of what is in doubt whether it was paid, and work on."""
    await kudos.run(kudos.worker(), minutes=10)
    paid = {transfer.payee for transfer in kudos.stand_in.paid}
    for payout in await kudos.payouts():
        if payout.state == "in_doubt":
            await kudos.cases().settle_by_id(payout.id, paid=payout.horde_id in paid)
    await kudos.run(kudos.worker(), minutes=10)


async def restore(kudos: Treasury, copy: Path) -> None:
    """Put a backup in the place of the database, and start with it."""
    await kudos.database.close()
    for left in kudos.path.parent.glob("jury.db-*"):
        left.unlink()
    shutil.copyfile(copy, kudos.path)
    kudos.database = await Database.open(kudos.path)
    await PayoutReplay(kudos.database, kudos.clock).replay()


async def unnoticed(kudos: Treasury, worker: PayoutWorker) -> None:
    """Let a worker pay beside the holder of the lease, who is not to find that out."""
    columns = "name, holder, expires_at"
    lease = await kudos.database.read(
        lambda c: c.execute(f"SELECT {columns} FROM leases").fetchone()  # noqa: S608 - a constant
    )
    await kudos.change("DELETE FROM leases")
    await worker.step()
    kudos.clock.turn(2)
    await worker.step()
    await kudos.change("DELETE FROM leases")
    await kudos.change(f"INSERT INTO leases ({columns}) VALUES (?, ?, ?)", *lease)  # noqa: S608 - a constant


@pytest.mark.parametrize("version", ["5.1.5", "5.0.4"])
@pytest.mark.parametrize("step", STEPS)
async def test_two_that_both_hold_the_lease_pay_once(
    kudos: Treasury, step: str, version: str
) -> None:
    kudos.stand_in.version = version
    await kudos.earn(1, 20)
    await kudos.earn(2, 30)
    copy = kudos.path.with_name("before.db")
    await asyncio.to_thread(backup, kudos.path, copy)
    async with beside(kudos) as other:
        second = other.worker()

        async def on_step(name: str) -> None:
            if name == step:
                await unnoticed(other, second)

        first = kudos.worker(on_step)
        for _ in range(4):
            await first.step()
            kudos.clock.turn(2)
    kudos.clock.turn(120)
    await settle(kudos)
    assert kudos.received() == PAID
    assert len(kudos.stand_in.paid) == 2
    await kudos.check()
    await restore(kudos, copy)
    await settle(kudos)
    assert len(kudos.stand_in.paid) == 2
    await kudos.check()


async def test_who_does_not_hold_the_lease_sends_nothing(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    first = kudos.worker()
    await first.step()
    await kudos.earn(2, 30)
    async with beside(kudos) as other:
        second = other.worker()
        for _ in range(8):
            kudos.clock.turn(10)
            await second.step()
            assert kudos.received() == {FIRST_PAYEE: 20}
        await first.leave()
        await second.step()
        assert kudos.received() == PAID
        await second.leave()


async def test_two_processes_at_once_pay_each_award_once(kudos: Treasury) -> None:
    for rater in range(1, 7):
        await kudos.earn(rater, 10 + rater)
    async with beside(kudos) as other:
        workers = kudos.worker(), other.worker()
        for _ in range(40):
            await asyncio.gather(*(worker.step() for worker in workers))
            kudos.clock.turn(2)
        await workers[0].leave()
        await workers[1].leave()
    assert sorted(kudos.received().values()) == [11, 12, 13, 14, 15, 16]
    assert await kudos.values("SELECT DISTINCT outcome FROM payout_attempts") == ["paid"]
    await kudos.check()
