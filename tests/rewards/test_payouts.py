"""Payouts that go well, and those that certainly were not made."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.demo.horde import faults
from storage import holds, payout_pauses, raters
from storage.errors import StorageError
from tests.rating.world import TickingClock
from tests.rewards.paying import FIRST_PAYEE, Treasury, treasury

PAYEES_FAULTS = {"FaultWhenKudosReceiving": "suspicious", "TargetAccountFlagged": "flagged"}
OUR_FAULTS = {
    "FaultWhenKudosSending": "suspicious",
    "SourceAccountFlagged": "flagged",
    "EducationCannotSendKudos": "education",
    "DeletedUser": "deleted",
}


async def test_released_awards_are_paid_in_one_payout(kudos: Treasury) -> None:
    await kudos.earn(1, 5, 5, 7)
    await kudos.work(kudos.worker())
    assert kudos.received() == {FIRST_PAYEE: 17}
    (payout,) = await kudos.payouts()
    assert (payout.state, payout.amount, payout.rater) == ("paid", 17, 1)
    assert payout.key == kudos.stand_in.paid[0].key
    assert await kudos.owed(1) == 0
    await kudos.check()


async def test_a_clock_that_goes_on_meanwhile_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with treasury(tmp_path, clock=TickingClock()) as kudos:
        for rater in (1, 2):
            await kudos.earn(rater, 20)
        await kudos.work(kudos.worker())
        assert kudos.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 1: 20}
        await kudos.check()


async def test_who_waits_longest_is_paid_first_and_one_a_second(kudos: Treasury) -> None:
    for rater in (3, 1, 2):
        await kudos.earn(rater, 20)
        kudos.clock.turn(60)
    await kudos.work(kudos.worker())
    assert [transfer.payee for transfer in kudos.stand_in.paid] == [13, 11, 12]
    moments = [transfer.at for transfer in kudos.stand_in.paid]
    assert min(b - a for a, b in pairwise(moments)) >= timedelta(seconds=1)
    await kudos.check()


async def test_the_next_payout_waits_for_its_period(kudos: Treasury) -> None:
    worker = kudos.worker()
    await kudos.earn(1, 20)
    await kudos.work(worker)
    await kudos.earn(1, 30)
    await kudos.run(worker, hours=23)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.run(worker, hours=2)
    assert kudos.received() == {FIRST_PAYEE: 50}
    await kudos.check()


@pytest.mark.parametrize("rc", PAYEES_FAULTS)
async def test_an_account_that_cannot_be_paid_is_left_alone(kudos: Treasury, rc: str) -> None:
    kudos.stand_in.accounts[FIRST_PAYEE].marks.add(PAYEES_FAULTS[rc])
    await kudos.earn(1, 20)
    await kudos.earn(2, 20)
    worker = kudos.worker()
    await kudos.work(worker)
    (payout,) = await kudos.payouts(1)
    assert (payout.state, payout.answer) == ("refused", rc)
    assert await kudos.owed(1) == 20
    assert kudos.received() == {FIRST_PAYEE + 1: 20}
    assert await kudos.values("SELECT refused_answer FROM horde_links WHERE rater = 1") == [rc]
    await kudos.run(worker, days=6)
    assert await kudos.states(1) == ["refused"]
    kudos.stand_in.accounts[FIRST_PAYEE].marks.clear()
    await kudos.run(worker, days=2)
    assert await kudos.states(1) == ["refused", "paid"]
    assert await kudos.values("SELECT refused_answer FROM horde_links WHERE rater = 1") == [None]
    await kudos.check()


async def test_an_account_that_is_gone_is_left_alone_until_another_is_linked(
    kudos: Treasury,
) -> None:
    kudos.stand_in.accounts.remove(FIRST_PAYEE)
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.work(worker)
    assert [payout.answer for payout in await kudos.payouts()] == ["InvalidTargetUsername"]
    await kudos.link(1, FIRST_PAYEE + 5)
    await kudos.work(worker)
    assert kudos.received() == {FIRST_PAYEE + 5: 20}
    await kudos.check()


async def test_a_deleted_payee_is_not_taken_for_us(kudos: Treasury) -> None:
    kudos.stand_in.accounts[FIRST_PAYEE].marks.add("deleted")
    await kudos.earn(1, 20)
    await kudos.earn(2, 20)
    await kudos.work(kudos.worker())
    assert await kudos.states(1) == ["refused"]
    assert await kudos.states(2) == ["paid"]


@pytest.mark.parametrize("rc", OUR_FAULTS)
async def test_a_fault_of_our_own_account_pauses_until_it_is_mended(
    kudos: Treasury, rc: str
) -> None:
    kudos.stand_in.accounts[1].marks.add(OUR_FAULTS[rc])
    await kudos.earn(1, 20)
    await kudos.earn(2, 20)
    worker = kudos.worker()
    await kudos.run(worker, hours=5)
    assert kudos.received() == {}
    assert await kudos.told() == ["payouts_paused"]
    assert await kudos.values("SELECT action FROM audit_log") == ["payouts.pause"]
    (payout,) = await kudos.payouts()
    attempts = await kudos.outcomes(payout.id)
    assert set(attempts) == {rc}
    assert 4 <= len(attempts) <= 10
    kudos.stand_in.accounts[1].marks.clear()
    await kudos.run(worker, hours=2)
    assert kudos.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 1: 20}
    assert await kudos.told() == ["payouts_paused", "payouts_resumed"]
    assert await kudos.database.read(payout_pauses.every) == []
    await kudos.check()


async def test_too_few_kudos_pause_until_there_are_more(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos=40) as kudos:
        await kudos.earn(1, 20)
        worker = kudos.worker()
        await kudos.work(worker)
        (pause,) = await kudos.database.read(payout_pauses.every)
        assert (pause.cause, pause.answer) == ("horde", "KudosTransferNotEnough")
        assert await kudos.states() == []
        kudos.stand_in.accounts[1].kudos = 500
        await kudos.run(worker, minutes=12)
        assert kudos.received() == {FIRST_PAYEE: 20}
        await kudos.check()


async def test_a_wrong_key_pauses_before_anything_is_planned(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    kudos.api_key = "x" * 22
    await kudos.work(kudos.worker())
    assert await kudos.states() == []
    assert await kudos.told() == ["payouts_paused"]


async def test_a_key_that_was_revoked_pauses(kudos: Treasury) -> None:
    worker = kudos.worker()
    await kudos.earn(1, 20)
    await kudos.work(worker)
    kudos.stand_in.accounts[1].key = "another"
    await kudos.earn(2, 20)
    await kudos.work(worker)
    assert await kudos.values("SELECT answer FROM payout_pauses") == ["InvalidAPIKey"]
    assert await kudos.states(2) == ["planned"]


async def test_a_limit_is_waited_for(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    kudos.fail(faults.too_many(retry_after=1800))
    worker = kudos.worker()
    await kudos.run(worker, minutes=29)
    assert await kudos.states() == ["planned"]
    await kudos.run(worker, minutes=10)
    (payout,) = await kudos.payouts()
    assert await kudos.outcomes(payout.id) == ["http_429", "paid"]
    await kudos.check()


async def test_ninety_an_hour_are_never_exceeded(tmp_path: Path) -> None:
    async with treasury(tmp_path, payout_minimum=1, payout_period_hours=1) as kudos:
        worker = kudos.worker()
        for _ in range(40):
            for rater in range(1, 7):
                await kudos.earn(rater, 1)
            await kudos.run(worker, minutes=10)
        outcomes = await kudos.values("SELECT DISTINCT outcome FROM payout_attempts")
        assert outcomes == ["paid"]
        await kudos.check()


async def test_a_payee_who_just_paid_us_waits_a_minute(kudos: Treasury) -> None:
    kudos.stand_in.accounts[FIRST_PAYEE].kudos = 100
    payee = kudos.client()
    kudos.api_key = kudos.stand_in.accounts[FIRST_PAYEE].key
    payee = kudos.client()
    await payee.transfer(1, 1, "back")
    await kudos.earn(1, 20)
    kudos.api_key = kudos.stand_in.accounts[1].key
    worker = kudos.worker()
    await kudos.work(worker)
    assert [payout.answer for payout in await kudos.payouts()] == ["TooFastKudosTransfers"]
    await kudos.run(worker, minutes=2)
    assert kudos.received()[FIRST_PAYEE] == 20


async def test_an_answer_that_nobody_foresaw_is_told(kudos: Treasury) -> None:
    body = '{"message": "no", "rc": "SomethingNew"}'
    kudos.fail(faults.Fault(faults.Way.ANSWER, status=400, body=body))
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.run(worker, hours=23)
    assert await kudos.states() == ["refused"]
    assert await kudos.told() == ["payout_refused"]
    assert await kudos.owed(1) == 20
    await kudos.run(worker, hours=2)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_nothing_is_sent_while_an_operator_says_so(kudos: Treasury) -> None:
    now = kudos.clock.now()
    await kudos.database.write(lambda c: payout_pauses.begin(c, "operator", "operator", now))
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.run(worker, hours=2)
    assert await kudos.states() == []
    await kudos.database.write(lambda c: payout_pauses.lift(c, "operator"))
    await kudos.work(worker)
    assert kudos.received() == {FIRST_PAYEE: 20}


async def test_nothing_is_sent_while_the_horde_is_down(kudos: Treasury) -> None:
    kudos.stand_in.down = True
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.run(worker, hours=1)
    assert await kudos.states() == []
    kudos.stand_in.down = False
    await kudos.run(worker, minutes=20)
    assert kudos.received() == {FIRST_PAYEE: 20}


async def between(kudos: Treasury, step: str, change: str) -> None:
    """Let a worker pay while `change` is made when it has come to `step`."""

    async def on_step(name: str) -> None:
        if name == step:
            await kudos.change(change)

    await kudos.work(kudos.worker(on_step))


CHANGES = {
    "banned": "UPDATE raters SET status = 'banned' WHERE number = 1",
    "held": "INSERT INTO holds (rater, reason, since) VALUES (1, 'looked at', 0)",
    "vote": "UPDATE awards SET standing = 'void' WHERE amount = 20",
    "link": "DELETE FROM horde_links WHERE rater = 1",
}


@pytest.mark.parametrize("reason", CHANGES)
@pytest.mark.parametrize("step", ["planned", "listed"])
async def test_what_changes_before_the_request_keeps_it_from_leaving(
    kudos: Treasury, reason: str, step: str
) -> None:
    await kudos.earn(1, 20, 4)
    await between(kudos, step, CHANGES[reason])
    assert [(p.state, p.answer) for p in await kudos.payouts()] == [("cancelled", reason)]
    assert kudos.received() == {}
    await kudos.check()


async def test_a_new_account_is_paid_instead_of_the_planned_one(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    await between(kudos, "planned", "UPDATE horde_links SET horde_id = 16 WHERE rater = 1")
    assert await kudos.states() == ["cancelled", "paid"]
    assert kudos.received() == {16: 20}
    await kudos.check()


async def test_a_pause_between_mark_and_plan_leaves_it_planned(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    await between(
        kudos,
        "listed",
        "INSERT INTO payout_pauses (cause, answer, since) VALUES ('operator', '', 0)",
    )
    assert await kudos.states() == ["planned"]
    assert kudos.received() == {}


@pytest.mark.parametrize("reason", ["banned", "held", "link"])
async def test_what_changes_once_a_request_left_does_not_stop_it(
    kudos: Treasury, reason: str
) -> None:
    kudos.fail(faults.ANSWER_LOST)
    await kudos.earn(1, 20)
    await between(kudos, "answered", CHANGES[reason])
    assert await kudos.states() == ["in_doubt"]
    await kudos.run(kudos.worker(), minutes=3)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_nothing_is_sent_that_cannot_be_listed(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    path = kudos.path.with_name("jury.db.payouts")
    path.mkdir()
    worker = kudos.worker()
    for _ in range(3):
        with pytest.raises(StorageError, match="list of payouts"):
            await worker.step()
        kudos.clock.turn(30)
    assert kudos.received() == {}
    assert await kudos.told() == ["payouts_not_listed"]
    assert await kudos.values("SELECT count FROM alerts") == [1]
    path.rmdir()
    await kudos.run(worker, minutes=1)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_an_answer_that_cannot_be_written_is_written_later(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    await kudos.earn(2, 20)
    await kudos.change(
        "CREATE TRIGGER full BEFORE UPDATE ON payouts WHEN new.state = 'paid'"
        " BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    worker = kudos.worker()
    for _ in range(3):
        with pytest.raises(sqlite3.IntegrityError):
            await worker.step()
        kudos.clock.turn(30)
    assert await kudos.states() == ["sending"]
    assert len(kudos.stand_in.paid) == 1
    await kudos.change("DROP TRIGGER full")
    await kudos.work(worker)
    assert kudos.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 1: 20}
    assert await kudos.outcomes(1) == ["paid"]
    await kudos.check()


async def test_a_clock_that_was_set_back_delays_nobody_for_long(kudos: Treasury) -> None:
    worker = kudos.worker()
    kudos.clock.turn(400 * 86_400)
    await kudos.earn(1, 20)
    kudos.stand_in.accounts[FIRST_PAYEE + 1].marks.add("flagged")
    await kudos.earn(2, 20)
    await kudos.work(worker)
    assert await kudos.states(2) == ["refused"]
    kudos.stand_in.accounts[FIRST_PAYEE + 1].marks.clear()
    kudos.clock.turn(-399 * 86_400)
    kudos.stand_in.limiter.forget()  # the Horde has a clock of its own
    await kudos.earn(1, 30)
    await kudos.run(worker, hours=1)
    assert kudos.received() == {FIRST_PAYEE: 50, FIRST_PAYEE + 1: 20}
    await kudos.check()


@pytest.mark.parametrize("what", ["doubt", "pause", "limit"])
async def test_no_wait_of_a_clock_that_was_set_back_is_waited_for(
    kudos: Treasury, what: str
) -> None:
    worker = kudos.worker()
    kudos.clock.turn(400 * 86_400)
    await kudos.earn(1, 20)
    if what == "pause":
        kudos.stand_in.accounts[1].marks.add("suspicious")
    else:
        kudos.fail(faults.ANSWER_LOST if what == "doubt" else faults.too_many(60))
    await kudos.work(worker)
    assert await kudos.states() == ["in_doubt" if what == "doubt" else "planned"]
    kudos.stand_in.accounts[1].marks.clear()
    kudos.clock.turn(-399 * 86_400)
    kudos.stand_in.limiter.forget()  # the Horde has a clock of its own
    await kudos.run(worker, hours=25 if what == "limit" else 1)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_a_held_rater_is_paid_once_the_hold_is_lifted(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    await kudos.database.write(lambda c: holds.place(c, 1, "review", kudos.clock.now()))
    worker = kudos.worker()
    await kudos.work(worker)
    assert kudos.received() == {}
    await kudos.database.write(lambda c: holds.lift(c, 1))
    await kudos.work(worker)
    assert kudos.received() == {FIRST_PAYEE: 20}


async def test_a_ban_that_ends_only_delays(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    until = kudos.clock.now() + timedelta(hours=1)
    await kudos.database.write(lambda c: raters.set_status(c, 1, "banned", until=until))
    worker = kudos.worker()
    await kudos.run(worker, minutes=50)
    assert kudos.received() == {}
    await kudos.run(worker, minutes=20)
    assert kudos.received() == {FIRST_PAYEE: 20}
