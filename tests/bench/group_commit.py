"""Group commit against raw sqlite3 that runs the same statements.

The statements are those of real presses: the voting service runs them once on a connection that
notes them, then raw sqlite3 and the writer repeat them on copies of the same database.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from bot.caller import Caller
from bot.keyed_hash import KeyedHash
from bot.rating.ballot import Ballot
from bot.rating.voting import ScorePress, ballot_of
from storage.connections import connect
from storage.database import Database
from tests.bench.rows import Row
from tests.rating.world import CHANNEL, HOME, NOON, World, caller, make_settings

IMAGES = 600
RATERS = 50
TARGET = 5
BATCH = 500
ROUNDS = 5

Statements = list[tuple[str, Any]]
Press = tuple[Caller, ScorePress]


class Noting(sqlite3.Connection):
    """A connection that notes what is run on it."""

    noted: Statements

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - the base class's
        """Run and note one statement."""
        self.noted.append((sql, parameters))
        return super().execute(sql, parameters)


async def make_world(path: Path) -> list[Press]:
    """Make a database with open posts and raters; return presses that fill every image."""
    world = await World.open(path)
    await world.data_set(IMAGES, target=TARGET)
    await world.agree(*range(1, RATERS + 1))
    await world.database.write(
        lambda connection: connection.execute(
            "INSERT INTO posts (id, image_id, surface, guild_id, channel_id, message_id, state,"
            " shown_at) SELECT id, id, 'public', ?, ?, id + 5000, 'open', 0 FROM images",
            (HOME, CHANNEL),
        )
    )
    await world.database.close()
    random = Random(7)
    votes = [(image, rater) for image in range(1, IMAGES + 1) for rater in _some(random)]
    random.shuffle(votes)
    return [
        (caller(rater), ScorePress(2 * number + half, image, scale, 1 + (rater + image) % 5))
        for number, (image, rater) in enumerate(votes)
        for half, scale in enumerate(("aesthetic", "artifacts"))
    ]


def _some(random: Random) -> list[int]:
    return random.sample(range(1, RATERS + 1), TARGET)


def note_statements(path: Path, presses: list[Press]) -> list[Statements]:
    """Run the presses on the database at `path`; return the statements of each."""
    ballot = ballot_of(make_settings(), KeyedHash(bytes(32)))
    noted: list[Statements] = []
    with closing(sqlite3.connect(path, isolation_level=None, factory=Noting)) as connection:
        connection.executescript("PRAGMA synchronous = OFF")
        for press_caller, press in presses:
            connection.noted = []
            ballot.take(connection, press_caller, press, NOON)
            noted.append(connection.noted)
    return noted


def repeat(statements: Statements, connection: sqlite3.Connection) -> None:
    """Run noted statements; reads are read to their end."""
    for sql, parameters in statements:
        connection.execute(sql, parameters).fetchall()


def time_raw(path: Path, noted: list[Statements]) -> float:
    """Return the seconds that raw sqlite3 takes, 500 units a transaction."""
    with closing(connect(path, for_units=True)) as connection:
        execute = connection.execute
        started = time.perf_counter()
        for first in range(0, len(noted), BATCH):
            execute("BEGIN IMMEDIATE")
            for statements in noted[first : first + BATCH]:
                execute("SAVEPOINT unit")
                for sql, parameters in statements:
                    execute(sql, parameters).fetchall()
                execute("RELEASE unit")
            execute("COMMIT")
        return time.perf_counter() - started


async def time_group(
    path: Path, units: Sequence[Callable[[Database], Awaitable[Any]]], callers: int
) -> float:
    """Return the seconds that so many concurrent callers take together."""
    database = await Database.open(path)
    left = iter(units)

    async def call() -> None:
        for unit in left:
            await unit(database)

    started = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(callers)))
    seconds = time.perf_counter() - started
    await database.close()
    return seconds


@dataclass(frozen=True, slots=True)
class Fixture:
    """The database to start from, and the presses as statements."""

    path: Path
    presses: list[Press]
    noted: list[Statements]

    def copy(self, name: str) -> Path:
        """Return a fresh copy of the database."""
        for old in self.path.parent.glob(f"{name}*"):
            old.unlink()
        return Path(shutil.copy(self.path, self.path.parent / f"{name}.db"))

    def raw(self) -> float:
        """Time raw sqlite3."""
        return time_raw(self.copy("raw"), self.noted)

    def group(self, callers: int) -> float:
        """Time the writer with the same statements."""
        units = [partial(_write, partial(repeat, statements)) for statements in self.noted]
        return asyncio.run(time_group(self.copy("group"), units, callers))

    def service(self, callers: int) -> float:
        """Time the writer with the whole voting unit, its checks and records included."""
        ballot = ballot_of(make_settings(), KeyedHash(bytes(32)))
        units = [
            partial(_write, partial(_take, ballot, press_caller, press))
            for press_caller, press in self.presses
        ]
        return asyncio.run(time_group(self.copy("service"), units, callers))


async def _write(unit: Callable[[sqlite3.Connection], Any], database: Database) -> None:
    await database.write(unit)


def _take(
    ballot: Ballot, press_caller: Caller, press: ScorePress, connection: sqlite3.Connection
) -> None:
    ballot.take(connection, press_caller, press, NOON)


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the benchmarks' common signature
    """Measure in rounds, so that other work on the machine meets all paths alike."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "start.db")
        presses = asyncio.run(make_world(path))
        noting = Path(shutil.copy(path, Path(folder, "noting.db")))
        fixture = Fixture(path, presses, note_statements(noting, presses))
        rounds = [
            (fixture.raw(), fixture.group(100), fixture.group(1000), fixture.service(100))
            for _ in range(ROUNDS)
        ]
    raw = median(seconds[0] for seconds in rounds)
    few, many, whole = (median(r[0] / r[n] for r in rounds) for n in (1, 2, 3))
    unit = "x raw sqlite3, same statements"
    return [
        Row("raw sqlite3, 500 presses a transaction", len(presses) / raw, None, "presses/s"),
        Row("group commit, 100 callers", few, 0.5, unit),
        Row("group commit, 1000 callers", many, 0.7, unit),
        Row("the whole voting unit, 100 callers", whole, None, unit),
    ]
