"""`jury payouts` as an operator uses it, and `jury run` that pays by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.demo.horde import faults
from bot.keyed_hash import KeyedHash
from bot.rewards.sending import LEASE_DURATION
from storage.times import to_microseconds
from tests.process.jury import Finished, Home, running
from tests.rewards.paying import FIRST_PAYEE, Treasury, treasury

pytestmark = pytest.mark.process


@dataclass
class Office:
    """An installation with payouts, and the Horde that makes them."""

    home: Home
    kudos: Treasury

    async def jury(self, *arguments: str) -> Finished:
        self.kudos.stand_in.limiter.forget()  # its clock stands still
        return await self.home.command("payouts", *arguments)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    KeyedHash.load_or_create(tmp_path / "hash.key")
    async with treasury(tmp_path) as kudos:
        settings = {
            "HORDE_API_URL": kudos.url,
            "HORDE_API_KEY": kudos.api_key,
            "PAYOUT_MINIMUM": "10",
        }
        yield Office(Home(tmp_path, settings), kudos)


async def in_doubt(office: Office) -> None:
    """Let the answer of a payout of 20 kudos to rater 1 be lost, at a server without keys."""
    office.kudos.stand_in.version = "5.0.4"
    office.kudos.fail(faults.DROPPED)
    await office.kudos.earn(1, 20)
    worker = office.kudos.worker()
    await worker.step()
    await worker.leave()


async def test_the_list_says_what_was_and_what_comes(office: Office) -> None:
    empty = await office.jury("list")
    assert (empty.code, empty.out) == (0, "no payouts\n")
    await in_doubt(office)
    await office.kudos.earn(2, 30)
    told = (await office.jury("list")).out.splitlines()
    assert told[0].startswith("payout 1: 20 kudos to account 11, rater 1: in doubt (not_known)")
    assert told[1] == "next: 30 kudos to account 12, rater 2"
    facts = json.loads((await office.jury("list", "--json")).out)
    assert [payout["amount"] for payout in facts["payouts"]] == [20]
    assert facts["next"] == [{"rater": 2, "horde_id": 12, "amount": 30}]
    assert (await office.jury("list", "--state", "paid")).out == "no payouts\n"
    assert len((await office.jury("list", "--rater", "101")).out.splitlines()) == 1
    assert (await office.jury("list", "--rater", "102")).out == "no payouts\n"
    stranger = await office.jury("list", "--rater", "999")
    assert (stranger.code, stranger.err) == (1, "jury: nothing is kept about 999\n")
    assert (await office.jury("list", "--state", "lost")).code == 2


async def test_settling_needs_a_word_and_can_be_tried(office: Office) -> None:
    await in_doubt(office)
    assert (await office.jury("settle", "1")).code == 2
    tried = await office.jury("settle", "1", "--unpaid", "--dry-run")
    assert tried.out.startswith("would settle as not paid")
    assert await office.kudos.states() == ["in_doubt"]
    settled = await office.jury("settle", "1", "--unpaid")
    assert settled.out == ("payout 1 of 20 kudos is settled: not paid; its kudos are owed again\n")
    assert await office.kudos.states() == ["refused"]
    assert await office.kudos.values("SELECT actor FROM audit_log") == ["operator"]
    for again in (("settle", "1", "--paid"), ("settle", "1", "--paid", "--dry-run")):
        refused = await office.jury(*again)
        assert (refused.code, len(refused.err.splitlines())) == (1, 1)
    assert "no such payout" in (await office.jury("settle", "7", "--paid")).err


async def test_a_retry_sends_by_itself_where_no_bot_runs(office: Office) -> None:
    kudos = office.kudos
    kudos.stand_in.accounts[1].marks.add("suspicious")
    await kudos.earn(1, 20)
    await kudos.earn(2, 30)
    worker = kudos.worker()
    await worker.step()
    await worker.leave()
    kudos.stand_in.accounts[1].marks.clear()
    tried = await office.jury("retry", "1", "--dry-run")
    assert tried.out.startswith("would send now: payout 1: 20 kudos")
    assert kudos.received() == {}
    done = await office.jury("retry", "1")
    assert "payout 1: 20 kudos to account 11, rater 1: paid" in done.out
    assert kudos.received() == {FIRST_PAYEE: 20}  # nobody else
    assert (await office.jury("retry", "1")).code == 1
    await kudos.check()


async def test_a_retry_leaves_it_to_the_bot_that_pays(office: Office) -> None:
    kudos = office.kudos
    kudos.fail(faults.CRASHED)
    await kudos.earn(1, 20)
    await kudos.worker().step()
    # The lease of a live process, whose clock is not the one that stands still.
    until = to_microseconds(datetime.now(UTC) + LEASE_DURATION)
    await kudos.change("UPDATE leases SET expires_at = ?", until)
    left = await office.jury("retry", "1")
    assert left.out == "the running bot sends payout 1 as soon as the Horde can be asked\n"
    assert await kudos.states() == ["in_doubt"]


async def test_without_a_key_nothing_is_sent(office: Office) -> None:
    await in_doubt(office)
    office.home.settings["HORDE_API_KEY"] = ""
    assert (await office.jury("list")).code == 0
    refused = await office.jury("retry", "1")
    assert (refused.code, refused.err) == (1, "jury: No kudos are paid here.\n")


async def test_holds_come_and_go(office: Office) -> None:
    tried = await office.jury("hold", "101", "review", "--dry-run")
    assert tried.out == "would hold the kudos of 101: review\n"
    assert await office.kudos.values("SELECT reason FROM holds") == []
    assert (await office.jury("hold", "101", "review")).out == "the kudos of 101 are held: review\n"
    assert "already" in (await office.jury("hold", "101", "review")).out
    assert (await office.jury("hold", "101", "Two words")).code == 1
    tried = await office.jury("release", "101", "--dry-run")
    assert tried.out == "would take from 101: review\n"
    assert (await office.jury("release", "101")).out == "took from 101: review\n"
    assert (await office.jury("release", "101")).out == "the kudos of 101 were not held\n"
    assert (await office.jury("release", "999")).code == 1


async def test_the_bot_pays_and_leaves(office: Office, home: Home) -> None:
    kudos = office.kudos
    await kudos.earn(1, 20)
    await kudos.earn(2, 30)
    both = Home(office.home.folder, {**home.settings, **office.home.settings})
    async with running(both) as jury:
        async with asyncio.timeout(30):
            while len(await kudos.values("SELECT 1 FROM payouts WHERE state = 'paid'")) < 2:
                kudos.stand_in.limiter.forget()  # its clock stands still
                await asyncio.sleep(0.05)
        assert await jury.stop() == 0
    assert kudos.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 1: 30}
    assert await kudos.values("SELECT name FROM leases") == []
    await kudos.check()
