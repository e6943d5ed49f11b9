from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.imports.laion.tables import Row, Table
from bot.datasets.imports.laion.thresholds import Thresholds
from bot.errors import ImportRefusedError
from tests.datasets.imports.laion import (
    AESTHETICS_V1,
    AESTHETICS_V2,
    IMG2DATASET,
    RAW,
    write_links,
    write_table,
)
from tests.datasets.imports.test_damaged_files import DAMAGE, ENDLESSLY, Damage, damaged

LINK = "https://example.com/a.png"
NAN, INFINITE = float("nan"), float("inf")


def rows_of(path: Path, size: int = 1000) -> list[Row]:
    with contextlib.closing(Table(path)) as table:
        return [row for rows in table.batches(size) for row in rows]


@pytest.mark.parametrize(
    ("types", "parameters"),
    [
        (AESTHETICS_V1, {"language": "nolang", "similarity": 0.35, "hash": -(2**63),
                         "aesthetic": 7.5, "punsafe": 0.01, "pwatermark": 0.02}),
        (AESTHETICS_V2, {"similarity": 0.35, "hash": -(2**63), "aesthetic_score": 6.5,
                         "punsafe": 0.01, "pwatermark": 0.02}),
        (RAW, {"sample_id": 4, "license": "?", "similarity": 0.35, "nsfw": "UNLIKELY"}),
        (IMG2DATASET, {"hash": -(2**63), "punsafe": 0.01, "pwatermark": 0.02}),
    ],
    ids=["v1", "v2", "raw", "img2dataset"],
)  # fmt: skip
def test_each_family_of_columns(
    tmp_path: Path, types: Mapping[str, Any], parameters: dict[str, object]
) -> None:
    (row,) = rows_of(write_table(tmp_path / "a.parquet", [{"url": LINK}], types))
    assert (row.url, row.caption, row.place) == (LINK, "a caption", "a.parquet, row 1")
    told = json.loads(row.parameters())
    assert told.pop("url") == LINK
    assert told == pytest.approx(parameters)


def test_rows_are_counted_through_batches(tmp_path: Path) -> None:
    path = write_links(tmp_path / "a.parquet", [f"{LINK}?{number}" for number in range(120)])
    with contextlib.closing(Table(path)) as table:
        assert table.count == 120
        batches = list(table.batches(37))
    assert max(map(len, batches)) <= 37
    rows = [row for batch in batches for row in batch]
    assert [row.place for row in rows] == [f"a.parquet, row {n}" for n in range(1, 121)]
    assert [row.url for row in rows] == [f"{LINK}?{number}" for number in range(120)]


def test_nothing_is_nothing_whatever_it_is_called(tmp_path: Path) -> None:
    nothing = {
        "url": None, "TEXT": None, "similarity": None, "punsafe": NAN, "pwatermark": None,
        "AESTHETIC_SCORE": INFINITE, "hash": None,
    }  # fmt: skip
    blank = {"url": " \n", "TEXT": "  ", "similarity": NAN, "punsafe": 0.5}
    first, second = rows_of(write_table(tmp_path / "a.parquet", [nothing, blank]))
    assert (first.url, first.caption, first.punsafe, first.pwatermark) == (None,) * 4
    assert (second.url, second.caption) == (None, None)
    assert json.loads(first.parameters()) == {}
    assert second.punsafe == 0.5


def test_columns_of_nothing_but_nulls(tmp_path: Path) -> None:
    types = {**AESTHETICS_V2, "punsafe": pa.null()}
    with pytest.raises(ImportRefusedError, match=r"a.parquet: the column punsafe has null"):
        Table(write_table(tmp_path / "a.parquet", [{"url": LINK, "punsafe": None}], types))


