"""A whole installation that can end at any step and be opened again, beside the Horde that it pays.

The Horde's log of transfers is the witness: what it says moved is compared with the ledger.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from sqlite3 import Connection

from bot.caller import Caller
from bot.demo.horde.accounts import Account
from bot.demo.horde.server import VERSION, HordeStandIn
from bot.horde.client import HordeClient
from bot.horde.transport import Timeouts
from bot.keyed_hash import KeyedHash
from bot.privacy.erasure import ErasureService
from bot.rewards.cases import Cases
from bot.rewards.linking import LinkingService
from bot.rewards.overview import OverviewService
from bot.rewards.replay import PayoutReplay
from bot.rewards.worker import PayoutWorker
from bot.settings import Settings
from bot.texts import Texts
from bot.trust.access import AccessService
from bot.trust.alerts import AlertService
from bot.trust.banning import BanService
from bot.trust.enrolment import Enrolment
from bot.trust.hiding import Hiding
from bot.trust.holds import HoldService
from bot.trust.recounting import Recounting
from bot.trust.void_orders import VoidOrders
from bot.trust.voiding import VoidingService
from storage.backup import backup
from storage.database import Database
from storage.payout_file import PayoutFile
from tests.horde.asking import key_of
from tests.horde.stage import serving
from tests.rating.world import NOON, World, make_settings
from tests.rewards.witness import TrueClock, Witness, WrongClock
from tests.trust.home import MODERATOR, MODERATORS, OPERATOR, caller

OURS, OURS_TOO = 1, 2
PAYEES = (11, 12)
IMAGES = 6
MINIMUM, CAP, BUDGET = 10, 40, 75
RICH = 1_000_000
PATIENCE = Timeouts(connect=1.0, lookup=1.0, transfer=1.0)
NO_SUCH_PROCESS = 4_194_305
"""Above the greatest id that Linux gives."""

TEXTS = Texts.load()


class Killed(BaseException):
    """The process ended here."""


def accounts() -> list[Account]:
    """Return the accounts that pay, and those of the raters."""
    senders = [Account(number, f"jury{number}", key_of(f"jury{number}"), kudos=RICH)
               for number in (OURS, OURS_TOO)]  # fmt: skip
    payees = [Account(number, f"payee{number}", key_of(f"payee{number}")) for number in PAYEES]
    return [*senders, *payees]


def settings(**changes: object) -> Settings:
    """Return settings with which limits are met soon."""
    given: dict[str, object] = {
        "horde_api_key": key_of(f"jury{OURS}"),
        "payout_minimum": MINIMUM,
        "payout_period_hours": 1,
        "hold_hours": 1,
        "kudos_daily_cap": CAP,
        "kudos_daily_budget": BUDGET,
        "close_delay_seconds": 86_400,
        "moderator_role_id": MODERATORS,
        "operator_ids": str(OPERATOR),
    }
    return make_settings(**{**given, **changes})


@dataclass
class Bank:
    """The installation: one process at a time has it open."""

    folder: Path
    clock: WrongClock
    stand_in: HordeStandIn
    settings: Settings
    random: Random
    witness: Witness
    world: World = field(init=False)
    worker: PayoutWorker = field(init=False)
    url: str = ""
    last_step: str | None = None
    backup_step: str | None = None
    backups: list[Path] = field(default_factory=list)
    interactions: count[int] = field(default_factory=lambda: count(1))
    _serving: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def path(self) -> Path:
        return self.folder / "jury.db"

    @property
    def database(self) -> Database:
        return self.world.database

    @property
    def moderator(self) -> Caller:
        return caller(MODERATOR, roles=(MODERATORS,))

    @property
    def operator(self) -> Caller:
        return caller(OPERATOR)

    @property
    def served(self) -> bool:
        """Whether the Horde can be reached."""
        return bool(self.url) and self._plugged

    async def plug(self) -> None:
        """Let the Horde be reached, at the same address as before."""
        port = int(self.url.rsplit(":", 1)[1].split("/")[0]) if self.url else 0
        self.url = await self._serving.enter_async_context(serving(self.stand_in, port))
        self._plugged = True

    async def unplug(self) -> None:
        """Let nobody reach the Horde."""
        await self._serving.aclose()
        self._plugged = False

    _plugged: bool = False

    async def start(self) -> None:
        """Open the database and build what a program has that starts."""
        database = await Database.open(self.path)
        self.world = World(database, self.settings, self.clock, self.random)
        self.world.interactions = self.interactions
        self._build()
        await PayoutReplay(database, self.clock).replay()
        await self.erasure.replay()
        await self.recounting.settle()

    def _build(self) -> None:
        database, clock = self.database, self.clock
        enrolment = Enrolment(KeyedHash(bytes(32)))
        access = AccessService(database, clock, self.settings, enrolment)
        key = self.settings.horde_api_key
        self.client = HordeClient(self.url, key, clock, self.random, PATIENCE)
        self.recounting = Recounting(database, clock, self.settings)
        self.cases = Cases(database, clock, access, enrolment)
        self.holds = HoldService(database, clock, enrolment)
        self.erasure = ErasureService(database, clock, enrolment, self.recounting)
        self.linking = LinkingService(
            database,
            clock,
            self.settings,
            random=self.random,
            enrolment=enrolment,
            horde=self.client,
        )
        self.overview = OverviewService(
            database,
            clock,
            self.settings,
            access=access,
            horde=self.client,
        )
        orders = VoidOrders(database, clock, self.recounting)
        hiding = Hiding(self.settings)
        self.bans = BanService(
            database,
            clock,
            access=access,
            enrolment=enrolment,
            recounting=self.recounting,
            orders=orders,
            hiding=hiding,
        )
        self.voiding = VoidingService(database, clock, access, orders, hiding)
        self.worker = PayoutWorker(
            database,
            clock,
            self.random,
            self.settings,
            client=self.client,
            alerts=AlertService(database, clock, self.settings, TEXTS),
            on_step=self._on_step,
        )

    async def _on_step(self, step: str) -> None:
        if step == "listed":
            self.witness.note_listed(PayoutFile(self.path).path)
        if step == "sending":
            await self.database.read(self.witness.expect)
        if step == self.backup_step:
            self.backup_step = None
            await self.back_up()
        if step == self.last_step:
            self.last_step = None
            raise Killed

    async def step(self) -> datetime:
        """Let the worker do one thing; where it is killed meanwhile the program starts anew."""
        try:
            return await self.worker.step()
        except Killed:
            await self.restart()
            return self.clock.now()
        finally:
            self.witness.look()

    async def work(self, steps: int, patience: timedelta = timedelta(seconds=70)) -> None:
        """Let the worker come so often, waiting for each moment that it names and that is near."""
        for _ in range(steps):
            moment = await self.step()
            wait = moment - self.clock.now()
            if wait > patience:
                return
            self.clock.turn(max(wait.total_seconds(), 0.0))

    async def stop(self, *, killed: bool) -> None:
        """Leave the database as a process does that ends so."""
        if killed:
            await self.database.write(_let_holders_be_dead)
        else:
            await self.worker.leave()
        await self.client.close()
        await self.database.close()

    async def restart(self, *, killed: bool = True, **changes: object) -> None:
        """End the program and start it again, perhaps with other settings."""
        await self.stop(killed=killed)
        self.settings = settings(**changes) if changes else self.settings
        await self.start()

    async def back_up(self) -> None:
        """Copy the database as it is now."""
        target = self.folder / f"backup{len(self.backups)}.db"
        await asyncio.to_thread(backup, self.path, target)
        self.backups.append(target)

    async def restore(self, which: Path) -> None:
        """Start with a copy of an earlier time; the lists beside the database stay as they are."""
        await self.stop(killed=True)
        for left in self.folder.glob("jury.db-*"):
            left.unlink()
        shutil.copy(which, self.path)
        await self.start()

    async def settle_cases(self) -> None:
        """Let an operator say of each payout in doubt what the Horde's log says."""
        after = 0
        while (case := await self.cases.next(self.operator, after=after)) is not None:
            if case.item.id <= after:
                break
            after = case.item.id
            paid = case.payout.key in self.witness.moved
            await self.cases.settle(self.operator, case.item.id, paid=paid)

    async def hurry(self) -> None:
        """Let an operator send at once whatever waits."""

        def query(connection: Connection) -> list[int]:
            rows = connection.execute("SELECT id FROM payouts WHERE settled_at IS NULL")
            return [payout for (payout,) in rows]

        for payout in await self.database.read(query):
            await self.cases.hurry(payout)

    async def mend(self) -> None:
        """Let nothing be in the way any more, on the side of the Horde."""
        if not self.served:
            await self.plug()
        stand_in = self.stand_in
        stand_in.faults.clear()
        stand_in.version, stand_in.down = VERSION, False
        for account in accounts():
            there = stand_in.accounts[account.number]
            there.marks.clear()
            there.key = account.key
        for number in (OURS, OURS_TOO):
            stand_in.accounts[number].kudos = RICH

    async def prove(self, who: Caller, payee: int) -> None:
        """Verify an account as its owner does; raises UserError."""
        proof = await self.linking.begin_proof(who)
        keys = self.stand_in.shared_keys
        owner = self.stand_in.accounts[payee]
        for old in keys.of(owner):
            keys.delete(old, owner)
        key = keys.make(owner, {"name": proof.nonce, "kudos": 0, "expiry": 1})
        await self.linking.finish_proof(who, key.id)

    async def close(self) -> None:
        with suppress(AttributeError):
            await self.client.close()
            await self.database.close()
        await self._serving.aclose()


