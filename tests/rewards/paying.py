"""A small world for tests of payouts: raters with awards, the stand-in for the Horde, workers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import Any

from pydantic import SecretStr

from bot.demo.horde.accounts import Account
from bot.demo.horde.server import HordeStandIn
from bot.horde.client import HordeClient
from bot.horde.transport import Timeouts
from bot.keyed_hash import KeyedHash
from bot.rewards.cases import Cases
from bot.rewards.planning import Ready, always
from bot.rewards.worker import LOOK_EVERY, PayoutWorker
from bot.settings import Settings
from bot.texts import Texts
from bot.trust.access import AccessService
from bot.trust.alerts import AlertService
from bot.trust.enrolment import Enrolment
from storage import (
    awards,
    data_sets,
    horde_links,
    images,
    ledger,
    payout_attempts,
    payouts,
    raters,
    sources,
)
from storage.database import Database
from storage.images import NewImage
from storage.payouts import Payout
from storage.signals import Signals
from tests.horde.asking import TRANSFER, key_of
from tests.horde.stage import serving
from tests.rating.world import TurnedClock, make_settings

OURS = 1
FIRST_PAYEE = 11
RATERS = 6
PATIENCE = Timeouts(connect=1.0, lookup=2.0, transfer=0.4)
OnStep = Callable[[str], Awaitable[None]]


async def tell_nobody(_step: str) -> None:
    """Take part in no step."""


def accounts(kudos: int = 1_000_000) -> list[Account]:
    """Return our account, and one for each rater: number 10 + the rater's."""
    payees = [Account(FIRST_PAYEE + n, f"payee{n}", key_of(f"payee{n}")) for n in range(RATERS)]
    return [Account(OURS, "jury", key_of("jury"), kudos=kudos), *payees]


