"""Restored backups: what was sent after they were made is known again, and not sent anew."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.demo.horde import faults
from bot.doctor.machine import check_lost
from bot.rewards.replay import PayoutReplay
from storage import backup, ledger, payouts
from storage.errors import StorageError
from storage.payout_file import PayoutFile
from tests.rewards.paying import FIRST_PAYEE, Treasury


async def back_up(kudos: Treasury) -> Path:
    """Make a backup as `jury backup` does."""
    copy = kudos.path.with_name("backup.db")
    await asyncio.to_thread(backup.backup, kudos.path, copy)
    return copy


async def restore(kudos: Treasury, copy: Path) -> int:
    """Put the backup in the database's place and open it; return what was put back."""
    await kudos.database.close()
    for suffix in ("-wal", "-shm"):
        kudos.path.with_name(f"{kudos.path.name}{suffix}").unlink(missing_ok=True)
    shutil.copyfile(copy, kudos.path)
    await kudos.reopen()
    kudos.clock.turn(120)
    return await replay(kudos)


async def replay(kudos: Treasury) -> int:
    return await PayoutReplay(kudos.database, kudos.clock).replay()


def copy_as_it_is(path: Path, copy: Path) -> None:
    """Copy a database with its leases."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


async def test_nothing_is_put_back_that_is_there(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await kudos.work(worker)
    await worker.leave()
    await kudos.reopen()
    assert await replay(kudos) == 0
    assert await replay(kudos) == 0
    await kudos.check()


async def test_a_payout_after_the_backup_is_not_made_again(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    copy = await back_up(kudos)
    await kudos.work(kudos.worker())
    assert await restore(kudos, copy) == 1
    assert await kudos.states() == ["paid"]
    await kudos.run(kudos.worker(), hours=30)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_awards_after_the_backup_come_back_with_their_payout(kudos: Treasury) -> None:
    images = await kudos.earn(1, 20, 7)
    copy = await back_up(kudos)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM awards WHERE image_id = ?", (images[1],))
        connection.execute("UPDATE award_days SET amount = 20")
    await kudos.work(kudos.worker())
    await restore(kudos, copy)
    await kudos.run(kudos.worker(), hours=30)
    assert kudos.received() == {FIRST_PAYEE: 27}
    assert await kudos.owed(1) == 0
    await kudos.check()


async def test_a_lost_answer_after_the_backup_is_asked_for(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    copy = await back_up(kudos)
    kudos.fail(faults.ANSWER_LOST)
    await kudos.worker().step()
    assert await restore(kudos, copy) == 1
    assert await kudos.states() == ["in_doubt"]
    await kudos.run(kudos.worker(), hours=1)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_many_payouts_to_one_rater_come_back(kudos: Treasury) -> None:
    copy = await back_up(kudos)
    worker = kudos.worker()
    images = []
    for day in range(4):
        images += await kudos.earn(1, 20 + day)
        await kudos.run(worker, hours=25)
    kudos.fail(faults.ANSWER_LOST)
    images += await kudos.earn(1, 30)
    kudos.clock.turn(90_000)
    await kudos.run(worker, seconds=5)
    assert await kudos.states() == ["paid"] * 4 + ["in_doubt"]
    with closing(sqlite3.connect(copy)) as then, then:
        then.execute("ATTACH ? AS now", (str(kudos.path),))
        then.execute("INSERT INTO images SELECT * FROM now.images")
    assert await restore(kudos, copy) == 5
    assert await kudos.states() == ["paid"] * 4 + ["in_doubt"]
    await kudos.run(kudos.worker(), hours=30)
    assert kudos.received() == {FIRST_PAYEE: 20 + 21 + 22 + 23 + 30}
    await kudos.check()


async def test_a_backup_of_a_doubt_that_an_operator_ended_pays_once(kudos: Treasury) -> None:
    kudos.fail(faults.DROPPED)
    await kudos.earn(1, 20)
    worker = kudos.worker()
    await worker.step()
    copy = await back_up(kudos)
    await kudos.cases().settle_by_id(1, paid=False)
    await kudos.run(worker, minutes=5)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await restore(kudos, copy)
    assert await kudos.states() == ["refused", "paid"]
    await kudos.run(kudos.worker(), hours=30)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_what_was_listed_and_never_left_is_not_put_back(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    copy = await back_up(kudos)

    async def on_step(step: str) -> None:
        if step == "listed":
            await kudos.change("DELETE FROM horde_links")

    await kudos.work(kudos.worker(on_step))
    assert await kudos.states() == ["cancelled"]
    assert await restore(kudos, copy) == 0
    assert (await kudos.states(), await kudos.owed(1)) == ([], 20)


async def test_what_the_horde_refused_after_the_backup_is_still_owed(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    copy = await back_up(kudos)
    kudos.stand_in.accounts[FIRST_PAYEE].marks.add("flagged")
    await kudos.work(kudos.worker())
    assert await restore(kudos, copy) == 0
    assert (await kudos.states(), await kudos.owed(1)) == ([], 20)


@pytest.mark.parametrize("doubted_before", [False, True])
async def test_what_an_operator_said_after_the_backup_counts(
    kudos: Treasury,
    doubted_before: bool,  # noqa: FBT001 - parametrized
) -> None:
    await kudos.earn(1, 20)
    copy = await back_up(kudos)
    kudos.fail(faults.DROPPED)
    await kudos.worker().step()
    if doubted_before:
        copy.unlink()
        copy = await back_up(kudos)
    await kudos.cases().settle_by_id(1, paid=False)
    assert await restore(kudos, copy) == doubted_before
    assert await kudos.states() == ["refused"] * doubted_before
    assert await kudos.owed(1) == 20


async def test_a_word_that_was_listed_and_not_written_counts_no_more_after_a_request(
    kudos: Treasury,
) -> None:
    """The disk was full between the list and the database."""
    await kudos.earn(1, 20)
    kudos.fail(faults.DROPPED)
    worker = kudos.worker()
    await worker.step()
    (payout,) = await kudos.payouts()
    PayoutFile(kudos.path).knows(payout.key, kudos.clock.now(), "operator", paid=False)
    kudos.fail(faults.ANSWER_LOST)
    kudos.clock.turn(60)
    await worker.step()
    assert await kudos.outcomes(payout.id) == ["not_known", "not_known"]
    await kudos.reopen()
    kudos.clock.turn(120)
    assert await replay(kudos) == 0
    await kudos.run(kudos.worker(), minutes=10)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_a_backup_of_a_planned_payout_that_was_called_off(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    kudos.fail(faults.too_many(60))
    worker = kudos.worker()
    await worker.step()
    copy = await back_up(kudos)
    await kudos.database.write(lambda c: payouts.cancel(c, 1, "undone", kudos.clock.now()))
    kudos.clock.turn(120)
    await kudos.work(worker)
    assert await restore(kudos, copy) == 1
    assert await kudos.states() == ["cancelled", "paid"]
    assert await kudos.owed(1) == 0
    await kudos.check()


async def test_a_planned_payout_that_was_sent_after_the_backup_is_in_doubt(
    kudos: Treasury,
) -> None:
    await kudos.earn(1, 20)
    kudos.fail(faults.too_many(60))
    worker = kudos.worker()
    await worker.step()
    copy = await back_up(kudos)
    kudos.clock.turn(120)
    kudos.fail(faults.ANSWER_LOST)
    await worker.step()
    kudos.stand_in.accounts[FIRST_PAYEE].marks.add("flagged")
    assert await restore(kudos, copy) == 1
    await kudos.run(kudos.worker(), minutes=5)
    assert await kudos.states() == ["in_doubt"]
    assert await kudos.owed(1) == 0


@pytest.mark.parametrize("kept", [0, 1])
async def test_an_earlier_payout_was_settled_when_a_later_one_was_sent(
    kudos: Treasury, kept: int
) -> None:
    """Even where the line is lost that says how: `kept` of the two first ones is in both."""
    kudos.fail(faults.DROPPED)
    images = await kudos.earn(1, 20)
    worker = kudos.worker()
    await worker.step()
    copy = await back_up(kudos)
    if kept:
        await kudos.cases().settle_by_id(1, paid=False)
    else:
        await kudos.run(worker, minutes=5)
    await kudos.earn(1, 30)
    await kudos.run(worker, hours=30)
    path = PayoutFile(kudos.path).path
    lines = [line for line in path.read_text().splitlines() if '"unpaid"' not in line]
    first_key = (await kudos.payouts())[0].key
    path.write_text("\n".join(line for line in lines if first_key not in line or '"rater"' in line))
    await restore(kudos, copy)
    await kudos.run(kudos.worker(), hours=30)
    assert kudos.received() == {FIRST_PAYEE: 50}
    assert images
    states = ["refused", "paid"] if kept else ["paid", "paid"]
    assert (await kudos.states())[:2] == states


@pytest.mark.parametrize("fault", [faults.too_many(60), faults.ANSWER_LOST], ids=["limit", "lost"])
async def test_a_backup_of_a_planned_payout(kudos: Treasury, fault: faults.Fault) -> None:
    await kudos.earn(1, 20)
    kudos.fail(faults.too_many(60))
    worker = kudos.worker()
    await worker.step()
    assert await kudos.states() == ["planned"]
    copy = await back_up(kudos)
    kudos.fail(fault)
    await kudos.run(worker, seconds=100)
    await restore(kudos, copy)
    await kudos.run(kudos.worker(), hours=2)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_an_old_server_leaves_what_was_put_back_to_people(kudos: Treasury) -> None:
    kudos.stand_in.version = "5.0.4"
    await kudos.earn(1, 20)
    copy = await back_up(kudos)
    kudos.fail(faults.ANSWER_LOST)
    await kudos.worker().step()
    await restore(kudos, copy)
    await kudos.run(kudos.worker(), hours=30)
    assert await kudos.states() == ["in_doubt"]
    assert len(kudos.stand_in.paid) == 1
    assert await kudos.told() == ["payout_in_doubt"]


async def test_nothing_is_put_back_for_somebody_else(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    copy = await back_up(kudos)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE raters SET first_seen_at = first_seen_at + 1")
    await kudos.work(kudos.worker())
    assert await restore(kudos, copy) == 0
    assert await kudos.states() == []
    assert await kudos.told() == ["payouts_lost"]
    assert await kudos.values("SELECT latest FROM alerts") == ['{"payouts": 1, "kudos": 20}']
    (check,) = await kudos.database.read(lambda c: list(check_lost(c)))
    assert "1 payouts of 20 kudos" in check.found
    await replay(kudos)
    assert await kudos.values("SELECT count FROM alerts") == [1]


async def test_an_image_that_is_gone_is_said_by_the_ledger(kudos: Treasury) -> None:
    copy = await back_up(kudos)
    await kudos.earn(1, 20)
    await kudos.work(kudos.worker())
    assert await restore(kudos, copy) == 1
    (sentence,) = await kudos.database.read(ledger.imbalances)
    assert "payout 1" in sentence


async def test_nothing_is_put_back_beside_a_process_that_pays(kudos: Treasury) -> None:
    await kudos.earn(1, 20)

    async def on_step(step: str) -> None:
        if step == "listed":
            assert await replay(kudos) == 0

    await kudos.work(kudos.worker(on_step))
    assert await kudos.outcomes(1) == ["paid"]
    await kudos.check()


async def test_a_worker_puts_back_what_nobody_did_before(kudos: Treasury) -> None:
    """The backup is so young that its lease still counts when it is opened."""
    await kudos.earn(1, 20)
    copy = kudos.path.with_name("copy.db")
    worker = kudos.worker()
    kudos.stand_in.down = True
    await worker.step()
    await asyncio.to_thread(copy_as_it_is, kudos.path, copy)
    kudos.stand_in.down = False
    kudos.clock.turn(20)
    await worker.step()
    assert await kudos.states() == ["paid"]
    await kudos.database.close()
    shutil.copyfile(copy, kudos.path)
    await kudos.reopen()
    assert await replay(kudos) == 0
    kudos.clock.turn(120)
    await kudos.run(kudos.worker(), hours=30)
    assert kudos.received() == {FIRST_PAYEE: 20}
    await kudos.check()


async def test_a_list_that_was_cut_short_is_read_as_far_as_it_goes(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    copy = await back_up(kudos)
    await kudos.work(kudos.worker())
    path = PayoutFile(kudos.path).path
    whole = path.read_bytes()
    path.write_bytes(b"\n\xff{]\n[1]\n" + whole + b'\n{"key": "' + b"x" * 10)
    assert await restore(kudos, copy) == 1
    await kudos.check()
    path.write_bytes(whole)
    assert await restore(kudos, copy) == 1
    await kudos.check()


async def test_a_list_that_cannot_be_read_stops_the_start(kudos: Treasury) -> None:
    path = PayoutFile(kudos.path).path
    path.mkdir()
    with pytest.raises(StorageError, match="list of payouts"):
        await replay(kudos)


async def test_the_list_is_for_its_owner_alone(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    await kudos.work(kudos.worker())
    assert PayoutFile(kudos.path).path.stat().st_mode & 0o777 == 0o600
