"""The start page: in the browser's language, with what there is to do, and how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.demo.horde.transfers import Transfer
from bot.demo.horde_people import Payments
from bot.demo.start_page import Content, Progress, StartPage
from bot.texts.catalogue import Texts

Client = TestClient[web.Request, web.Application]


NOW = datetime(2030, 1, 1, tzinfo=UTC)
PAID = Payments(
    kudos=60,
    payouts=2,
    last=(("ada#11", Transfer(1, 11, 40, "b", NOW)), ("<b>#2", Transfer(1, 2, 20, "a", NOW))),
)


async def _progress() -> Progress:
    return Progress(full=11, pictures=44, presses=230, payments=PAID)


async def _nothing_paid() -> Progress:
    return replace(await _progress(), payments=Payments(0, 0, ()))


CONTENT = Content(
    {
        "raters": "http://127.0.0.1:1/#one",
        "restricted": "http://127.0.0.1:2/#two",
        "moderators": "http://127.0.0.1:3/#three",
    },
    "http://127.0.0.1:4",
    b"a picture",
    _progress,
)


@pytest.fixture
async def page() -> StartPage:
    return StartPage(Texts.load())


@pytest.fixture
async def client(page: StartPage) -> AsyncIterator[Client]:
    async with TestClient(TestServer(page.app())) as client:
        yield client


async def test_it_leads_to_every_channel(page: StartPage, client: Client) -> None:
    page.open(CONTENT)
    text = await (await client.get("/")).text()
    for address in CONTENT.channels.values():
        assert f'href="{address}"' in text
    assert f'href="{CONTENT.client}"' in text
    assert text.count("<li>") == 3 + 5
    assert "<code>/rate</code>" in text
    assert "$" not in text


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "Fünf Dinge"),
        ("fr,de;q=0.5", "Fünf Dinge"),
        ("en-GB", "Five things"),
        ("", "Five things"),
    ],
)
async def test_it_speaks_the_browsers_language(
    page: StartPage, client: Client, accepted: str, expected: str
) -> None:
    page.open(CONTENT)
    answer = await client.get("/", headers={"Accept-Language": accepted})
    assert expected in await answer.text()


async def test_progress_is_told_in_words_and_as_a_share(page: StartPage, client: Client) -> None:
    page.open(CONTENT)
    state = await (await client.get("/progress")).json()
    assert state["share"] == 0.25
    assert "11 of 44" in state["text"]


async def test_what_was_paid_is_told_with_the_last_payouts(page: StartPage, client: Client) -> None:
    page.open(CONTENT)
    state = await (await client.get("/progress")).json()
    assert state["paid"] == "The bot has paid 60 kudos in 2 payouts."
    assert state["last"] == ["40 kudos to ada#11", "20 kudos to <b>#2"]


async def test_before_the_first_payout_it_says_so(page: StartPage, client: Client) -> None:
    page.open(replace(CONTENT, progress=_nothing_paid))
    state = await (await client.get("/progress")).json()
    assert (state["paid"], state["last"]) == ("The bot has paid nobody yet.", [])


async def test_a_browser_that_comes_early_waits(page: StartPage, client: Client) -> None:
    early = asyncio.create_task(client.get("/banner.jpg"))
    done, _ = await asyncio.wait([early], timeout=0.2)
    assert not done
    page.open(CONTENT)
    assert await (await early).read() == b"a picture"
