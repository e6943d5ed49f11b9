"""The made-up page of a Horde client: in the browser's language, beside the stand-in's API."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.clock import SystemClock
from bot.demo.client_page import ClientPage
from bot.demo.horde_people import VISITOR, VISITOR_KEY, HordePeople
from bot.texts.catalogue import Texts


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [("de", "Geteilten Schlüssel anlegen"), ("en", "Create shared key")],
)
async def test_it_speaks_the_browsers_language_and_knows_its_owner(
    tmp_path: Path, accepted: str, expected: str
) -> None:
    stand_in = HordePeople(tmp_path / "kept", SystemClock()).stand_in
    app = stand_in.app()
    ClientPage(Texts.load(), stand_in.accounts[VISITOR]).add_to(app)
    async with TestClient(TestServer(app)) as client:
        text = await (await client.get("/", headers={"Accept-Language": accepted})).text()
        assert expected in text
        assert f'{{"number": {VISITOR}, "key": "{VISITOR_KEY}"}}' in text
        assert "<code>/horde verify</code>" in text
        assert "$" not in text
        assert (await client.get("/api/v2/status/heartbeat")).status == 200