def _let_holders_be_dead(connection: Connection) -> None:
    """Make leases those of a process that ended: in this one, it never does."""
    for name, holder in connection.execute("SELECT name, holder FROM leases").fetchall():
        host, place, _, born, token = holder.split("|")
        dead = "|".join((host, place, str(NO_SUCH_PROCESS), born, token))
        connection.execute("UPDATE leases SET holder = ? WHERE name = ?", (dead, name))


def new_bank(folder: Path, seed: int = 1, *, first_interaction: int = 1) -> Bank:
    """Return an installation that was not started yet."""
    clock = WrongClock(NOON)
    stand_in = HordeStandIn(accounts(), TrueClock(clock))
    bank = Bank(folder, clock, stand_in, settings(), Random(seed), Witness(stand_in, clock))
    bank.interactions = count(first_interaction)
    return bank


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Bank]:
    """Start an installation, and stop it in the end."""
    bank = new_bank(folder)
    await bank.plug()
    await bank.start()
    try:
        yield bank
    finally:
        await bank.close()


async def furnish(bank: Bank, people: range) -> None:
    """Make images with a post each, people who agreed, their accounts and first votes."""
    data_set = await bank.world.data_set(IMAGES, target=3)
    channel = await bank.world.channel(data_set, open_posts=IMAGES)
    await bank.world.agree(*people)
    posts = [await bank.world.public_post(channel) for _ in range(IMAGES)]
    for person in people:
        for number in range(3):
            await bank.world.vote(person, posts[(person + number) % IMAGES])
        payee = PAYEES[person % len(PAYEES)]
        await bank.linking.link(caller(person), f"payee{payee}#{payee}")
        bank.clock.turn(60)