def test_text_that_is_no_text(tmp_path: Path) -> None:
    broken = pa.array([b"caption \xff\xfe"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"URL": pa.array([LINK]), "TEXT": broken}), tmp_path / "a.parquet")
    (row,) = rows_of(tmp_path / "a.parquet")
    assert row.caption == "caption \ufffd\ufffd"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"TEXT": ["a"]}, "a.parquet has no column URL"),
        ({"URL": ["a"]}, "a.parquet has no column TEXT or caption"),
        ({"URL": ["a"], "url": ["b"], "TEXT": ["a"]}, "a.parquet has the column url twice"),
        ({"URL": [1], "TEXT": ["a"]}, "a.parquet: the column URL has int64, not text"),
        ({"URL": [["a"]], "TEXT": ["a"]}, "the column URL has list"),
        ({"URL": ["a"], "TEXT": [b"a"]}, "the column TEXT has binary, not text"),
        ({"URL": ["a"], "TEXT": ["a"], "punsafe": ["0.1"]},
         "a.parquet: the column punsafe has string, not numbers"),
        ({"URL": ["a"], "TEXT": ["a"], "pwatermark": [True]}, "pwatermark has bool"),
        ({"URL": ["a"], "TEXT": ["a"], "hash": [{"a": 1}]}, "the column hash has struct"),
    ],
)  # fmt: skip
def test_wrong_columns_are_named(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(ImportRefusedError, match=message):
        Table(tmp_path / "a.parquet")


def test_ten_thousand_columns(tmp_path: Path) -> None:
    columns: dict[str, Any] = {f"column{number}": pa.array([number]) for number in range(10_000)}
    columns |= {"URL": pa.array([LINK]), "TEXT": pa.array(["a"])}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    (row,) = rows_of(tmp_path / "a.parquet")
    assert (row.url, json.loads(row.parameters())) == (LINK, {"url": LINK})


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.parquet")
    with pytest.raises(ImportRefusedError, match=r"a\.parquet cannot be read.*not a plain file"):
        Table(tmp_path / "a.parquet")


@ENDLESSLY
@given(DAMAGE, st.sampled_from([0, 0, 0, 1, 9, 300]))
def test_a_damaged_table_is_read_or_refused(tmp_path: Path, damage: Damage, cut: int) -> None:
    whole, path = tmp_path / "whole.parquet", tmp_path / "a.parquet"
    if not whole.exists():
        write_links(whole, [f"{LINK}?{number}" for number in range(50)])
    path.write_bytes(damaged(whole.read_bytes(), damage, cut))
    with contextlib.suppress(ImportRefusedError):
        for row in rows_of(path, 20):
            json.loads(row.parameters())


NUMBERS = st.none() | st.floats(allow_nan=False)


@given(NUMBERS, NUMBERS, st.sampled_from([None, "UNLIKELY", "UNSURE", "NSFW", "?"]))
def test_only_what_is_known_to_be_safe_is_safe(
    punsafe: float | None, pwatermark: float | None, nsfw: str | None
) -> None:
    row = Row("a", LINK, None, punsafe, pwatermark, nsfw)
    if Thresholds().is_safe(row):
        assert punsafe is not None
        assert 0 <= punsafe <= 0.1
        assert nsfw in {None, "UNLIKELY"}
        assert Thresholds().refuse(row) in {None, "watermark"}


@pytest.mark.parametrize(
    ("punsafe", "pwatermark", "nsfw", "refused", "safe"),
    [
        (0.0, 0.0, None, None, True),
        (0.1, 0.8, None, None, True),
        (0.11, 0.8, None, None, False),
        (0.5, 0.81, None, "watermark", False),
        (0.51, 0.0, None, "unsafe", False),
        (INFINITE, 0.0, None, "unsafe", False),
        (-1.0, 0.0, None, None, False),
        (None, None, None, None, False),
        (None, 0.9, None, "watermark", False),
        (0.0, 0.0, "NSFW", "unsafe", False),
        (0.0, 0.0, "UNSURE", None, False),
        (0.0, 0.0, "UNLIKELY", None, True),
        (None, None, "UNLIKELY", None, False),
    ],
)
def test_thresholds(
    punsafe: float | None,
    pwatermark: float | None,
    nsfw: str | None,
    refused: str | None,
    safe: bool,  # noqa: FBT001 - a case of the table
) -> None:
    row = Row("a", LINK, None, punsafe, pwatermark, nsfw)
    assert Thresholds().refuse(row) == refused
    assert Thresholds().is_safe(row) == safe


def test_everything_may_be_taken() -> None:
    everything = Thresholds(unsafe=1.0, watermark=1.0, safe=1.0)
    row = Row("a", LINK, None, 1.0, 1.0, "NSFW")
    assert everything.refuse(row) is None
    assert not everything.is_safe(row)
