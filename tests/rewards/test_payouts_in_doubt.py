"""Payouts whose answer was lost: they are asked for again, or people have to say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from sqlite3 import Connection
from uuid import uuid4

import pytest

from bot.caller import Caller
from bot.demo.horde import faults
from bot.demo.horde.faults import Fault
from bot.errors import (
    NotAllowedError,
    PayoutNotSentError,
    PayoutOnItsWayError,
    PayoutSettledError,
    UnknownPayoutError,
)
from storage import ledger, payouts
from tests.rating.world import HOME
from tests.rewards.paying import FIRST_PAYEE, OnStep, Treasury, tell_nobody, treasury

OPERATOR = 55
LOST = {
    "lost before": faults.DROPPED,
    "lost after": faults.ANSWER_LOST,
    "reset before": faults.RESET,
    "reset after": faults.RESET_AFTER,
    "crashed before": faults.CRASHED,
    "crashed after": faults.CRASHED_AFTER,
    "page": faults.page(),
    "page after": faults.page().once_done(),
    "rubbish after": faults.RUBBISH_AFTER,
    "too late": faults.slow(0.6),
    "too late after": faults.slow(0.6).once_done(),
}
operator = Caller(OPERATOR, guild_id=HOME)


@pytest.fixture
async def staffed(tmp_path: Path) -> AsyncIterator[Treasury]:
    async with treasury(tmp_path, operator_ids=str(OPERATOR)) as opened:
        yield opened


@pytest.mark.parametrize("how", LOST)
async def test_a_lost_answer_is_asked_for_under_the_same_key(kudos: Treasury, how: str) -> None:
    kudos.fail(LOST[how])
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await worker.step()
    assert await kudos.states() == ["in_doubt"]
    await kudos.run(worker, minutes=5)
    (payout,) = await kudos.payouts()
    assert payout.state == "paid"
    assert kudos.received() == {FIRST_PAYEE: 20}
    assert await kudos.outcomes(payout.id) == ["not_known", "paid"]
    assert await kudos.told() == []
    await kudos.check()


async def test_nobody_else_is_put_in_doubt_while_the_horde_is_silent(kudos: Treasury) -> None:
    kudos.fail(faults.CRASHED, times=50)
    for rater in range(1, 7):
        await kudos.earn(rater, 20)
    worker = kudos.worker()
    await kudos.run(worker, minutes=10)
    assert (await kudos.states()).count("in_doubt") <= 3
    kudos.stand_in.faults.clear()
    await kudos.run(worker, hours=8)
    assert sum(kudos.received().values()) == 120
    await kudos.check()


async def test_waits_grow_and_people_are_asked_after_a_day(kudos: Treasury) -> None:
    kudos.fail(faults.CRASHED, times=1000)
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.run(worker, hours=23)
    assert await kudos.told() == []
    await kudos.run(worker, hours=48)
    assert await kudos.told() == ["payout_in_doubt"]
    (payout,) = await kudos.payouts()
    assert payout.state == "in_doubt"
    assert 10 <= len(await kudos.outcomes(payout.id)) <= 25
    assert await kudos.values("SELECT payout_id FROM review_queue WHERE outcome IS NULL") == [1]
    kudos.stand_in.faults.clear()
    await kudos.run(worker, hours=8)
    assert await kudos.values("SELECT outcome FROM review_queue") == ["paid"]
    await kudos.check()


async def test_a_guard_proves_nothing_of_a_payout_that_was_made(kudos: Treasury) -> None:
    kudos.fail(faults.ANSWER_LOST)
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await worker.step()
    kudos.stand_in.accounts[FIRST_PAYEE].marks.add("flagged")
    await kudos.run(worker, minutes=5)
    (payout,) = await kudos.payouts()
    assert (payout.state, payout.answer) == ("in_doubt", "TargetAccountFlagged")
    assert await kudos.told() == ["payout_in_doubt"]
    assert await kudos.owed(1) == 0
    kudos.stand_in.accounts[FIRST_PAYEE].marks.clear()
    await kudos.run(worker, hours=7)
    assert kudos.received() == {FIRST_PAYEE: 20}
    assert await kudos.values("SELECT outcome FROM review_queue") == ["paid"]
    await kudos.check()


async def test_a_doubt_outlasts_too_few_kudos(kudos: Treasury) -> None:
    kudos.fail(faults.DROPPED)
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await worker.step()
    kudos.stand_in.accounts[1].kudos = 30
    await kudos.run(worker, minutes=5)
    assert await kudos.states() == ["in_doubt"]
    assert await kudos.told() == ["payouts_paused"]
    kudos.stand_in.accounts[1].kudos = 500
    await kudos.run(worker, hours=2)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


@pytest.mark.parametrize("fault", [faults.DROPPED, faults.ANSWER_LOST], ids=["before", "after"])
async def test_an_old_server_is_never_asked_twice(kudos: Treasury, fault: Fault) -> None:
    kudos.stand_in.version = "5.0.4"
    kudos.fail(fault)
    await kudos.earn(1, 20)
    await kudos.earn(2, 20)
    worker = kudos.worker()
    await kudos.run(worker, hours=30)
    (payout,) = await kudos.payouts(1)
    assert (payout.state, payout.resendable) == ("in_doubt", False)
    assert await kudos.outcomes(payout.id) == ["not_known"]
    assert await kudos.told() == ["payout_in_doubt"]
    assert await kudos.states(2) == ["paid"]
    # Its keys count from the upgrade on; this one was ignored.
    kudos.stand_in.version = "5.1.0"
    await kudos.run(worker, hours=30)
    assert await kudos.outcomes(payout.id) == ["not_known"]
    await kudos.cases().settle_by_id(payout.id, paid=fault.after)
    kudos.stand_in.version = "5.0.4"
    await kudos.run(worker, hours=30)
    assert kudos.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 1: 20}
    await kudos.check()


async def test_nothing_is_resent_to_a_server_that_was_set_back(kudos: Treasury) -> None:
    kudos.fail(faults.ANSWER_LOST)
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await worker.step()
    kudos.stand_in.version = "5.0.4"
    await kudos.run(worker, hours=1)
    assert len(kudos.stand_in.paid) == 1
    assert await kudos.told() == ["payout_in_doubt"]
    kudos.stand_in.version = "5.1.5"
    await kudos.run(worker, hours=7)
    await kudos.check()


async def test_nothing_is_resent_that_an_old_node_took(kudos: Treasury) -> None:
    """The heartbeat is of another server than the one that took the transfer."""
    kudos.stand_in.transfer_version = "5.0.4"
    kudos.fail(faults.CRASHED_AFTER)
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.run(worker, hours=30)
    assert kudos.received() == {FIRST_PAYEE: 20}
    (payout,) = await kudos.payouts()
    assert (payout.state, payout.resendable) == ("in_doubt", False)
    assert await kudos.told() == ["payout_in_doubt"]


async def test_keys_are_not_relied_on_for_a_while_after_an_old_node(kudos: Treasury) -> None:
    kudos.stand_in.transfer_version = "5.0.4"
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.run(worker, minutes=1)
    assert await kudos.states(1) == ["paid"]
    kudos.fail(faults.ANSWER_LOST)
    await kudos.earn(2, 20)
    await kudos.run(worker, minutes=90)
    assert [payout.resendable for payout in await kudos.payouts()] == [False, False]
    assert len(kudos.stand_in.paid) == 2
    kudos.stand_in.transfer_version = None
    await kudos.earn(3, 20)
    kudos.clock.turn(7200)
    await kudos.run(worker, minutes=5)
    assert [payout.resendable for payout in await kudos.payouts(3)] == [True]


async def test_nothing_is_resent_while_old_nodes_answer(kudos: Treasury) -> None:
    kudos.fail(faults.ANSWER_LOST)
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await worker.step()
    kudos.stand_in.transfer_version = "5.0.4"
    await kudos.earn(2, 20)
    kudos.clock.turn(20)
    await kudos.change("UPDATE payouts SET next_try_at = next_try_at + 60000000")
    await kudos.run(worker, hours=1)
    assert await kudos.states() == ["in_doubt", "paid"]
    assert kudos.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 1: 20}
    kudos.stand_in.transfer_version = None
    await kudos.run(worker, hours=7)
    assert await kudos.states() == ["paid", "paid"]
    await kudos.check()


async def test_nothing_is_resent_from_another_account(kudos: Treasury) -> None:
    kudos.fail(faults.ANSWER_LOST)
    await kudos.earn(1, 20)
    await kudos.worker().step()
    kudos.stand_in.accounts[FIRST_PAYEE + 5].kudos = 1000
    kudos.api_key = kudos.stand_in.accounts[FIRST_PAYEE + 5].key
    await kudos.run(kudos.worker(), hours=30)
    assert len(kudos.stand_in.paid) == 1
    assert await kudos.values("SELECT details FROM review_queue") == [
        '{"answer": "other_account", "amount": 20}'
    ]


async def test_a_new_key_of_the_same_account_may_ask_again(kudos: Treasury) -> None:
    kudos.fail(faults.ANSWER_LOST)
    await kudos.earn(1, 20)
    await kudos.worker().step()
    kudos.stand_in.accounts[1].key = kudos.api_key = "y" * 22
    await kudos.run(kudos.worker(), hours=2)
    await kudos.check()


async def test_nothing_is_resent_to_another_server(kudos: Treasury) -> None:
    kudos.fail(faults.ANSWER_LOST)
    await kudos.earn(1, 20)
    await kudos.worker().step()
    await kudos.change("UPDATE payouts SET server = 'https://elsewhere.example'")
    await kudos.run(kudos.worker(), hours=7)
    assert await kudos.states() == ["in_doubt"]
    assert await kudos.told() == ["payout_in_doubt"]


async def in_doubt(kudos: Treasury, fault: Fault = faults.DROPPED) -> int:
    """Bring the payout of rater 1 before the operators; return its case."""
    kudos.stand_in.version = "5.0.4"
    kudos.fail(fault)
    await kudos.earn(1, 20)
    await kudos.worker().step()
    case = await kudos.cases().next(operator)
    assert case is not None
    return case.item.id


async def test_an_operators_word_that_it_was_not_paid_frees_the_awards(staffed: Treasury) -> None:
    case_id = await in_doubt(staffed)
    await staffed.cases().settle(operator, case_id, paid=False)
    assert await staffed.states() == ["refused"]
    assert await staffed.owed(1) == 20
    assert await staffed.cases().next(operator) is None
    await staffed.run(staffed.worker(), minutes=5)
    assert staffed.received() == {FIRST_PAYEE: 20}
    await staffed.check()


async def test_an_operators_word_that_it_was_paid_settles_it(staffed: Treasury) -> None:
    case_id = await in_doubt(staffed, faults.ANSWER_LOST)
    await staffed.cases().settle(operator, case_id, paid=True)
    assert [(p.state, p.answer) for p in await staffed.payouts()] == [("paid", "operator")]
    actions = await staffed.values("SELECT action FROM audit_log WHERE actor = 'operator'")
    assert actions == ["payout.paid"]
    with pytest.raises(PayoutSettledError):
        await staffed.cases().settle(operator, case_id, paid=False)
    await staffed.check()


async def test_only_operators_are_asked_at_home(staffed: Treasury) -> None:
    case_id = await in_doubt(staffed)
    for stranger in (Caller(56, guild_id=HOME), Caller(OPERATOR, guild_id=HOME + 1)):
        with pytest.raises(NotAllowedError):
            await staffed.cases().next(stranger)
        with pytest.raises(NotAllowedError):
            await staffed.cases().settle(stranger, case_id, paid=False)
    assert await staffed.states() == ["in_doubt"]


async def test_what_is_not_in_doubt_cannot_be_settled(staffed: Treasury) -> None:
    cases = staffed.cases()
    with pytest.raises(UnknownPayoutError):
        await cases.settle_by_id(1, paid=True)
    with pytest.raises(UnknownPayoutError):
        await cases.settle(operator, 1, paid=True)
    seen: list[type[Exception]] = []

    async def on_step(step: str) -> None:
        if step in {"planned", "sending", "settled"}:
            try:
                await cases.settle_by_id(1, paid=False)
            except (PayoutNotSentError, PayoutOnItsWayError, PayoutSettledError) as error:
                seen.append(type(error))

    await staffed.earn(1, 20)
    await staffed.work(staffed.worker(on_step))
    assert seen == [PayoutNotSentError, PayoutOnItsWayError, PayoutSettledError]
    await staffed.check()


async def test_a_case_that_was_left_for_later_comes_again(staffed: Treasury) -> None:
    first = await in_doubt(staffed)
    staffed.fail(faults.DROPPED)
    await staffed.earn(2, 20)
    staffed.clock.turn(120)
    await staffed.work(staffed.worker())
    cases = staffed.cases()
    second = await cases.next(operator, after=first)
    assert second is not None
    assert second.item.id != first
    assert second.waiting == 2
    assert second.payout.rater == 2
    assert [attempt.outcome for attempt in second.attempts] == ["not_known"]
    again = await cases.next(operator, after=second.item.id)
    assert again is not None
    assert again.item.id == first


def told_unpaid_meanwhile(staffed: Treasury, more: OnStep) -> OnStep:
    """Let another process take over and an operator decide while the answer is on its way."""

    async def on_step(step: str) -> None:
        if step == "answered":
            staffed.clock.turn(120)
            other = staffed.worker()
            staffed.stand_in.down = True
            await other.step()
            staffed.stand_in.down = False
            await other.leave()
            await staffed.cases().settle_by_id(1, paid=False)
            await more(step)

    return on_step


async def test_a_proof_against_an_operators_word_ends_it(staffed: Treasury) -> None:
    await staffed.earn(1, 20)
    worker = staffed.worker(told_unpaid_meanwhile(staffed, tell_nobody))
    await worker.step()
    assert await staffed.states() == ["paid"]
    assert await staffed.told() == ["payout_contradicted"]
    await staffed.run(worker, hours=50)
    assert staffed.received() == {FIRST_PAYEE: 20}
    assert await staffed.owed(1) == 0
    await staffed.check()


async def test_a_proof_takes_its_awards_from_a_planned_payout(staffed: Treasury) -> None:
    (image,) = await staffed.earn(1, 20)
    again = str(uuid4())

    async def plan(_step: str) -> None:
        def unit(connection: Connection) -> None:
            payouts.create(
                connection,
                key=again,
                rater=1,
                horde_id=FIRST_PAYEE,
                verified=False,
                awards=[(image, "aesthetic")],
                now=staffed.clock.now(),
            )

        await staffed.database.write(unit)

    worker = staffed.worker(told_unpaid_meanwhile(staffed, plan))
    await worker.step()
    assert await staffed.states() == ["paid", "cancelled"]
    await staffed.run(worker, hours=50)
    assert staffed.received() == {FIRST_PAYEE: 20}
    await staffed.check()


async def test_what_was_paid_twice_holds_the_rater(staffed: Treasury) -> None:
    await staffed.earn(1, 20)

    async def pay(_step: str) -> None:
        other = staffed.worker()
        await staffed.work(other)
        await other.leave()

    worker = staffed.worker(told_unpaid_meanwhile(staffed, pay))
    await worker.step()
    assert staffed.received() == {FIRST_PAYEE: 40}
    assert await staffed.states() == ["refused", "paid"]
    assert await staffed.told() == ["payout_paid_twice"]
    assert await staffed.values("SELECT latest FROM alerts") == ['{"payout": 1, "kudos": 20}']
    assert await staffed.values("SELECT reason FROM holds WHERE rater = 1") == ["contradicted"]
    assert await staffed.database.read(ledger.imbalances) == []
    await staffed.earn(1, 30)
    await staffed.run(worker, hours=50)
    assert staffed.received() == {FIRST_PAYEE: 40}


async def test_hurrying_skips_every_wait(staffed: Treasury) -> None:
    staffed.stand_in.accounts[1].marks.add("suspicious")
    await staffed.earn(1, 20)
    worker = staffed.worker()
    await staffed.run(worker, hours=2)
    staffed.stand_in.accounts[1].marks.clear()
    await staffed.cases().hurry(1)
    await worker.step()
    assert staffed.received() == {FIRST_PAYEE: 20}
    with pytest.raises(PayoutSettledError):
        await staffed.cases().hurry(1)


async def test_an_erasure_does_not_stop_what_is_in_doubt(kudos: Treasury) -> None:
    kudos.fail(faults.ANSWER_LOST)
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await worker.step()
    await kudos.change("UPDATE raters SET discord_id = NULL, erased_at = 1 WHERE number = 1")
    await kudos.change("DELETE FROM horde_links WHERE rater = 1")
    await kudos.run(worker, minutes=5)
    await kudos.check()


async def test_an_erased_rater_is_owed_nothing_once_a_doubt_ends(staffed: Treasury) -> None:
    case_id = await in_doubt(staffed)
    await staffed.change("UPDATE raters SET discord_id = NULL, erased_at = 1 WHERE number = 1")
    await staffed.cases().settle(operator, case_id, paid=False)
    assert await staffed.owed(1) == 0
    assert await staffed.values("SELECT standing FROM awards") == ["forfeited"]
