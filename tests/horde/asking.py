"""A client of the stand-in that hides nothing of an answer, and time that a test turns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.demo.horde.accounts import Account
from bot.demo.horde.server import HordeStandIn
from tests.horde.stage import serving
from tests.storage.turned import TurnedClock

TRANSFER = "/v2/kudos/transfer"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def rc(self) -> str | None:
        found: str | None = self.body.get("rc")
        return found


@dataclass
class Asker:
    """Asks the stand-in; turns the clock so that no limit is in the way unless a test wants it."""

    stand_in: HordeStandIn
    clock: TurnedClock
    session: aiohttp.ClientSession
    url: str

    async def ask(self, method: str, path: str, **how: Any) -> Answer:  # noqa: ANN401 - as aiohttp
        async with self.session.request(method, self.url + path, **how) as answer:
            return Answer(answer.status, await answer.json(), answer.headers)

    async def get(self, path: str, key: str | None = None) -> Answer:
        return await self.ask("GET", path, headers={} if key is None else {"apikey": key})

    async def transfer(
        self, payee: object, amount: object = None, *, sender: str = "jury", key: str | None = None
    ) -> Answer:
        self.clock.turn(60)
        return await self.transfer_now(payee, amount, sender=sender, key=key)

    async def transfer_now(
        self, payee: object, amount: object = None, *, sender: str = "jury", key: str | None = None
    ) -> Answer:
        headers = {"apikey": key_of(sender)} | ({} if key is None else {"Idempotency-Key": key})
        body = {"username": payee} | ({} if amount is None else {"amount": amount})
        return await self.ask("POST", TRANSFER, json=body, headers=headers)


def key_of(name: str) -> str:
    """Return a key as the Horde makes them: 22 characters."""
    return f"-{name}-".ljust(22, "x")


def people() -> list[Account]:
    """Return the accounts of these tests; the bot's is `jury`."""
    return [
        Account(1, "jury", key_of("jury"), kudos=1000),
        Account(2, "ada#7", key_of("ada"), kudos=30, requests=12, account_age=86_400),
        Account(3, "ben", key_of("ben"), kudos=50),
    ]


@asynccontextmanager
async def asking(*accounts: Account) -> AsyncIterator[Asker]:
    """Serve a stand-in with these accounts, or with `people()`."""
    clock = TurnedClock()
    stand_in = HordeStandIn(accounts or people(), clock)
    async with serving(stand_in) as url, aiohttp.ClientSession() as session:
        yield Asker(stand_in, clock, session, url)
