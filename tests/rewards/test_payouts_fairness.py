"""Nobody's account may keep everybody else from being paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.horde import faults
from bot.demo.horde.transfers import Transfer
from storage import horde_links, payout_pauses
from storage.times import to_microseconds
from tests.rewards.paying import FIRST_PAYEE, OURS, Treasury, treasury

HOSTILE = (1, 2)
OTHERS = (3, 4, 5, 6)


def unforeseen(rc: str = "TimeoutIP", status: int = 403) -> faults.Fault:
    body = f'{{"message": "no", "rc": "{rc}"}}'
    return faults.Fault(faults.Way.ANSWER, status=status, body=body)


def pay_us(kudos: Treasury, account: int) -> None:
    """Let somebody send us a kudo, after which the Horde lets us send them none for a minute."""
    back = Transfer(account, OURS, 1, None, kudos.clock.now())
    kudos.stand_in.transfers.replay([back])


async def test_who_pays_us_again_and_again_takes_nobodys_turn(kudos: Treasury) -> None:
    for rater in HOSTILE:
        await kudos.earn(rater, 20)
    worker = kudos.worker()
    end = kudos.clock.now() + timedelta(hours=6)
    while kudos.clock.now() < end:
        for rater in HOSTILE:
            pay_us(kudos, FIRST_PAYEE + rater - 1)
        if kudos.clock.now() > end - timedelta(hours=5):
            for rater in OTHERS:
                if not await kudos.payouts(rater) and not await kudos.owed(rater):
                    await kudos.earn(rater, 20)
        await kudos.run(worker, seconds=55)
    received = kudos.received()
    assert received.pop(OURS) > 100
    assert received == {FIRST_PAYEE + rater - 1: 20 for rater in OTHERS}
    attempts = [await kudos.outcomes(p.id) for r in HOSTILE for p in await kudos.payouts(r)]
    assert [set(each) for each in attempts] == [{"TooFastKudosTransfers"}] * 2
    assert all(4 <= len(each) <= 9 for each in attempts)


async def test_what_was_refused_for_now_goes_behind_what_was_not(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    pay_us(kudos, FIRST_PAYEE)
    worker = kudos.worker()
    await kudos.work(worker)
    kudos.clock.turn(600)
    await kudos.earn(2, 20, at=kudos.clock.now())
    await kudos.work(worker)
    assert [transfer.payee for transfer in kudos.stand_in.paid] == [
        OURS,
        FIRST_PAYEE + 1,
        FIRST_PAYEE,
    ]


async def test_the_same_account_linked_again_is_no_new_one(kudos: Treasury) -> None:
    kudos.stand_in.accounts[FIRST_PAYEE].marks.add("flagged")
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.work(worker)
    before = await kudos.database.read(lambda c: horde_links.find(c, 1))
    for verified in (False, True, False):
        await kudos.link(1, FIRST_PAYEE, verified=verified)
        after = await kudos.database.read(lambda c: horde_links.find(c, 1))
        assert before is not None
        assert after is not None
        assert after.refused_answer == before.refused_answer == "TargetAccountFlagged"
        assert after.not_before == before.not_before
        await kudos.run(worker, hours=3)
    assert await kudos.states() == ["refused"]


@pytest.mark.parametrize("through", [None, FIRST_PAYEE + 8])
async def test_unlinking_ends_a_refusal_after_a_day(kudos: Treasury, through: int | None) -> None:
    kudos.stand_in.accounts[FIRST_PAYEE].marks.add("flagged")
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.work(worker)
    kudos.stand_in.accounts[FIRST_PAYEE].marks.clear()
    if through is None:
        await kudos.database.write(lambda c: horde_links.remove(c, 1))
    else:
        await kudos.link(1, through)
    await kudos.link(1, FIRST_PAYEE)
    await kudos.run(worker, hours=23)
    assert await kudos.states() == ["refused"]
    await kudos.run(worker, hours=2)
    assert await kudos.states() == ["refused", "paid"]
    await kudos.link(1, FIRST_PAYEE)
    link = await kudos.database.read(lambda c: horde_links.find(c, 1))
    assert link is not None
    assert (link.refused_answer, link.not_before) == (None, None)


async def test_what_nobody_foresaw_about_us_is_no_fault_of_all(kudos: Treasury) -> None:
    kudos.fail(unforeseen(), times=6)
    for rater in range(1, 7):
        await kudos.earn(rater, 20)
    worker = kudos.worker()
    await kudos.work(worker)
    assert await kudos.states() == ["refused", "refused", "planned"]
    (pause,) = await kudos.database.read(payout_pauses.every)
    assert (pause.cause, pause.answer) == ("horde", "TimeoutIP")
    assert await kudos.told() == ["payout_refused", "payouts_paused"]
    await kudos.run(worker, minutes=40)
    assert kudos.received() == {}
    assert (await kudos.states()).count("refused") == 2
    await kudos.run(worker, hours=4)
    assert kudos.received() == {FIRST_PAYEE + n: 20 for n in range(6)}
    assert await kudos.database.read(payout_pauses.every) == []
    await kudos.check()


async def test_what_nobody_foresaw_of_two_accounts_stops_nobody(kudos: Treasury) -> None:
    worker = kudos.worker()
    for rater in range(1, 7):
        await kudos.earn(rater, 20)
        if rater % 3:
            kudos.fail(unforeseen())
        await kudos.work(worker)
    assert await kudos.states() == ["refused", "refused", "paid"] * 2
    assert await kudos.database.read(payout_pauses.every) == []


async def test_one_whom_we_cannot_afford_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos=125) as kudos:
        await kudos.earn(1, 500)
        for rater in (2, 3, 4):
            await kudos.earn(rater, 20)
        worker = kudos.worker()
        await kudos.work(worker)
        assert kudos.received() == {FIRST_PAYEE + n: 20 for n in (1, 2, 3)}
        await kudos.run(worker, hours=2)
        assert await kudos.told() == ["payouts_paused"]
        assert await kudos.values("SELECT DISTINCT outcome FROM payout_attempts") == ["paid"]
        kudos.stand_in.accounts[OURS].kudos += 500
        await kudos.run(worker, hours=2)
        assert kudos.received()[FIRST_PAYEE] == 500
        assert await kudos.database.read(payout_pauses.every) == []
        await kudos.check()


async def test_of_much_that_is_owed_is_paid_what_we_have(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos=125) as kudos:
        await kudos.earn(1, *[30] * 6)
        await kudos.earn(2, 10)
        await kudos.work(kudos.worker())
        assert kudos.received() == {FIRST_PAYEE: 90, FIRST_PAYEE + 1: 10}
        assert await kudos.owed(1) == 90


async def test_a_planned_payout_that_we_cannot_afford_any_more_is_passed_over(
    tmp_path: Path,
) -> None:
    async with treasury(tmp_path, kudos=625) as kudos:
        await kudos.earn(1, 500)
        kudos.fail(faults.too_many(60))
        worker = kudos.worker()
        await kudos.work(worker)
        assert await kudos.states() == ["planned"]
        kudos.stand_in.accounts[OURS].kudos = 125
        await kudos.earn(2, 20)
        await kudos.run(worker, hours=1)
        assert kudos.received() == {FIRST_PAYEE + 1: 20}


@pytest.mark.parametrize("trouble", ["down", "limit", "page"])
async def test_operators_are_told_once_of_a_long_silence(kudos: Treasury, trouble: str) -> None:
    if trouble == "down":
        kudos.stand_in.down = True
    elif trouble == "limit":
        kudos.fail(faults.too_many(10**9), times=3)
    else:
        kudos.fail(replace(faults.page(503), retry_after=10**9), times=20)
    worker = kudos.worker()
    await kudos.run(worker, hours=3)
    assert await kudos.told() == []  # nobody is due
    for rater in (1, 2) if trouble == "page" else (1,):
        await kudos.earn(rater, 20)
    await kudos.run(worker, minutes=59)
    assert await kudos.told() == []
    await kudos.run(worker, hours=3)
    assert await kudos.told() == ["payouts_silent"]
    assert await kudos.values("SELECT count FROM alerts") == [1]
    kudos.stand_in.down = False
    kudos.stand_in.faults.clear()
    await kudos.run(worker, hours=6)
    assert kudos.received()[FIRST_PAYEE] == 20


async def test_the_limits_of_an_hour_alone_are_no_silence(kudos: Treasury) -> None:
    await kudos.earn(1, *[20] * 3)
    hour = "INSERT INTO payout_attempts (payout_id, sent_at, outcome) VALUES (1, ?, 'paid')"
    worker = kudos.worker()
    await kudos.work(worker)
    for _ in range(89):
        await kudos.change(hour, to_microseconds(kudos.clock.now()))
    await worker.leave()
    await kudos.earn(2, 20)
    await kudos.run(kudos.worker(), minutes=50)
    assert FIRST_PAYEE + 1 not in kudos.received()
    await kudos.run(worker, hours=2)
    assert kudos.received()[FIRST_PAYEE + 1] == 20
    assert await kudos.told() == []
