"""What `jury doctor` says of the Horde and of the account that pays."""

from __future__ import annotations

from random import Random

import pytest

from bot.clock import SystemClock
from bot.demo.horde.accounts import Account
from bot.demo.horde.faults import CRASHED, RUBBISH, Fault, Way
from bot.demo.horde.server import HordeStandIn
from bot.doctor.checks import Check
from bot.doctor.horde_side import check_horde
from bot.horde.client import HordeClient
from bot.settings import Settings
from tests.horde.stage import serving

KEY = "a-key_of-22-characters"
ALWAYS = 100


class HastyClock(SystemClock):
    """Waits between two attempts without waiting."""

    async def sleep(self, seconds: float) -> None:
        del seconds


@pytest.fixture
def horde() -> HordeStandIn:
    return HordeStandIn([Account(7, "jury", KEY, kudos=1000)])


async def told(horde: HordeStandIn, key: str | None = KEY) -> list[Check]:
    async with serving(horde) as api_url:
        return await asked(api_url, key)


async def asked(api_url: str, key: str | None = KEY) -> list[Check]:
    settings = Settings.model_validate({"horde_api_url": api_url, "horde_api_key": key})
    clock = HastyClock()
    client = HordeClient(settings.horde_api_url, settings.horde_api_key, clock, Random(1))
    try:
        return [check async for check in check_horde(client, settings)]
    finally:
        await client.close()


async def test_a_horde_that_works_and_an_account_that_can_pay(horde: HordeStandIn) -> None:
    server, rewards = await told(horde)
    assert (server.state, rewards.state) == ("ok", "ok")
    assert "works, version 5.1.5, honours Idempotency-Keys" in server.found
    assert rewards.found == "jury#7 has 975 kudos to give"


async def test_without_a_key_rewards_are_off_and_nothing_is_wrong(horde: HordeStandIn) -> None:
    server, rewards = await told(horde, key=None)
    assert (server.state, rewards.state) == ("ok", "ok")
    assert rewards.found == "are off: HORDE_API_KEY is empty, nobody earns kudos"


async def test_a_heartbeat_that_says_down_is_not_taken_for_up(horde: HordeStandIn) -> None:
    horde.down = True
    server = (await told(horde))[0]
    assert server.state == "note"
    assert "answers that it is not working" in server.found
    assert server.advice == "payouts wait until it does"


@pytest.mark.parametrize("fault", [CRASHED, RUBBISH])
async def test_a_horde_that_makes_no_sense_is_no_fault_of_this_machine(
    horde: HordeStandIn, fault: Fault
) -> None:
    horde.fail("/v2", fault, times=ALWAYS)
    server, rewards = await told(horde)
    assert (server.state, rewards.state) == ("note", "note")
    assert "cannot be read" in rewards.found


async def test_a_horde_that_is_out_of_reach(horde: HordeStandIn) -> None:
    async with serving(horde) as api_url:
        pass
    server, rewards = await asked(api_url)
    assert (server.state, rewards.state) == ("note", "note")
    assert "cannot be reached" in server.found
    (server, _) = await asked(api_url, key=None)
    assert server.advice == "while rewards are off nothing needs it"


@pytest.mark.parametrize("version", ["5.0.4", "4.51.0", "nightly"])
async def test_a_server_that_may_pay_twice_is_named(horde: HordeStandIn, version: str) -> None:
    horde.version = version
    server = (await told(horde))[0]
    assert server.state == "note"
    assert "is not known to honour Idempotency-Keys (5.1.0 does)" in server.found
    assert "you decide" in server.advice


async def test_a_wrong_key_is_said_clearly_and_never_shown(horde: HordeStandIn) -> None:
    wrong = "wrong-key-22-character"
    rewards = (await told(horde, key=wrong))[1]
    assert rewards.state == "failed"
    assert "knows no account with HORDE_API_KEY" in rewards.found
    assert wrong not in str(rewards)


async def test_a_shared_key_cannot_pay(horde: HordeStandIn) -> None:
    shared = '{"username": "jury#7 (Shared Key: spare)", "id": 7}'
    horde.fail("/v2/find_user", Fault(Way.ANSWER, body=shared))
    rewards = (await told(horde))[1]
    assert rewards.state == "failed"
    assert rewards.found == "HORDE_API_KEY is a shared key, which cannot send kudos"


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("flagged", "jury#7 is flagged"),
        ("deleted", "jury#7 is deleted"),
        ("education", "jury#7 is an education account"),
    ],
)
async def test_an_account_that_cannot_send_is_a_fault(
    horde: HordeStandIn, mark: str, words: str
) -> None:
    horde.accounts[7].marks.add(mark)
    rewards = (await told(horde))[1]
    assert rewards.state == "failed"
    assert words in rewards.found


async def test_an_account_without_kudos_is_to_be_funded(horde: HordeStandIn) -> None:
    horde.accounts[7].kudos = 60
    rewards = (await told(horde))[1]
    assert (rewards.state, rewards.found) == ("note", "jury#7 has 35 kudos to give")
    assert "fund it" in rewards.advice


async def test_a_name_cannot_write_to_the_operators_terminal(horde: HordeStandIn) -> None:
    horde.accounts[7].name = "jury\u202e"
    rewards = (await told(horde))[1]
    assert "\u202e" not in str(rewards)
