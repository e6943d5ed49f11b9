"""Votes in the published file of AI Horde Ratings, of every vintage."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from storage.database import Database
from tests.datasets.imports.importing import PICTURE, bring_folder, write_files
from tests.datasets.imports.votes.bringing import (
    EARLIER,
    KEY,
    TYPES,
    bring,
    kept,
    query,
    row,
    write,
)


def same(database: Database, path: Path) -> None:
    """Compare what is kept with the file, value by value."""
    frame = pd.read_parquet(path).sort_values("created_at", ignore_index=True)
    ours = kept(database).astype({"validated": "bool"})
    pd.testing.assert_frame_equal(ours, frame, check_dtype=False)


async def test_every_column_is_kept_exactly(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", (row(n) for n in range(100)))
    summary = await bring(database, path)
    assert (summary.read, summary.added, summary.already_there) == (100, 100, 0)
    assert (summary.images, summary.images_here, summary.raters) == (34, 0, 7)
    assert summary.left_out == ()
    same(database, path)


async def test_nothing_of_ours_knows_of_them(database: Database, tmp_path: Path) -> None:
    await bring(database, write(tmp_path / "votes.parquet", [row(1)]))
    for ours in ("votes", "raters", "images", "awards", "vote_history", "image_scores"):
        assert query(database, f"SELECT count(*) FROM {ours}") == [(0,)], ours  # noqa: S608 - ours


async def test_the_file_is_remembered(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", [row(1)])
    await bring(database, path)
    path = path.rename(tmp_path / "renamed.parquet")
    await bring(database, path)
    ((name, size, done),) = query(
        database, "SELECT name, length(sha256), finished_at >= imported_at FROM imported_files"
    )
    assert (name, size, done) == ("votes.parquet", 32, 1)


async def test_the_same_file_again_brings_nothing(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", (row(n) for n in range(100)))
    await bring(database, path)
    again = await bring(database, path)
    assert (again.read, again.added, again.already_there, again.completed) == (100, 0, 100, 0)
    same(database, path)


async def test_a_newer_file_brings_what_is_new(database: Database, tmp_path: Path) -> None:
    old = write(tmp_path / "old.parquet", (row(n) for n in range(60)))
    # Rows that are gone from the newer file stay, whatever else of a vote changes.
    new = write(tmp_path / "new.parquet", (row(n, kudos=7) for n in range(90, 30, -1)))
    await bring(database, old)
    summary = await bring(database, new)
    assert (summary.read, summary.added, summary.already_there) == (60, 31, 29)
    assert query(database, "SELECT count(*), count(DISTINCT file_id) FROM imported_votes") == [
        (91, 2)
    ]


VINTAGES = {
    11: EARLIER,
    13: tuple(name for name in TYPES if name != "validated"),
    14: tuple(TYPES),
}


@pytest.mark.parametrize("columns", VINTAGES)
async def test_earlier_files_lack_columns(database: Database, tmp_path: Path, columns: int) -> None:
    rows = [row(n) for n in range(50)]
    path = write(tmp_path / "votes.parquet", rows, columns=VINTAGES[columns])
    assert (await bring(database, path)).added == 50
    assert (await bring(database, path)).already_there == 50
    frame = kept(database)
    assert frame["user_id"].isna().all() == (columns < 13)
    assert frame["captchas_failed"].isna().all() == (columns < 13)
    assert frame["validated"].isna().all() == (columns < 14)


@pytest.mark.parametrize("order", [(11, 13, 14), (14, 13, 11), (11, 14), (13, 11, 14)])
async def test_a_vote_is_the_same_in_every_vintage(
    database: Database, tmp_path: Path, order: tuple[int, ...]
) -> None:
    rows = [row(n) for n in range(50)]
    # Two people who voted in the same moment.
    rows += [row(50, user_id="a" * 64), row(50, user_id="b" * 64)]
    added = []
    for columns in order:
        path = write(tmp_path / f"{columns}.parquet", rows, columns=VINTAGES[columns])
        added.append((await bring(database, path)).added)
    assert added == [52] + [0] * (len(order) - 1)
    whole = write(tmp_path / "whole.parquet", rows)
    same_rows = pd.read_parquet(whole).sort_values(["created_at", "user_id"], ignore_index=True)
    ours = kept(database).sort_values(["created_at", "user_id"], ignore_index=True)
    pd.testing.assert_frame_equal(ours.astype({"validated": "bool"}), same_rows, check_dtype=False)


async def test_what_an_earlier_file_lacked_is_counted(database: Database, tmp_path: Path) -> None:
    rows = [row(n) for n in range(10)]
    await bring(database, write(tmp_path / "13.parquet", rows, columns=VINTAGES[13]))
    newer = write(tmp_path / "14.parquet", [*rows, row(10)])
    summary = await bring(database, newer)
    assert (summary.added, summary.already_there, summary.completed) == (1, 10, 10)
    assert (await bring(database, newer)).completed == 0


async def test_equal_rows_are_as_many_as_in_the_file(database: Database, tmp_path: Path) -> None:
    rows = [row(1), row(2), row(1), row(1), row(2, rating=9)]
    path = write(tmp_path / "votes.parquet", rows)
    assert (await bring(database, path)).added == 5
    assert (await bring(database, path)).added == 0
    more = write(tmp_path / "more.parquet", [row(1)] * 5)
    assert (await bring(database, more)).added == 2


async def test_collections_are_kept_apart(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", [row(1), row(2)])
    await bring(database, path, collection="one")
    other = await bring(database, path, collection="two")
    assert (other.added, other.raters, other.images) == (2, 2, 1)
    elsewhere = await bring(database, path, collection="one", data_set="other")
    assert (elsewhere.added, elsewhere.images) == (2, 1)


async def test_a_rater_of_ours_is_known_by_our_own_pseudonym(
    database: Database, tmp_path: Path
) -> None:
    """A file that we exported must not bring back whom we erased, nor count anybody twice."""
    await database.write(
        lambda c: c.execute("INSERT INTO raters (number, first_seen_at) VALUES (7, 0)").rowcount
    )
    path = write(
        tmp_path / "votes.parquet", [row(1, user_id=KEY.digest("rater", 7)), row(2), row(3)]
    )
    summary = await bring(database, path)
    assert summary.added == 2
    ((reason, count, names),) = [(e.reason, e.count, e.names) for e in summary.left_out]
    assert (reason, count) == ("own_rater", 1)
    assert names[0].startswith("row 1, column user_id: ")


async def test_images_of_ours_are_counted_by_their_keys(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", (row(n) for n in range(9)))
    await bring(database, path)
    folder = write_files(tmp_path / "pictures", {"image-1.png": PICTURE, "other.png": PICTURE})
    await bring_folder(database, folder, name="mine")
    summary = await bring(database, path)
    assert (summary.images, summary.images_here) == (3, 1)
    assert "images with imported votes: 3 (1 of them here)" in summary.lines()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
async def test_times_of_any_unit_and_zone(database: Database, tmp_path: Path, unit: str) -> None:
    rows = [row(1, created_at=pd.Timestamp("2023-01-13 06:00:00", tz="Europe/Berlin"))]
    path = write(tmp_path / "votes.parquet", rows, created_at=pa.timestamp(unit, "UTC"))
    await bring(database, path)
    assert kept(database)["created_at"][0] == pd.Timestamp("2023-01-13 05:00:00")
