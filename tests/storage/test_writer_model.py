"""The writer against a model: any mix of good, failing, rogue and cancelled units."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.errors import StorageError

Kind = str
KINDS: tuple[Kind, ...] = ("good", "good", "raises", "breaks a rule", "nests", "rogue")
Step = tuple[int, Kind, int | None]
"""Loop turns to wait before the call, what the unit does, turns until its caller is cancelled."""

STEPS = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(KINDS),
        st.none() | st.integers(0, 12),
    ),
    min_size=1,
    max_size=30,
)


def unit_of(kind: Kind, number: int) -> Callable[[sqlite3.Connection], int]:
    def unit(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO remembered VALUES (?, 'first')", (f"{number} first",))
        if kind == "raises":
            raise LookupError(number)
        if kind == "breaks a rule":
            connection.execute("INSERT INTO remembered VALUES (?, 'again')", (f"{number} first",))
        if kind == "nests":
            connection.execute("SAVEPOINT inner")
            connection.execute("INSERT INTO remembered VALUES ('never', '')")
            connection.execute("ROLLBACK TO inner")
            connection.execute("RELEASE inner")
        if kind == "rogue":
            connection.execute("ROLLBACK")
            return number
        connection.execute("INSERT INTO remembered VALUES (?, 'last')", (f"{number} last",))
        return number

    return unit


async def call(database: Database, number: int, step: Step) -> str:
    """Carry out one step; return `written`, `not written` or `unknown`."""
    wait, kind, cancel_after = step
    for _ in range(wait):
        await asyncio.sleep(0)
    writing = asyncio.create_task(database.write(unit_of(kind, number)))
    if cancel_after is not None:
        for _ in range(cancel_after):
            await asyncio.sleep(0)
        writing.cancel()
    outcome = (await asyncio.gather(writing, return_exceptions=True))[0]
    if outcome == number:
        assert kind in {"good", "nests"}
        return "written"
    if isinstance(outcome, asyncio.CancelledError):
        return "unknown" if kind in {"good", "nests"} else "not written"
    expected = {"raises": LookupError, "breaks a rule": sqlite3.IntegrityError}
    assert isinstance(outcome, expected.get(kind, StorageError) | StorageError), outcome
    return "not written"


def clear(connection: sqlite3.Connection) -> set[str]:
    found = {name for (name,) in connection.execute("SELECT name FROM remembered")}
    connection.execute("DELETE FROM remembered")
    return found


@pytest.fixture
def runner_and_database(tmp_path: Path) -> Iterator[tuple[asyncio.Runner, Database]]:
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(tmp_path / "jury.db"))
        yield runner, database
        runner.run(database.close())


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # cleared by each example
)
@given(steps=STEPS)
def test_the_table_holds_what_was_acknowledged_and_no_half_unit(
    runner_and_database: tuple[asyncio.Runner, Database], steps: list[Step]
) -> None:
    runner, database = runner_and_database

    async def play() -> tuple[list[str], set[str]]:
        outcomes = await asyncio.gather(
            *(call(database, number, step) for number, step in enumerate(steps))
        )
        return outcomes, await database.write(clear)

    outcomes, found = runner.run(play())
    for number, outcome in enumerate(outcomes):
        rows = found & {f"{number} first", f"{number} last"}
        if outcome != "unknown":
            assert len(rows) == (2 if outcome == "written" else 0)
        assert len(rows) in {0, 2}
    assert "never" not in found
