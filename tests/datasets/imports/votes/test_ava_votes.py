"""Histograms of votes in AVA.txt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.datasets.imports.votes.formats import AVA, HORDE
from bot.errors import ImportRefusedError
from storage.database import Database
from tests.datasets.imports.votes.bringing import bring, query

FIRST = "1 953619 0 1 5 17 38 36 15 6 5 1 1 22 1396"
SECOND = "2 953958 10 7 15 26 26 21 10 8 1 2 15 21 1396"


def text(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


async def test_counts_are_kept_with_what_ava_tells_besides(
    database: Database, tmp_path: Path
) -> None:
    path = text(tmp_path / "AVA.txt", FIRST, SECOND)
    summary = await bring(database, path, AVA)
    assert (summary.read, summary.added, summary.images, summary.raters) == (2, 2, 2, 0)
    stored = query(
        database,
        "SELECT m.key, counts, number, first_tag, second_tag, challenge FROM imported_histograms h"
        " JOIN imported_images m ON m.id = image_id",
    )
    assert [(key, json.loads(counts), *rest) for key, counts, *rest in stored] == [
        ("953619", [0, 1, 5, 17, 38, 36, 15, 6, 5, 1], 1, 1, 22, 1396),
        ("953958", [10, 7, 15, 26, 26, 21, 10, 8, 1, 2], 2, 15, 21, 1396),
    ]
    assert query(database, "SELECT count(*) FROM imported_votes") == [(0,)]


async def test_the_same_again_brings_nothing_and_other_counts_are_told(
    database: Database, tmp_path: Path
) -> None:
    await bring(database, text(tmp_path / "AVA.txt", FIRST, SECOND), AVA)
    other = FIRST.replace("953619 0 1", "953619 1 1")
    path = text(tmp_path / "later.txt", other, SECOND, FIRST.replace("953619", "5"))
    summary = await bring(database, path, AVA)
    assert (summary.read, summary.added, summary.already_there) == (3, 1, 1)
    (noted,) = summary.left_out
    assert (noted.reason, noted.count, noted.names) == ("other_counts", 1, ("953619",))


@pytest.mark.parametrize(
    ("line", "reason", "says"),
    [
        (FIRST.replace("1 1 22", "x 1 22"), "wrong_value", "row 2, column count_10: 'x'"),
        (FIRST.replace(" 38 ", " -1 "), "wrong_value", "row 2, column count_5: '-1'"),
        (FIRST.replace(" 38 ", " 3.5 "), "wrong_value", "row 2, column count_5: '3.5'"),
        (FIRST.replace(" 38 ", f" {2**31} "), "wrong_value", "row 2, column count_5: '2147483648'"),
        (FIRST.replace(" 38 ", f" {10**30} "), "wrong_value", f"row 2, column count_5: '{10**30}'"),
        (
            FIRST.replace("953619", "\u200b9"),
            "unprintable_name",
            r"row 2, column image id: '\u200b9'",
        ),
        ("1 5 0 0 0 0 0 0 0 0 0 0 1 22 3", "no_score", "row 2, column image id: '5'"),
    ],
)
async def test_a_wrong_line_is_left_out(
    database: Database, tmp_path: Path, line: str, reason: str, says: str
) -> None:
    summary = await bring(database, text(tmp_path / "AVA.txt", SECOND, line), AVA)
    assert (summary.read, summary.added) == (2, 1)
    (noted,) = summary.left_out
    assert (noted.reason, noted.names) == (reason, (says,))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1 2 3", "row 2 has 3 columns instead of 15"),
        (f"{FIRST} 7", "row 2 has 16 columns instead of 15"),
        ("", "row 2 has 0 columns instead of 15"),
    ],
)
async def test_a_line_of_another_shape_is_left_out(
    database: Database, tmp_path: Path, line: str, says: str
) -> None:
    summary = await bring(database, text(tmp_path / "AVA.txt", FIRST, line, SECOND), AVA)
    assert (summary.read, summary.added) == (3, 2)
    (noted,) = summary.left_out
    assert (noted.reason, noted.names) == ("wrong_row", (says,))


async def test_what_is_no_histogram_at_all_is_refused(database: Database, tmp_path: Path) -> None:
    path = text(tmp_path / "AVA.txt", "rater,item,score", FIRST)
    with pytest.raises(ImportRefusedError, match=r"AVA.txt: row 1 has 1 columns instead of 15"):
        await bring(database, path, AVA)


async def test_a_line_without_an_end_is_refused_and_what_is_before_it_kept(
    database: Database, tmp_path: Path
) -> None:
    path = text(tmp_path / "AVA.txt", FIRST, "9" * 2**21, SECOND)
    with pytest.raises(ImportRefusedError, match=r"AVA.txt: row 2 cannot be read: longer than"):
        await bring(database, path, AVA)
    assert query(database, "SELECT count(*) FROM imported_histograms") == [(1,)]


async def test_votes_and_histograms_are_collections_of_their_own(
    database: Database, tmp_path: Path
) -> None:
    path = text(tmp_path / "AVA.txt", FIRST)
    await bring(database, path, AVA)
    with pytest.raises(ImportRefusedError, match="cannot be read as parquet"):
        await bring(database, path, HORDE)
