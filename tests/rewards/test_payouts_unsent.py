"""Requests that were listed and did not leave, and answers that are not written yet."""

from __future__ import annotations

import sqlite3

import pytest

from bot.rewards.sending import LEASE
from storage import leases, payout_pauses
from storage.errors import DiskError
from storage.payout_file import PayoutFile
from tests.rewards.paying import FIRST_PAYEE, Treasury


def listed(kudos: Treasury) -> list[str]:
    """Return what the list says of each payout."""
    return [told.what for told in PayoutFile(kudos.path).read()[0]]


async def fill_the_disk(kudos: Treasury) -> None:
    """Leave no room for what a mark writes beside its own row."""

    def unit(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE ballast (bytes BLOB)")
        connection.execute(
            "CREATE TRIGGER heavy AFTER INSERT ON payout_attempts"
            " BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END"
        )
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 10}")

    await kudos.database.write(unit)


async def test_a_mark_that_cannot_be_written_is_listed_as_not_sent(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    said: list[list[str]] = []

    async def on_step(step: str) -> None:
        if step == "listed" and not said:
            said.append(listed(kudos))
            await fill_the_disk(kudos)

    worker = kudos.worker(on_step)
    with pytest.raises(DiskError):
        await worker.step()
    assert (said, listed(kudos)) == ([["sent"]], ["unpaid"])
    assert kudos.received() == {}
    await kudos.change("DROP TRIGGER heavy")
    await kudos.work(worker)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_what_was_paused_meanwhile_is_listed_as_not_sent(kudos: Treasury) -> None:
    await kudos.earn(1, 20)

    async def on_step(step: str) -> None:
        if step == "listed":
            await kudos.database.write(
                lambda c: payout_pauses.begin(c, "operator", "operator", kudos.clock.now())
            )

    await kudos.work(kudos.worker(on_step))
    assert await kudos.states() == ["planned"]
    assert listed(kudos) == ["unpaid"]


async def test_nobody_else_sends_before_an_answer_is_written(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    await kudos.change(
        "CREATE TRIGGER full BEFORE UPDATE ON payouts WHEN new.state = 'paid'"
        " BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    worker = kudos.worker()
    with pytest.raises(sqlite3.IntegrityError):
        await worker.step()
    await worker.leave()
    now = kudos.clock.now()
    assert await kudos.database.read(lambda c: leases.is_held(c, LEASE, now))
    await kudos.change("DROP TRIGGER full")
    await worker.step()
    await worker.leave()
    assert not await kudos.database.read(lambda c: leases.is_held(c, LEASE, now))
