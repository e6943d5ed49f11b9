"""A worker that ends at any step, and workers beside each other."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.demo.horde import faults
from bot.rewards.replay import PayoutReplay
from bot.rewards.worker import PayoutWorker
from storage.errors import StorageError
from tests.rewards.paying import FIRST_PAYEE, Treasury

STEPS = ("planned", "listed", "sending", "answered", "settled")


class Gone(BaseException):
    """The process ended."""


async def end_at(kudos: Treasury, last: str) -> None:
    """Let a worker come to a step and no further; its process is gone then, and the lease stays."""

    async def on_step(step: str) -> None:
        if step == last:
            raise Gone

    with pytest.raises(Gone):
        await kudos.work(kudos.worker(on_step))
    await kudos.reopen()
    kudos.clock.turn(120)
    await PayoutReplay(kudos.database, kudos.clock).replay()  # as every opening does


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("version", ["5.1.5", "5.0.4"])
async def test_an_end_at_any_step_neither_loses_nor_pays_twice(
    kudos: Treasury, step: str, version: str
) -> None:
    kudos.stand_in.version = version
    await kudos.earn(1, 20)
    await kudos.earn(2, 30)
    await end_at(kudos, step)
    await kudos.run(kudos.worker(), hours=1)
    for payout in await kudos.payouts():
        if payout.state == "in_doubt":  # the old server, and nobody knows whether it was sent
            assert version == "5.0.4"
            assert step in {"listed", "sending", "answered"}
            assert await kudos.told() == ["payout_in_doubt"]
            paid = payout.horde_id in kudos.received()
            assert paid == (step == "answered")
            await kudos.cases().settle_by_id(payout.id, paid=paid)
    await kudos.run(kudos.worker(), hours=1)
    assert kudos.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 1: 30}
    await kudos.check()


@pytest.mark.parametrize("step", STEPS[1:])
async def test_an_end_during_a_later_attempt(kudos: Treasury, step: str) -> None:
    await kudos.earn(1, 20)
    kudos.fail(faults.ANSWER_LOST)
    await kudos.worker().step()
    kudos.clock.turn(120)
    await end_at(kudos, step)
    await kudos.run(kudos.worker(), hours=1)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


@pytest.mark.parametrize("step", STEPS)
async def test_two_workers_never_pay_one_award_twice(kudos: Treasury, step: str) -> None:
    for rater in range(1, 5):
        await kudos.earn(rater, 20)
    others: list[PayoutWorker] = []

    async def on_step(name: str) -> None:
        if name == step:
            other = kudos.worker()
            others.append(other)
            await other.step()

    await kudos.run(kudos.worker(on_step), minutes=2)
    assert others
    assert sorted(kudos.received().values()) == [20, 20, 20, 20]
    assert await kudos.values("SELECT DISTINCT outcome FROM payout_attempts") == ["paid"]
    await kudos.check()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("version", ["5.1.5", "5.0.4"])
async def test_a_worker_that_stood_still_is_followed_and_comes_back(
    kudos: Treasury, step: str, version: str
) -> None:
    kudos.stand_in.version = version
    await kudos.earn(1, 20)

    others: list[PayoutWorker] = []

    async def on_step(name: str) -> None:
        if name == step and not others:
            kudos.clock.turn(600)
            other = kudos.worker()
            others.append(other)
            await kudos.run(other, minutes=5)
            await other.leave()

    first = kudos.worker(on_step)
    await first.step()
    await kudos.run(first, minutes=10)
    for payout in await kudos.payouts():
        if payout.state == "in_doubt":
            paid = payout.horde_id in kudos.received()
            await kudos.cases().settle_by_id(payout.id, paid=paid)
    await kudos.run(first, minutes=10)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


@pytest.mark.parametrize("step", ["planned", "listed"])
@pytest.mark.parametrize("fault", [faults.ANSWER_LOST, faults.DROPPED], ids=["after", "before"])
async def test_a_worker_that_stood_still_says_nothing_of_what_another_sent(
    kudos: Treasury, step: str, fault: faults.Fault
) -> None:
    await kudos.earn(1, 20)
    kudos.fail(fault)
    others: list[PayoutWorker] = []

    async def on_step(name: str) -> None:
        if name == step and not others:
            kudos.clock.turn(600)
            others.append(kudos.worker())
            await others[0].step()
            await others[0].leave()

    await kudos.worker(on_step).step()
    assert await kudos.states() == ["in_doubt"]
    kudos.clock.turn(600)
    await kudos.reopen()
    assert await PayoutReplay(kudos.database, kudos.clock).replay() == 0
    assert await kudos.states() == ["in_doubt"]
    await kudos.run(kudos.worker(), minutes=5)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_a_worker_that_was_followed_between_list_and_mark_sends_nothing(
    kudos: Treasury,
) -> None:
    """Its follower found that it was listed, and has left."""
    await kudos.earn(1, 20)

    async def on_step(name: str) -> None:
        if name == "listed":
            kudos.clock.turn(600)
            kudos.stand_in.down = True
            other = kudos.worker()
            await other.step()
            await other.leave()
            kudos.stand_in.down = False

    await kudos.worker(on_step).step()
    assert kudos.stand_in.paid == []
    assert await kudos.states() == ["in_doubt"]


async def test_only_the_holder_of_the_lease_asks_again(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    kudos.fail(faults.ANSWER_LOST)
    first = kudos.worker()
    await first.step()
    await first.leave()
    kudos.clock.turn(120)

    async def on_step(name: str) -> None:
        if name == "listed":
            kudos.clock.turn(600)
            kudos.stand_in.down = True
            await kudos.worker().step()
            kudos.stand_in.down = False

    await kudos.worker(on_step).step()
    assert await kudos.outcomes(1) == ["not_known"]


async def overtaken(kudos: Treasury, *, down: bool) -> None:
    """Let a first request meet a limit, and another worker take over before that is written."""
    await kudos.earn(1, 20)
    kudos.fail(faults.too_many(1))

    async def on_step(name: str) -> None:
        if name == "answered":
            kudos.clock.turn(600)
            kudos.stand_in.down = down
            if not down:
                kudos.fail(faults.ANSWER_LOST)
            other = kudos.worker()
            await other.step()
            await other.leave()
            kudos.stand_in.down = False

    await kudos.worker(on_step).step()


async def test_what_an_earlier_request_proves_counts_no_more_after_a_later_one(
    kudos: Treasury,
) -> None:
    await overtaken(kudos, down=False)
    assert await kudos.states() == ["in_doubt"]
    assert await kudos.outcomes(1) == ["http_429", "not_known"]
    await kudos.run(kudos.worker(), minutes=5)
    assert kudos.received() == {FIRST_PAYEE: 20}


async def test_what_the_only_request_proves_ends_a_doubt(kudos: Treasury) -> None:
    await overtaken(kudos, down=True)
    assert await kudos.states() == ["planned"]


async def test_what_the_only_request_proves_ends_a_case(kudos: Treasury) -> None:
    kudos.stand_in.version = "5.0.4"
    await overtaken(kudos, down=False)
    assert await kudos.values("SELECT outcome FROM review_queue") == ["unpaid"]
    assert await kudos.states() == ["planned"]


async def test_a_request_does_not_leave_once_its_lease_ran_out(kudos: Treasury) -> None:
    await kudos.earn(1, 20)

    async def on_step(name: str) -> None:
        if name == "sending":
            kudos.clock.turn(3600)

    await kudos.worker(on_step).step()
    assert kudos.stand_in.paid == []
    assert [(p.state, p.answer) for p in await kudos.payouts()] == [("planned", "not_sent")]


async def test_a_second_worker_keeps_to_the_pace_of_the_first(kudos: Treasury) -> None:
    await kudos.change(
        "INSERT INTO payouts (id, key, rater, horde_id, verified, amount, state, planned_at,"
        " settled_at) VALUES (99, ?, 6, 16, 0, 1, 'refused', 0, 0)",
        "k" * 36,
    )
    for second in range(90):
        at = kudos.clock.now() - timedelta(seconds=10 * second)
        microseconds = int(at.timestamp() * 1_000_000)
        await kudos.change(
            "INSERT INTO payout_attempts (payout_id, sent_at) VALUES (99, ?)", microseconds
        )
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.run(worker, minutes=44)
    assert kudos.received() == {}
    await kudos.run(worker, minutes=4)
    assert kudos.received() == {FIRST_PAYEE: 20}


async def test_a_drained_worker_awaits_the_answer_and_leaves(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    await kudos.earn(2, 20)
    under_way = asyncio.Event()

    async def on_step(step: str) -> None:
        if step == "sending":
            under_way.set()

    kudos.fail(faults.slow(0.2))
    worker = kudos.worker(on_step)
    running = asyncio.create_task(worker.run())
    await under_way.wait()
    await worker.drain(5)
    await running
    assert await kudos.states() == ["paid"]
    assert await kudos.values("SELECT name FROM leases") == []
    await kudos.check()


async def test_an_answer_that_comes_too_late_is_asked_for_at_the_next_start(
    kudos: Treasury,
) -> None:
    await kudos.earn(1, 20)
    under_way = asyncio.Event()

    async def on_step(step: str) -> None:
        if step == "sending":
            under_way.set()

    kudos.fail(faults.slow(0.3))
    worker = kudos.worker(on_step)
    running = asyncio.create_task(worker.run())
    await under_way.wait()
    await worker.drain(0.01)
    running.cancel()
    await asyncio.wait([running])
    assert await kudos.states() == ["sending"]
    kudos.clock.turn(120)
    await kudos.run(kudos.worker(), minutes=5)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_a_worker_outlives_its_errors(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    path = kudos.path.with_name("jury.db.payouts")
    path.mkdir()
    settled = asyncio.Event()

    async def on_step(step: str) -> None:
        if step == "settled":
            settled.set()

    worker = kudos.worker(on_step)
    running = asyncio.create_task(worker.run())
    for _ in range(2):  # one of them comes after that of its own
        with pytest.raises(StorageError):
            await worker.step()
    path.rmdir()
    worker.wake()
    await settled.wait()
    await worker.drain(5)
    await running
    await kudos.check()
