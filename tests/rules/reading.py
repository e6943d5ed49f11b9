"""The real worker beside the rating core: votes by real presses, or as a pool of many."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import Any

from bot.clock import Clock
from bot.texts import Texts
from bot.trust.alerts import AlertService
from bot.trust.rules.record import Record
from bot.trust.rules.worker import RuleWorker
from bot.trust.scoring.votes import Votes
from storage import audit, findings, holds, risks, rule_records
from storage.audit import AuditEntry
from storage.database import Database
from storage.findings import KeptFinding
from tests.bench._rule_database import Filler, open_empty
from tests.rating.world import NOON, TurnedClock, World, make_settings


def worker_of(database: Database, clock: Clock) -> RuleWorker:
    alerts = AlertService(database, clock, make_settings(), Texts.load())
    return RuleWorker(database, clock, Random(1), alerts=alerts)


@dataclass
class Reader:
    """A database, the worker over it, and what came of it."""

    database: Database
    clock: TurnedClock
    worker: RuleWorker = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Take a new worker, as a restarted program does."""
        self.worker = worker_of(self.database, self.clock)

    async def record(self, rater: int) -> Record | None:
        """Return what is kept of a rater by number."""
        found = await self.database.read(lambda c: rule_records.find(c, rater))
        if found is None or found.kept is None:
            return None
        return Record.of(found.kept.votes, found.kept.states, found.kept.agreement)

    async def rows(self, query: str, *values: int | str) -> list[tuple[Any, ...]]:
        return await self.database.read(lambda c: c.execute(query, values).fetchall())

    async def write(self, query: str, *values: int | str | None) -> None:
        await self.database.write(lambda c: c.execute(query, values).rowcount)

    async def wait_for(self, rater: int) -> Record:
        """Return what is kept of a rater once there is something."""
        async with asyncio.timeout(20):
            while (record := await self.record(rater)) is None:  # noqa: ASYNC110 - of a worker
                await asyncio.sleep(0.001)
            return record

    async def found(self, rater: int) -> dict[str, KeptFinding]:
        return await self.database.read(lambda c: findings.of_rater(c, rater))

    async def holds(self, rater: int) -> list[str]:
        return await self.database.read(lambda c: holds.of_rater(c, rater))

    async def gold_percent(self, rater: int) -> int:
        return await self.database.read(lambda c: risks.gold_percent(c, rater))

    async def captcha(self, rater: int) -> str | None:
        return await self.database.read(lambda c: risks.captcha_because(c, rater))

    async def audited(self, action: str) -> list[AuditEntry]:
        entries = await self.database.read(lambda c: audit.latest(c, 1_000))
        return [entry for entry in entries if entry.action == action]

    async def cases(self) -> dict[int, Mapping[str, Any]]:
        """Return the open cases of suspects: details by rater."""
        rows = await self.rows(
            "SELECT rater, details FROM review_queue WHERE kind = 'suspect' AND settled_at IS NULL"
        )
        return {rater: json.loads(details) for rater, details in rows}


class Pressing(Reader):
    """A reader of real presses in the home server."""

    world: World

    @classmethod
    async def of(cls, world: World) -> Pressing:
        made = cls(world.database, world.clock)
        made.world = world
        return made

    async def posts(self, number: int, *, target: int = 3, raters: int = 6) -> list[int]:
        """Open a public post for each of so many images, ten a channel; raters agree."""
        data_set = await self.world.data_set(number, target=target)
        await self.world.agree(*range(1, raters + 1))
        made = []
        for each in range(number):
            channel = await self.world.channel(
                data_set, channel_id=2000 + each // 10, open_posts=each % 10 + 1
            )
            made.append(await self.world.public_post(channel))
        return made

    async def close(self) -> None:
        """Let the time pass in which raters may change their votes."""
        self.clock.turn(61)
        await self.world.posts.due(self.clock.now())


@asynccontextmanager
async def pressing(folder: Path) -> AsyncIterator[Pressing]:
    world = await World.open(folder / "jury.db")
    try:
        yield await Pressing.of(world)
    finally:
        await world.database.close()


@dataclass
class Pool(Reader):
    """A reader of many votes, written image by image."""

    filler: Filler = field(kw_only=True)
    items: int = field(kw_only=True)
    filled: int = 0

    async def read(self, until: int | None = None, *, at_once: int = 40) -> None:
        """Write and close images up to this one, and read the queue after each few of them."""
        last = self.items if until is None else until
        while self.filled < last:
            batch = range(self.filled, min(self.filled + at_once, last))
            await self.database.write(partial(_fill, filler=self.filler, batch=batch))
            self.filled = batch.stop
            self.clock.turn(60)
            await self.worker.settle()


def _fill(connection: Connection, *, filler: Filler, batch: range) -> None:
    filler.fill(connection, batch)
    filler.close(connection, batch)


DAY_AFTER = NOON + timedelta(days=1)


@asynccontextmanager
async def pool_of(folder: Path, votes: Votes, *, seed: int = 1) -> AsyncIterator[Pool]:
    database = await open_empty(folder / "jury.db", votes.raters, votes.items)
    try:
        yield Pool(database, TurnedClock(DAY_AFTER), filler=Filler(votes, seed), items=votes.items)
    finally:
        await database.close()


@dataclass(frozen=True)
class Prepared:
    """A pool that was read up to some image, to go on with in a copy of its own."""

    path: Path
    votes: Votes
    filled: int

    @classmethod
    def of(cls, folder: Path, votes: Votes, until: int, before: Prepared | None = None) -> Prepared:
        """Read a pool up to this image, from where another one was left."""

        async def read() -> None:
            if before is not None:
                async with before.copied(folder) as pool:
                    await pool.read(until)
                return
            async with pool_of(folder, votes) as pool:
                await pool.read(until)

        folder.mkdir()
        asyncio.run(read())
        return cls(folder / "jury.db", votes, until)

    @asynccontextmanager
    async def copied(self, folder: Path) -> AsyncIterator[Pool]:
        """Go on in a copy."""
        copy = folder / "jury.db"
        shutil.copy(self.path, copy)
        database = await Database.open(copy)
        filler = Filler(self.votes, 1, self.filled)
        clock = TurnedClock(DAY_AFTER + timedelta(seconds=60 * self.filled))
        try:
            yield Pool(database, clock, filler=filler, items=self.votes.items, filled=self.filled)
        finally:
            await database.close()
