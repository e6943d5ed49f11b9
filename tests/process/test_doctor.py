"""`jury doctor`, as an operator runs it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.demo.horde.accounts import Account
from bot.demo.horde.server import HordeStandIn
from bot.doctor.network import check_clock
from tests.horde.stage import serving
from tests.loopback.rest import REVOKED_TOKEN
from tests.loopback.server import LoopbackDiscord
from tests.process.jury import CHANNEL, HOME_GUILD, Finished, Home
from tests.process.seed import seed

pytestmark = pytest.mark.process


KEY = "a-key_of-22-characters"


@pytest.fixture
async def seeded(home: Home) -> AsyncIterator[Home]:
    seed(home.database, home.folder / "pictures", guild_id=HOME_GUILD, channel_ids=(CHANNEL,))
    async with serving(HordeStandIn([Account(7, "jury", KEY, kudos=1000)])) as api_url:
        home.settings["HORDE_API_URL"] = api_url
        yield home


def states(finished: Finished) -> dict[str, str]:
    return {check["name"]: check["state"] for check in json.loads(finished.out)}


async def test_finds_a_good_installation_good(seeded: Home) -> None:
    finished = await seeded.command("doctor", "--json", CAPTCHA_EVERY="50")
    assert finished.code == 0
    found = states(finished)
    assert found.pop("settings") == "note"
    assert found.pop("hash key") == "note"
    assert found.pop("captchas") in {"ok", "note"}  # a note where the machine is busy just now
    assert set(found.values()) == {"ok"}
    assert {"token", "database", "media folder", "clock", "home server"} < set(found)
    assert "permissions=101376" in finished.out
    assert "0 awards, 0 payouts, balanced" in finished.out
    assert "are off: HORDE_API_KEY is empty" in finished.out


async def test_looks_at_the_account_that_pays_and_never_shows_its_key(seeded: Home) -> None:
    finished = await seeded.command("doctor", HORDE_API_KEY=KEY)
    assert finished.code == 0
    assert "ok      rewards: jury#7 has 975 kudos to give" in finished.out
    assert KEY not in finished.out + finished.err


async def test_a_ledger_that_does_not_balance_is_a_fault(seeded: Home) -> None:
    with closing(sqlite3.connect(seeded.database)) as connection, connection:
        connection.executescript(
            """
            INSERT INTO raters (number, first_seen_at) VALUES (1, 0);
            INSERT INTO payouts (key, rater, horde_id, verified, amount, state, planned_at)
            VALUES ('00000000-0000-0000-0000-000000000000', 1, 5, 0, 50, 'planned', 0);
            """
        )
    finished = await seeded.command("doctor")
    assert finished.code == 1
    (line,) = [line for line in finished.out.splitlines() if line.startswith("failed")]
    assert "ledger: payout 1 (planned) is of 50 kudos, its awards are of 0" in line


async def test_names_the_permission_that_a_channel_lacks(
    seeded: Home, discord: LoopbackDiscord
) -> None:
    attach_files = 1 << 15
    discord.world.channels[CHANNEL]["permission_overwrites"] = [
        {"id": str(HOME_GUILD), "type": 0, "allow": "0", "deny": str(attach_files)}
    ]
    for role in discord.world.guilds[HOME_GUILD]["roles"]:
        role["permissions"] = str(0x400 | 0x800 | 0x10000 | attach_files)
    finished = await seeded.command("doctor")
    assert finished.code == 1
    (line,) = [line for line in finished.out.splitlines() if line.startswith("failed")]
    assert "lacks attach files" in line


@pytest.mark.parametrize("token", ["", REVOKED_TOKEN])
async def test_a_token_that_does_not_work_is_a_fault(seeded: Home, token: str) -> None:
    finished = await seeded.command("doctor", "--json", DISCORD_TOKEN=token)
    assert finished.code == 1
    assert [name for name, state in states(finished).items() if state == "failed"] == ["token"]


class Turned:
    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


@pytest.mark.parametrize(("minutes", "state"), [(0, "ok"), (5, "failed"), (-5, "failed")])
async def test_compares_the_clock_with_discords(
    discord: LoopbackDiscord, minutes: int, state: str
) -> None:
    async with aiohttp.ClientSession() as session:
        check = await check_clock(session, discord.api_url, Turned(timedelta(minutes=minutes)))
    assert check.state == state
