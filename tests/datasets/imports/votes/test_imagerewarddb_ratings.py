"""ImageRewardDB's ratings become imported votes on scales of their own, as they are."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.datasets.imports.imagerewarddb.ratings import SCALES, RatingsFile, import_ratings
from bot.datasets.imports.imagerewarddb.summary import ImageRewardSummary
from bot.datasets.imports.summary import Progress, Tally, no_progress
from bot.datasets.imports.votes.summary import VotesSummary
from bot.errors import ImportRefusedError
from storage.database import Database
from storage.leases import Lease
from tests.datasets.imports.imagerewarddb import (
    TYPES,
    bring_imagerewarddb,
    key,
    row,
    write_part,
    write_table,
)
from tests.datasets.imports.importing import sink
from tests.datasets.imports.killing import kill_after
from tests.datasets.imports.test_damaged_files import DAMAGE, ENDLESSLY, Damage, damaged
from tests.datasets.imports.votes.bringing import KEY, query

KEPT = """
    SELECT c.name, m.key, v.rating FROM imported_votes v
    JOIN imported_images m ON m.id = v.image_id
    JOIN imported_collections c ON c.id = v.collection_id
    ORDER BY v.id
"""
COUNT = 6_000


async def bring_ratings(
    database: Database, folder: Path, *, progress: Progress = no_progress
) -> tuple[VotesSummary, ...]:
    return await import_ratings(sink(database, progress=progress), folder, keyed_hash=KEY)


def kept(database: Database) -> dict[str, dict[str, float]]:
    """The ratings of each collection by the image's key."""
    found: dict[str, dict[str, float]] = {}
    for collection, image, rating in query(database, KEPT):
        found.setdefault(collection, {})[image] = rating
    return found


async def test_every_rating_is_kept_as_it_is(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    paths = [
        write_table(folder, [row(n) for n in range(8)]),
        write_table(
            folder, [row(n, "validation/validation_1") for n in range(8, 12)], "validation"
        ),
    ]
    write_part(folder, "train/train_1", range(4))
    images = await bring_imagerewarddb(database, folder)
    ratings = await bring_ratings(database, folder)
    assert [(each.collection, each.read, each.added) for each in ratings] == [
        (f"imagerewarddb-{scale}", 12, 12) for scale in SCALES
    ]
    assert (ratings[0].images, ratings[0].images_here, ratings[0].raters) == (12, 4, 0)

    table = pd.concat([pd.read_parquet(path) for path in paths])
    keys = table["image_path"].str.extract(r"/([^/]+)\.webp$")[0]
    found = kept(database)
    for scale, (column, _) in SCALES.items():
        assert found[f"imagerewarddb-{scale}"] == dict(zip(keys, table[column], strict=True))
    assert query(database, "SELECT name, format, low, high FROM imported_collections") == [
        ("imagerewarddb-overall", "imagerewarddb", 1.0, 7.0),
        ("imagerewarddb-alignment", "imagerewarddb", 1.0, 7.0),
        ("imagerewarddb-fidelity", "imagerewarddb", 1.0, 7.0),
        ("imagerewarddb-rank", "imagerewarddb", 1.0, 9.0),
    ]
    # They are nobody's votes here.
    assert query(database, "SELECT count(*) FROM votes") == [(0,)]
    assert query(database, "SELECT DISTINCT complete_votes, stage FROM images") == [(0, "waiting")]

    again = await bring_ratings(database, folder)
    assert [(each.added, each.already_there) for each in again] == [(0, 12)] * 4

    said = ImageRewardSummary(images, ratings)
    assert "collection: imagerewarddb-rank" in said.lines()
    dictionary: Any = said.as_dict()
    assert (dictionary["added"], len(dictionary["ratings"])) == (4, 4)
    assert ImageRewardSummary(Tally("x").summary(), ()).as_dict()["ratings"] == []


async def test_values_that_cannot_be_ratings_are_named(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    rows = [
        row(0, overall_rating=0),
        row(1, overall_rating=8, rank=9),
        row(2, overall_rating=None),
        row(3, image_path=None),
        row(4, overall_rating=4.5),
        row(5, overall_rating=float("nan")),
    ]
    write_table(folder, rows, types={**TYPES, "overall_rating": pa.float32()})
    write_table(folder, [row(6, overall_rating=99)], "test")
    overall, *others = await bring_ratings(database, folder)
    assert (overall.read, overall.added) == (7, 1)
    assert kept(database)["imagerewarddb-overall"] == {key(4): 4.5}
    assert {str(each.reason): (each.count, each.names[-1]) for each in overall.left_out} == {
        "out_of_range": (3, "metadata-test.parquet, row 1, column overall_rating: 99"),
        "no_score": (2, "metadata-train.parquet, row 6, column overall_rating: nan"),
        "no_image_named": (1, "metadata-train.parquet, row 4, column image_path: nothing"),
    }
    assert [(each.read, each.added) for each in others] == [(7, 6)] * 3


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ({"rank": None}, "metadata-train.parquet has no column rank"),
        ({"rank": pa.string()}, "metadata-train.parquet: the column rank has string, not numbers"),
        ({"rank": pa.bool_()}, "metadata-train.parquet: the column rank has bool, not numbers"),
    ],
)
async def test_a_wrong_column_is_named(
    database: Database, tmp_path: Path, types: Mapping[str, Any], said: str
) -> None:
    kinds = {name: kind for name, kind in {**TYPES, **types}.items() if kind is not None}
    value = {pa.string(): "1", pa.bool_(): True}.get(types["rank"], 1)
    write_table(tmp_path / "in", [row(1, rank=value)], types=kinds)
    with pytest.raises(ImportRefusedError) as refusal:
        await bring_ratings(database, tmp_path / "in")
    assert said in str(refusal.value)


@pytest.mark.process
async def test_a_killed_import_of_ratings_is_finished_by_the_next(tmp_path: Path) -> None:
    write_table(tmp_path / "in", [row(n) for n in range(COUNT)], row_group_size=500)
    database = await Database.open(tmp_path / "jury.db")
    random = Random(3)
    seen = [0]
    async with Lease(database, "run", SystemClock()):
        for _ in range(3):
            kill_after(
                database.path,
                tmp_path / "in",
                bring_ratings,
                reports=random.randint(1, 8),
                seconds=random.random() * 0.1,
            )
            ((count,),) = query(database, "SELECT count(*) FROM imported_votes")
            seen.append(count)
    assert seen == sorted(seen)
    assert 0 < seen[-1] < 4 * COUNT
    ratings = await bring_ratings(database, tmp_path / "in")
    assert sum(each.already_there for each in ratings) == seen[-1]
    assert [len(each) for each in kept(database).values()] == [COUNT] * 4
    await database.close()


@ENDLESSLY
@given(DAMAGE, st.sampled_from([0, 0, 0, 1, 9, 300]))
def test_damaged_ratings_are_read_or_refused(tmp_path: Path, damage: Damage, cut: int) -> None:
    whole = tmp_path / "whole.bin"
    if not whole.exists():
        whole.write_bytes(write_table(tmp_path, [row(n) for n in range(20)]).read_bytes())
    path = tmp_path / "metadata-train.parquet"
    path.write_bytes(damaged(whole.read_bytes(), damage, cut))
    with (
        contextlib.suppress(ImportRefusedError),
        contextlib.closing(RatingsFile(path, "rank")) as file,
    ):
        for rows in file.batches(7):
            assert len(rows) <= 7
