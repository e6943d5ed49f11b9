"""A small world for tests of linking: raters, accounts at the stand-in, what was asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from sqlite3 import Connection
from uuid import uuid4

from aiohttp import web
from pydantic import SecretStr

from bot.demo.horde.accounts import Account
from bot.demo.horde.server import HordeStandIn
from bot.demo.horde.shared_keys import SharedKey
from bot.horde.client import HordeClient
from bot.horde.transport import Timeouts
from bot.keyed_hash import KeyedHash
from bot.rewards.linking import LinkingService
from bot.rewards.planning import terms_of
from bot.rewards.signals import SignalsService
from bot.rewards.status import StatusService
from bot.settings import Settings
from bot.trust.enrolment import Enrolment
from storage import (
    audit,
    awards,
    data_sets,
    horde_links,
    images,
    payout_due,
    payouts,
    raters,
    sources,
)
from storage.database import Database
from storage.horde_links import HordeLink
from storage.images import NewImage
from storage.times import to_microseconds
from tests.horde.asking import key_of
from tests.horde.stage import serving
from tests.rating.world import TurnedClock, caller, make_settings

QUICK = Timeouts(connect=1.0, lookup=0.3, transfer=0.3)
ADA, BOB, EVE = 107, 108, 109
"""Discord ids."""


class WatchedHorde(HordeStandIn):
    """The stand-in, with a list of the paths and keys of all requests.

    `meanwhile` happens once, before the next answer.
    """

    meanwhile: Callable[[], Awaitable[object]] | None = None

    def app(self) -> web.Application:
        self.asked: list[tuple[str, str | None]] = []
        app = super().app()

        async def note(request: web.Request, _response: web.StreamResponse) -> None:
            self.asked.append((request.path, request.headers.get("apikey")))
            if self.meanwhile is not None:
                act, self.meanwhile = self.meanwhile, None
                await act()

        app.on_response_prepare.append(note)
        return app


@dataclass
class Raters:
    """Services over a database and the stand-in, with accounts 7 and 8."""

    database: Database
    clock: TurnedClock
    horde: WatchedHorde
    url: str
    settings: Settings
    images: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        key = self.settings.horde_api_key
        self.client = HordeClient(self.url, key, self.clock, Random(1), QUICK)
        self.enrolment = Enrolment(KeyedHash(bytes(32)))
        self.linking = self.new_linking(3)
        self.signals = SignalsService(self.database, self.clock, self.client)
        self.status = StatusService(self.database, self.clock, self.settings)

    def new_linking(self, seed: int) -> LinkingService:
        """Return the service as a process that starts has it."""
        return LinkingService(
            self.database,
            self.clock,
            self.settings,
            random=Random(seed),
            enrolment=self.enrolment,
            horde=self.client,
        )

    async def link_of(self, discord_id: int) -> HordeLink | None:
        def query(connection: Connection) -> HordeLink | None:
            rater = raters.find(connection, discord_id)
            return None if rater is None else horde_links.find(connection, rater.number)

        return await self.database.read(query)

    async def ban(self, discord_id: int) -> None:
        def unit(connection: Connection) -> None:
            rater = self.enrolment.rater(connection, discord_id, self.clock.now())
            raters.set_status(connection, rater.number, "banned")

        await self.database.write(unit)

    async def earn(self, discord_id: int, *amounts: int, full: bool = True) -> None:
        """Write an award for each amount, on an image each that is `full` or not yet."""

        def unit(connection: Connection) -> None:
            now = self.clock.now()
            rater = self.enrolment.rater(connection, discord_id, now)
            for amount in amounts:
                image = self._image(connection)
                if full:
                    connection.execute("UPDATE images SET stage = 'full' WHERE id = ?", (image,))
                awards.write(
                    connection,
                    rater=rater.number,
                    image_id=image,
                    scale="aesthetic",
                    amount=amount,
                    now=now,
                )

        await self.database.write(unit)

    async def vote(self, discord_id: int) -> None:
        """Give a complete vote on a new image."""

        def unit(connection: Connection) -> None:
            now = to_microseconds(self.clock.now())
            rater = self.enrolment.rater(connection, discord_id, self.clock.now())
            image = self._image(connection)
            values = {"rater": rater.number, "image": image, "now": now}
            connection.execute(
                "INSERT INTO posts (image_id, surface, rater, state, shown_at)"
                " VALUES (:image, 'private', :rater, 'open', :now)",
                values,
            )
            connection.execute("INSERT OR IGNORE INTO client_agents (id, name) VALUES (1, 'x:1:x')")
            connection.execute(
                "INSERT INTO votes (rater, image_id, aesthetic, artifacts, aesthetic_at,"
                " artifacts_at, post_id, surface, locale, client_agent_id, shown_at, created_at,"
                " changed_at, completed_at) VALUES (:rater, :image, 5, 1, :now, :now,"
                " (SELECT max(id) FROM posts), 'private', 'en', 1, :now, :now, :now, :now)",
                values,
            )

        await self.database.write(unit)

    async def plan(self, discord_id: int) -> int:
        """Plan a payout of all that is released for a rater; return its id."""
        terms = terms_of(self.settings)

        def unit(connection: Connection) -> int:
            now = self.clock.now()
            rater = self.enrolment.rater(connection, discord_id, now)
            picked = payout_due.pick(connection, rater.number, terms, now)
            assert picked is not None
            return payouts.create(
                connection,
                key=str(uuid4()),
                rater=rater.number,
                horde_id=picked.horde_id,
                verified=picked.verified,
                awards=picked.awards,
                now=now,
            ).id

        return await self.database.write(unit)

    async def pay(self, payout: int) -> None:
        """Send a planned payout and settle it as paid."""
        sender = payouts.Sender(self.client.server, 1, honours_keys=True)

        def unit(connection: Connection) -> None:
            now = self.clock.now()
            assert payouts.begin_first(connection, payout, sender, now)
            assert payouts.pay(connection, payout, now)

        await self.database.write(unit)

    def _image(self, connection: Connection) -> int:
        number = next(self.images)
        now = self.clock.now()
        if number == 1:
            found = data_sets.create(connection, "set", target=5, now=now)
            sources.create(connection, found.id, "folder", "/set")
        image = NewImage(1, str(number), 1, f"{number}.png", safe=True, random_key=0)
        return images.insert(connection, image, now)

    async def refuse_account(self, discord_id: int, answer: str) -> None:
        """Note that the Horde would not pay the account of a rater for a week."""
        link = await self.link_of(discord_id)
        assert link is not None
        until = self.clock.now() + timedelta(days=7)
        await self.database.write(
            lambda c: payout_due.refuse_account(
                c, link.rater, link.horde_id, answer=answer, until=until
            )
        )

    async def actions(self) -> list[tuple[str, str]]:
        """Return actions and subjects of the audit log, oldest first."""
        found = await self.database.read(lambda c: audit.latest(c, 100))
        return [(entry.action, entry.subject) for entry in reversed(found)]

    def make_key(self, account: int, name: str, *, kudos: int = 0, expiry: int = 1) -> SharedKey:
        """Let the owner of an account make a shared key."""
        wanted = {"name": name, "kudos": kudos, "expiry": expiry}
        return self.horde.shared_keys.make(self.horde.accounts[account], wanted)

    async def prove(self, discord_id: int, account: int) -> HordeLink:
        """Prove an account from beginning to end."""
        proof = await self.linking.begin_proof(caller(discord_id))
        key = self.make_key(account, proof.nonce)
        proved = await self.linking.finish_proof(caller(discord_id), key.id)
        self.horde.shared_keys.delete(key, key.owner)
        self.clock.turn(60)
        return proved.link


@asynccontextmanager
async def raters_at(folder: Path, *, rewards: bool = True) -> AsyncIterator[Raters]:
    clock = TurnedClock()
    accounts = [
        Account(1, "jury", key_of("jury"), kudos=1000),
        Account(7, "ada", key_of("ada"), kudos=500, account_age=86_400, requests=12),
        Account(8, "bob#9", key_of("bob"), kudos=20),
    ]
    horde = WatchedHorde(accounts, clock)
    database = await Database.open(folder / "jury.db")
    async with serving(horde) as url:
        key = SecretStr(key_of("jury")) if rewards else None
        settings = make_settings(horde_api_url=url, horde_api_key=key, kudos_daily_cap=300)
        opened = Raters(database, clock, horde, url, settings)
        yield opened
        await opened.client.close()
    await database.close()
