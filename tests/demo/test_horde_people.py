"""Who has an account in the demo, and what an earlier demo paid them."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from bot.clock import SystemClock
from bot.demo.horde_people import BOT, BOT_KEY, FUNDS, VISITOR, VISITOR_KEY, HordePeople
from bot.settings import HORDE_KEY
from tests.horde.stage import serving


async def _pay(people: HordePeople, payee: str, amount: int, key: str) -> int:
    people.stand_in.limiter.forget()
    headers = {"apikey": BOT_KEY, "Idempotency-Key": key}
    body = {"username": payee, "amount": amount}
    async with (
        serving(people.stand_in) as url,
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v2/kudos/transfer", json=body, headers=headers) as answer,
    ):
        return answer.status


def test_every_key_is_one_that_the_horde_could_have_made(tmp_path: Path) -> None:
    people = HordePeople(tmp_path / "kept", SystemClock())
    keys = [BOT_KEY, VISITOR_KEY, *(account.key for account in people.of_crowd.values())]
    assert len(set(keys)) == len(keys)
    assert all(HORDE_KEY.fullmatch(key) for key in keys)


async def test_what_an_earlier_demo_paid_is_paid(tmp_path: Path) -> None:
    earlier = HordePeople(tmp_path / "kept", SystemClock())
    assert earlier.payments(5).payouts == 0
    assert await _pay(earlier, "robin#2", 20, "a") == 200
    assert await _pay(earlier, "ada#11", 40, "b") == 200

    people = HordePeople(tmp_path / "kept", SystemClock())
    assert people.payments(5) == earlier.payments(5)
    assert people.stand_in.accounts[BOT].kudos == FUNDS - 60
    assert await _pay(people, "robin#2", 20, "a") == 200
    assert people.payments(5).kudos == 60


async def test_the_last_payouts_come_first_and_gifts_of_others_are_none(tmp_path: Path) -> None:
    people = HordePeople(tmp_path / "kept", SystemClock())
    for number in range(3):
        assert await _pay(people, "ada#11", 10 + number, str(number)) == 200
    people.stand_in.transfers.send(people.stand_in.accounts[VISITOR], "ada#11", 7, None)
    shown = people.payments(2)
    assert [(name, each.amount) for name, each in shown.last] == [("ada#11", 12), ("ada#11", 11)]
    assert (shown.kudos, shown.payouts) == (33, 3)
