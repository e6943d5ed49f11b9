"""Collections of imported votes are removed whole, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.datasets.imports.votes.formats import AVA
from bot.datasets.imports.votes.removing import remove_votes
from bot.errors import ImportRefusedError, UnknownDataSetError
from storage import imported_removal
from storage.database import Database
from storage.leases import Lease
from tests.datasets.imports.votes.bringing import bring, query, row, write

TABLES = (
    "imported_votes",
    "imported_histograms",
    "imported_raters",
    "imported_client_agents",
    "imported_images",
    "imported_files",
    "imported_collections",
)


def left(database: Database) -> dict[str, int]:
    return {
        table: query(database, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - named above
        for table in TABLES
    }


async def two_collections(database: Database, folder: Path) -> dict[str, int]:
    """Import one collection, look, and import another that shares some of the images."""
    await bring(database, write(folder / "one.parquet", (row(n) for n in range(30))))
    histogram = folder / "AVA.txt"
    histogram.write_text("1 image-0 0 1 5 17 38 36 15 6 5 1 1 22 1396\n")
    await bring(database, histogram, AVA, collection="ava")
    before = left(database)
    other = write(folder / "two.parquet", (row(n, user_id="x") for n in range(15, 60)))
    await bring(database, other, collection="two")
    return before


async def test_nothing_is_left_but_what_others_have(database: Database, tmp_path: Path) -> None:
    before = await two_collections(database, tmp_path)
    assert await remove_votes(database, "mine", "two", SystemClock()) == 45
    assert left(database) == before
    assert query(database, "SELECT action, subject, details FROM audit_log") == [
        ("data_set.remove_votes", "data_set:mine", '{"collection": "two"}')
    ]
    assert await remove_votes(database, "mine", "ava", SystemClock()) == 1
    assert await remove_votes(database, "mine", "theirs", SystemClock()) == 30
    assert left(database) == dict.fromkeys(TABLES, 0)


async def test_what_was_removed_can_be_imported_again(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", (row(n) for n in range(30)))
    await bring(database, path)
    await remove_votes(database, "mine", "theirs", SystemClock())
    assert (await bring(database, path)).added == 30


async def test_a_removal_goes_on_where_it_was_broken_off(
    database: Database, tmp_path: Path
) -> None:
    before = await two_collections(database, tmp_path)
    ((number,),) = query(database, "SELECT id FROM imported_collections WHERE name = 'two'")
    for table in imported_removal.VOTES:
        await database.write(
            lambda connection, table=table: imported_removal.remove_some(  # type: ignore[misc] # mypy on defaults
                connection, table=table, collection_id=number, after=0, most=20
            )
        )
    assert await remove_votes(database, "mine", "two", SystemClock()) == 25
    assert left(database) == before


async def test_a_bot_that_runs_gets_its_turn(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.datasets.imports.pace.PAUSE_SECONDS", 0.001)
    monkeypatch.setattr("bot.datasets.imports.pace.ROWS_BESIDE", 7)
    before = await two_collections(database, tmp_path)
    reports: list[int] = []
    async with Lease(database, "run", SystemClock()):
        await remove_votes(
            database, "mine", "two", SystemClock(), lambda done, _: reports.append(done)
        )
    assert reports[:7] == [7, 14, 21, 28, 35, 42, 45]
    assert left(database) == before


async def test_an_unknown_collection_is_named_with_those_that_there_are(
    database: Database, tmp_path: Path
) -> None:
    with pytest.raises(UnknownDataSetError):
        await remove_votes(database, "mine", "theirs", SystemClock())
    await two_collections(database, tmp_path)
    with pytest.raises(ImportRefusedError, match="no imported collection other; there is: ava, th"):
        await remove_votes(database, "mine", "other", SystemClock())
