"""The list of payouts beside the database: lost, cut short, exchanged, put back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.caller import Caller
from bot.doctor.machine import check_list
from bot.keyed_hash import KeyedHash
from bot.rewards.overview import OverviewService
from bot.trust.access import AccessService
from bot.trust.enrolment import Enrolment
from storage import payout_pauses
from storage.payout_file import PayoutFile
from tests.rating.world import HOME
from tests.rewards.paying import FIRST_PAYEE, Treasury, treasury
from tests.rewards.test_payouts_replay import back_up, replay, restore

OPERATOR = 55
FAULTS = ("list_missing", "list_shorter", "list_changed")


@pytest.fixture
async def staffed(tmp_path: Path) -> AsyncIterator[Treasury]:
    async with treasury(tmp_path, operator_ids=str(OPERATOR)) as opened:
        yield opened


def spoil(path: Path, fault: str) -> None:
    """Do to the list what a person may, such as who copies the database alone."""
    whole = path.read_bytes()
    if fault == "list_missing":
        path.unlink()
    elif fault == "list_shorter":
        path.write_bytes(b"\n" + whole.split()[0])
    else:
        path.write_bytes(b"\n#" + whole[2:])
        assert path.stat().st_size == len(whole)


async def resume(kudos: Treasury) -> None:
    enrolment = Enrolment(KeyedHash(bytes(32)))
    access = AccessService(kudos.database, kudos.clock, kudos.settings, enrolment)
    overview = OverviewService(
        kudos.database,
        kudos.clock,
        kudos.settings,
        access=access,
        horde=kudos.client(),
    )
    await overview.resume(Caller(OPERATOR, guild_id=HOME))


async def pauses(kudos: Treasury) -> list[tuple[str, str]]:
    found = await kudos.database.read(payout_pauses.every)
    return [(pause.cause, pause.answer) for pause in found]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_restored_backup_without_its_list_pays_nobody(
    staffed: Treasury, fault: str
) -> None:
    path = PayoutFile(staffed.path).path
    await staffed.earn(1, 20)
    await staffed.earn(4, 20)
    worker = staffed.worker()
    await staffed.work(worker)
    await staffed.earn(2, 30)
    copy = await back_up(staffed)
    await staffed.work(worker)
    await worker.leave()
    whole = path.read_bytes()
    spoil(path, fault)
    assert await restore(staffed, copy) == 0
    assert await pauses(staffed) == [("list", fault)]
    check = await staffed.database.read(lambda c: check_list(c, staffed.path))
    assert check.state == "failed"
    worker = staffed.worker()
    await staffed.run(worker, hours=2)
    assert staffed.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 3: 20, FIRST_PAYEE + 1: 30}
    assert await staffed.values("SELECT kind FROM alerts") == ["payouts_list_changed"]
    assert await staffed.values("SELECT count FROM alerts") == [1]
    # Put back late, it says what was paid, and payouts go on.
    path.write_bytes(whole)
    await staffed.earn(3, 40)
    await staffed.run(worker, hours=1)
    assert await pauses(staffed) == []
    assert sum(staffed.received().values()) == 20 + 20 + 30 + 40
    check = await staffed.database.read(lambda c: check_list(c, staffed.path))
    assert check.state == "ok"
    await staffed.check()


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_operator_takes_the_list_as_it_is(staffed: Treasury, fault: str) -> None:
    path = PayoutFile(staffed.path).path
    await staffed.earn(1, 20)
    await staffed.earn(4, 20)
    worker = staffed.worker()
    await staffed.work(worker)
    spoil(path, fault)
    await staffed.earn(2, 30)
    await staffed.run(worker, minutes=5)
    assert staffed.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 3: 20}
    assert await pauses(staffed) == [("list", fault)]
    await resume(staffed)
    await staffed.run(worker, minutes=5)
    assert staffed.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 3: 20, FIRST_PAYEE + 1: 30}
    assert await pauses(staffed) == []
    await worker.leave()
    assert await replay(staffed) == 0
    assert await pauses(staffed) == []
    await staffed.check()


async def test_the_list_of_a_backup_is_read_when_it_was_accepted(staffed: Treasury) -> None:
    """The tables know nothing of a payout that only the exchanged list has."""
    path = PayoutFile(staffed.path).path
    await staffed.earn(2, 30)
    worker = staffed.worker()
    await staffed.work(worker)
    await staffed.earn(1, 20)
    copy = await back_up(staffed)
    await staffed.work(worker)
    path.write_bytes(b"\n[]\n" + path.read_bytes())
    await restore(staffed, copy)
    assert await pauses(staffed) == [("list", "list_changed")]
    await resume(staffed)
    await staffed.run(staffed.worker(), hours=1)
    assert staffed.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 1: 30}
    await staffed.check()
