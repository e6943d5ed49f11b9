"""Hundreds of raters who are due: the oldest first, as fast as the Horde allows and no faster."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from sqlite3 import Connection

from bot.demo.horde.accounts import Account
from bot.horde.pace import TRANSFERS_AN_HOUR
from storage import raters
from tests.horde.asking import key_of
from tests.rewards.paying import FIRST_PAYEE, Treasury, treasury

DUE = 220
RESTARTED_AFTER = 60
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


async def people(kudos: Treasury) -> list[int]:
    """Let DUE raters earn something, one after another; return their accounts in that order."""
    numbers = list(range(1, DUE + 1))

    def unit(connection: Connection) -> None:
        for number in numbers:
            raters.get_or_create(connection, 100 + number, kudos.clock.now())

    await kudos.database.write(unit)
    for number in numbers:
        payee = FIRST_PAYEE + number - 1
        kudos.stand_in.accounts.add(Account(payee, f"payee{payee}", key_of(f"payee{payee}")))
        await kudos.link(number, payee, verified=number % 2 == 0)
    Random(4).shuffle(numbers)
    for place, number in enumerate(numbers):
        await kudos.earn(number, 20, at=kudos.clock.now() - timedelta(hours=9, seconds=-place))
    return [FIRST_PAYEE + number - 1 for number in numbers]


async def test_hundreds_are_paid_in_their_order_and_within_the_limits(tmp_path: Path) -> None:
    async with treasury(tmp_path) as kudos:
        waiting = await people(kudos)
        worker = kudos.worker()
        while len(kudos.stand_in.paid) < RESTARTED_AFTER:
            await kudos.run(worker, seconds=5)
        await worker.leave()
        await kudos.run(kudos.worker(), hours=3)  # a process that did not send the first ones
        paid = kudos.stand_in.paid
        assert [transfer.payee for transfer in paid] == waiting
        moments = [transfer.at for transfer in paid]
        apart = [later - earlier for earlier, later in pairwise(moments)]
        assert min(apart) >= SECOND
        in_an_hour = zip(moments, moments[TRANSFERS_AN_HOUR:], strict=False)
        assert min(later - earlier for earlier, later in in_an_hour) >= HOUR
        # Not slower either: as many as may be in each hour, and those at once.
        assert moments[TRANSFERS_AN_HOUR - 1] - moments[0] < timedelta(minutes=3)
        assert moments[-1] - moments[0] < 2 * HOUR + timedelta(minutes=3)
        assert await kudos.values("SELECT DISTINCT outcome FROM payout_attempts") == ["paid"]
        await kudos.check()