@dataclass
class Treasury:
    """A database with awards to pay, and the Horde to pay them."""

    path: Path
    database: Database
    clock: TurnedClock
    stand_in: HordeStandIn
    url: str
    settings: Settings
    api_key: str = key_of("jury")
    clients: list[HordeClient] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def client(self) -> HordeClient:
        client = HordeClient(self.url, SecretStr(self.api_key), self.clock, Random(1), PATIENCE)
        self.clients.append(client)
        return client

    def alerts(self) -> AlertService:
        return AlertService(self.database, self.clock, self.settings, Texts.load())

    def worker(self, on_step: OnStep = tell_nobody, ready: Ready = always) -> PayoutWorker:
        """Return a worker as a process that starts has one."""
        return PayoutWorker(
            self.database,
            self.clock,
            Random(1),
            self.settings,
            client=self.client(),
            alerts=self.alerts(),
            scores_ready=ready,
            on_step=on_step,
        )

    def cases(self) -> Cases:
        enrolment = Enrolment(KeyedHash(bytes(32)))
        access = AccessService(self.database, self.clock, self.settings, enrolment)
        return Cases(self.database, self.clock, access, enrolment)

    async def prepare(self) -> None:
        """Make a data set, and RATERS raters of whom each named the account 10 + their number."""

        def unit(connection: Connection) -> None:
            now = self.clock.now()
            found = data_sets.create(connection, "set", target=1, now=now)
            sources.create(connection, found.id, "folder", "/set")
            for rater in range(1, RATERS + 1):
                raters.get_or_create(connection, 100 + rater, now)

        await self.database.write(unit)
        for rater in range(1, RATERS + 1):
            await self.link(rater, FIRST_PAYEE + rater - 1)

    async def link(self, rater: int, horde_id: int, *, verified: bool = False) -> None:
        signals = Signals(5, 60, 1, trusted=False) if verified else None

        def unit(connection: Connection) -> None:
            horde_links.put(
                connection,
                rater,
                horde_id=horde_id,
                name=f"payee{horde_id}",
                now=self.clock.now(),
                signals=signals,
            )

        await self.database.write(unit)

    async def earn(
        self, rater: int, *amounts: int, full: bool = True, at: datetime | None = None
    ) -> list[int]:
        """Write an award for each amount, on an image each; return the images."""
        earned_at = at or self.clock.now()

        def unit(connection: Connection) -> list[int]:
            made = []
            for amount in amounts:
                key = f"image{next(self.numbers)}"
                images.insert_new(
                    connection,
                    [NewImage(1, key, 1, f"{key}.png", safe=True, random_key=0)],
                    earned_at,
                )
                (image,) = connection.execute(
                    "SELECT id FROM images WHERE key = ?", (key,)
                ).fetchone()
                if full:
                    connection.execute("UPDATE images SET stage = 'full' WHERE id = ?", (image,))
                give(connection, rater, image, amount, earned_at)
                made.append(image)
            return made

        return await self.database.write(unit)

    async def run(self, worker: PayoutWorker, **turning: float) -> None:
        """Let a worker go on for so long, turning the clock to each moment that it names.

        Where it has nothing to do the clock is turned by a hundredth of the time.
        """
        stride = timedelta(**turning) / 100
        end = self.clock.now() + timedelta(**turning)
        while self.clock.now() <= end:
            moment = await worker.step()
            now = self.clock.now()
            if moment >= now + LOOK_EVERY:
                moment = max(moment, now + stride)
            self.clock.moment = max(moment, now)

    async def work(self, worker: PayoutWorker) -> None:
        """Let a worker do all that is due within a few seconds."""
        await self.run(worker, seconds=10)

    def fail(self, fault: Any, times: int = 1) -> None:  # noqa: ANN401 - of the stand-in
        self.stand_in.fail(TRANSFER, fault, times)

    def received(self) -> dict[int, int]:
        """Return what really moved, by payee."""
        found: dict[int, int] = {}
        for transfer in self.stand_in.paid:
            found[transfer.payee] = found.get(transfer.payee, 0) + transfer.amount
        return found

    async def payouts(self, rater: int | None = None) -> list[Payout]:
        """Return all payouts, the first one first."""
        found = await self.database.read(lambda c: payouts.latest(c, 1000, rater=rater))
        return found[::-1]

    async def states(self, rater: int | None = None) -> list[str]:
        return [payout.state for payout in await self.payouts(rater)]

    async def outcomes(self, payout_id: int) -> list[str | None]:
        found = await self.database.read(lambda c: payout_attempts.of_payout(c, payout_id))
        return [attempt.outcome for attempt in found]

    async def owed(self, rater: int) -> int:
        """Return what a rater has earned and no payout has."""
        hold = timedelta(hours=self.settings.hold_hours)
        found = await self.database.read(
            lambda c: ledger.of_rater(c, rater, self.clock.now(), hold)
        )
        return found.held + found.released

    async def told(self) -> list[str]:
        """Return the kinds of what was told to operators, in the order of their names."""
        return await self.values("SELECT kind FROM alerts ORDER BY kind")

    async def values(self, query: str, *parameters: Any) -> list[Any]:  # noqa: ANN401 - SQL's
        """Return the first column of a query."""
        rows = await self.database.read(lambda c: c.execute(query, parameters).fetchall())
        return [row[0] for row in rows]

    async def change(self, statement: str, *parameters: Any) -> None:  # noqa: ANN401 - SQL's
        await self.database.write(lambda c: c.execute(statement, parameters).rowcount)

    async def reopen(self) -> None:
        """Open the database anew, as a restarted program does."""
        await self.database.close()
        self.database = await Database.open(self.path)

    async def check(self) -> None:
        """Compare the ledger with what the Horde moved; no payout may be without a proof."""
        assert await self.database.read(ledger.imbalances) == []
        assert (
            await self.values("SELECT id FROM payouts WHERE state IN ('sending', 'in_doubt')") == []
        )
        paid: dict[int, int] = {}
        for payout in await self.payouts():
            if payout.state == "paid":
                paid[payout.horde_id] = paid.get(payout.horde_id, 0) + payout.amount
        assert paid == self.received()


@asynccontextmanager
async def treasury(
    folder: Path,
    *,
    kudos: int = 1_000_000,
    clock: TurnedClock | None = None,
    **settings: object,
) -> AsyncIterator[Treasury]:
    """Open a treasury; its raters have named accounts, and have earned nothing yet."""
    path = folder / "jury.db"
    clock = clock or TurnedClock()
    stand_in = HordeStandIn(accounts(kudos), clock)
    defaults: dict[str, object] = {"horde_api_key": key_of("jury"), "payout_minimum": 10}
    async with serving(stand_in) as url:
        database = await Database.open(path)
        opened = Treasury(
            path, database, clock, stand_in, url, make_settings(**{**defaults, **settings})
        )
        try:
            await opened.prepare()
            yield opened
        finally:
            for client in opened.clients:
                await client.close()
            await opened.database.close()


def give(connection: Connection, rater: int, image: int, amount: int, earned_at: datetime) -> None:
    """Write an award as a vote does."""
    awards.write(
        connection,
        rater=rater,
        image_id=image,
        scale="aesthetic",
        amount=amount,
        now=earned_at,
    )
