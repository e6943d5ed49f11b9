"""Files of votes as no publisher would make them: refused with a clear text, or rows left out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.imports.summary import Tally
from bot.datasets.imports.votes.checks import Checks
from bot.datasets.imports.votes.formats import HORDE
from bot.datasets.imports.votes.horde import HordeFile
from bot.datasets.imports.votes.sieve import Rules
from bot.errors import ImportRefusedError
from storage.database import Database
from storage.leases import Lease
from tests.datasets.imports.importing import data_set_names
from tests.datasets.imports.test_damaged_files import DAMAGE, ENDLESSLY, Damage, damaged
from tests.datasets.imports.votes.bringing import (
    TYPES,
    bring,
    kept,
    query,
    row,
    table,
    write,
)
from tests.rating.world import TurnedClock


def without(name: str) -> tuple[str, ...]:
    return tuple(each for each in TYPES if each != name)


@pytest.mark.parametrize("column", ["id", "rating", "created_at", "kudos", "trusted", "artifacts"])
async def test_a_file_without_a_column_is_refused(
    database: Database, tmp_path: Path, column: str
) -> None:
    path = write(tmp_path / "votes.parquet", [row(1)], columns=without(column))
    with pytest.raises(ImportRefusedError, match=f"votes.parquet has no column {column}"):
        await bring(database, path)
    assert await data_set_names(database) == []


@pytest.mark.parametrize(
    ("column", "kind", "value"),
    [
        ("id", pa.int64(), 5),
        ("id", pa.binary(), b"5"),
        ("id", pa.null(), None),
        ("rating", pa.string(), "five"),
        ("rating", pa.list_(pa.int64()), [5]),
        ("rating", pa.null(), None),
        ("created_at", pa.string(), "yesterday"),
        ("created_at", pa.date32(), datetime(2023, 1, 1)),  # noqa: DTZ001 - a day has no zone
        ("artifacts", pa.struct([("value", pa.int64())]), {"value": 1}),
        ("trusted", pa.string(), "yes"),
        ("user_id", pa.int64(), 5),
    ],
)
async def test_a_column_of_another_type_is_refused(
    database: Database,
    tmp_path: Path,
    column: str,
    kind: Any,  # noqa: ANN401 - pyarrow publishes no types
    value: object,
) -> None:
    path = write(tmp_path / "votes.parquet", [row(1, **{column: value})], **{column: kind})
    with pytest.raises(ImportRefusedError, match=f"votes.parquet: the column {column} has"):
        await bring(database, path)
    assert query(database, "SELECT count(*) FROM imported_collections") == [(0,)]


async def test_a_column_that_is_there_twice_is_refused(database: Database, tmp_path: Path) -> None:
    good = table([row(1)])
    path = tmp_path / "votes.parquet"
    pq.write_table(good.append_column("id", good["id"]), path)
    with pytest.raises(ImportRefusedError, match="no column id, or has it twice"):
        await bring(database, path)


async def test_a_column_of_nothing_is_like_none(database: Database, tmp_path: Path) -> None:
    names = ("user_id", "country", "artifacts", "kudos", "validated")
    rows = [row(n, **dict.fromkeys(names)) for n in range(3)]
    path = write(tmp_path / "votes.parquet", rows, **dict.fromkeys(names, pa.null()))
    assert (await bring(database, path)).added == 3
    assert kept(database)[list(names)].isna().all(axis=None)


NAN = float("nan")
WRONG: Sequence[tuple[Mapping[str, object], str, str, str]] = [  # a value, a reason, where, what
    ({"id": None}, "no_image_named", "id", "nothing"),
    ({"id": ""}, "no_image_named", "id", "''"),
    ({"id": "a\nb"}, "unprintable_name", "id", r"'a\nb'"),
    ({"id": "x" * 2000}, "wrong_value", "id", f"'{'x' * 40}'..."),
    ({"rating": None}, "no_score", "rating", "nothing"),
    ({"rating": 0}, "out_of_range", "rating", "0"),
    ({"rating": 11}, "out_of_range", "rating", "11"),
    ({"rating": -(2**63)}, "out_of_range", "rating", "-9223372036854775808"),
    ({"artifacts": 6.0}, "out_of_range", "artifacts", "6.0"),
    ({"artifacts": -0.5}, "out_of_range", "artifacts", "-0.5"),
    ({"artifacts": 2.5}, "out_of_range", "artifacts", "2.5"),
    ({"artifacts": float("inf")}, "out_of_range", "artifacts", "inf"),
    ({"created_at": None}, "wrong_value", "created_at", "nothing"),
    ({"user_id": "u" * 300}, "wrong_value", "user_id", f"'{'u' * 40}'..."),
    ({"country": "c" * 100}, "wrong_value", "country", f"'{'c' * 40}'..."),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong[2]}-{wrong[3][:10]}")
async def test_a_wrong_row_is_left_out_and_named(
    database: Database, tmp_path: Path, wrong: tuple[Mapping[str, object], str, str, str]
) -> None:
    values, reason, column, shown = wrong
    path = write(tmp_path / "votes.parquet", [row(1), row(2, **values), row(3)])
    summary = await bring(database, path)
    assert (summary.read, summary.added) == (3, 2)
    (noted,) = summary.left_out
    assert (noted.reason, noted.count) == (reason, 1)
    assert noted.names == (f"row 2, column {column}: {shown}",)


async def test_scores_in_floats_are_whole_or_left_out(database: Database, tmp_path: Path) -> None:
    rows = [row(1, rating=7.0), row(2, rating=NAN), row(3, rating=7.5), row(4, kudos=0.5)]
    path = write(tmp_path / "votes.parquet", rows, rating=pa.float64(), kudos=pa.float64())
    summary = await bring(database, path)
    assert {noted.reason: noted.names for noted in summary.left_out} == {
        "no_score": ("row 2, column rating: nan",),
        "out_of_range": ("row 3, column rating: 7.5",),
        "wrong_value": ("row 4, column kudos: 0.5",),
    }


async def test_numbers_at_the_ends_of_their_range_stay_exact(
    database: Database, tmp_path: Path
) -> None:
    rows = [row(1, kudos=2**63 - 1), row(2, kudos=0), row(3, kudos=2**64 - 1)]
    path = write(tmp_path / "votes.parquet", rows, kudos=pa.uint64())
    assert (await bring(database, path)).added == 2
    assert list(kept(database)["kudos"]) == [2**63 - 1, 0]


async def test_a_time_that_no_export_could_write_is_left_out(
    database: Database, tmp_path: Path
) -> None:
    rows = [row(1), row(2)]
    path = tmp_path / "votes.parquet"
    moments = pa.array([0, 2**62], pa.int64()).cast(pa.timestamp("us"))
    good = table(rows)
    at = good.schema.get_field_index("created_at")
    pq.write_table(good.set_column(at, "created_at", moments), path)
    (noted,) = (await bring(database, path)).left_out
    assert noted.names == ("row 2, column created_at: <value out of range: 4611686018427387904>",)


async def test_the_earliest_time_in_nanoseconds_has_no_whole_microsecond(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "votes.parquet"
    good = table([row(1), row(2)])
    moments = pa.array([-(2**63) + 1, (-(2**63) // 1000 + 1) * 1000], pa.int64())
    at = good.schema.get_field_index("created_at")
    pq.write_table(good.set_column(at, "created_at", moments.cast(pa.timestamp("ns"))), path)
    summary = await bring(database, path)
    assert (summary.added, [noted.count for noted in summary.left_out]) == (1, [1])


async def test_text_that_is_no_text_is_left_out(database: Database, tmp_path: Path) -> None:
    good = table([row(1), row(2)])
    for name in ("id", "user_id", "client_agent"):
        broken = pa.array([good[name][0].as_py().encode(), b"\xff\xfe"], pa.binary())
        raw = pa.StringArray.from_buffers(2, *broken.buffers()[1:])
        at = good.schema.get_field_index(name)
        path = tmp_path / f"{name}.parquet"
        pq.write_table(good.set_column(at, name, raw), path)
        summary = await bring(database, path, collection=name)
        assert summary.added == 1
        assert summary.left_out[0].names == (f"row 2, column {name}: text that is not UTF-8",)


async def test_ten_thousand_columns_are_no_trouble(database: Database, tmp_path: Path) -> None:
    good = table([row(1)])
    columns = {f"column {n}": [n] for n in range(10_000)}
    path = tmp_path / "votes.parquet"
    pq.write_table(pa.table({**columns, **{n: good[n] for n in good.column_names}}), path)
    assert (await bring(database, path)).added == 1


async def test_a_long_text_in_every_row_is_read_once(database: Database, tmp_path: Path) -> None:
    """A megabyte that 100,000 rows share takes a few bytes of a file, and 100 GB if unfolded."""
    count = 100_000
    shared = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(count, np.int32)), pa.array(["x" * 2**20])
    )
    one = table([row(1)])
    columns = {
        name: pa.repeat(one[name][0].as_py(), count).cast(TYPES[name]) for name in one.column_names
    }
    columns |= {"user_id": shared, "client_agent": shared}
    path = tmp_path / "votes.parquet"
    pq.write_table(pa.table(columns), path, store_schema=False)
    summary = await bring(database, path)
    assert (summary.added, summary.left_out[0].count) == (0, count)


@pytest.mark.parametrize("size", [0, 4, 100, 1000])
async def test_a_truncated_file_is_refused(database: Database, tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "votes.parquet", (row(n) for n in range(500)))
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ImportRefusedError, match=r"votes.parquet cannot be read as parquet"):
        await bring(database, path)


async def test_what_came_before_the_damage_is_kept(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "votes.parquet"
    whole = table(row(n) for n in range(20_000))
    pq.write_table(whole, path, row_group_size=5_000, compression="gzip")
    data = bytearray(path.read_bytes())
    begin = pq.read_metadata(path).row_group(3).column(0).data_page_offset
    data[begin : begin + 20] = b"\xff" * 20
    path.write_bytes(data)
    with pytest.raises(ImportRefusedError, match=r"votes.parquet is damaged after row 15,000"):
        await bring(database, path)
    assert query(database, "SELECT count(*) FROM imported_votes") == [(15_000,)]
    assert query(database, "SELECT finished_at FROM imported_files") == [(None,)]
    pq.write_table(whole, path)
    assert (await bring(database, path)).added == 5_000


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere.parquet", r"^there is no file /.*/nowhere\.parquet$"),
        (".", "is not a file$"),
        ("/dev/zero", "is not a file$"),
    ],
)
async def test_what_is_no_file_is_refused(
    database: Database, tmp_path: Path, name: str, said: str
) -> None:
    with pytest.raises(ImportRefusedError, match=said):
        await bring(database, tmp_path / name)


@pytest.mark.parametrize("name", ["", "../etc", "a b", "x" * 65])
async def test_names_of_collections_are_plain(
    database: Database, tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / "votes.parquet", [row(1)])
    with pytest.raises(ImportRefusedError, match="cannot name a collection"):
        await bring(database, path, collection=name)


async def test_a_bot_that_runs_gets_its_turn(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.datasets.imports.pace.PAUSE_SECONDS", 0.001)
    path = write(tmp_path / "votes.parquet", (row(n) for n in range(12_000)))
    async with Lease(database, "run", TurnedClock(datetime.fromisoformat("2030-01-01T00:00Z"))):
        assert (await bring(database, path)).added == 12_000
    pd.testing.assert_frame_equal(
        kept(database).astype({"validated": "bool"}), pd.read_parquet(path), check_dtype=False
    )


@ENDLESSLY
@given(DAMAGE, st.sampled_from([0, 0, 0, 1, 9, 300]))
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, damage: Damage, cut: int) -> None:
    whole, path = tmp_path / "whole.parquet", tmp_path / "votes.parquet"
    if not whole.exists():
        write(whole, (row(n) for n in range(50)))
    path.write_bytes(damaged(whole.read_bytes(), damage, cut))
    tally = Tally("mine")
    with contextlib.suppress(ImportRefusedError), contextlib.closing(HordeFile(path)) as file:
        rules = Rules(HORDE.low, HORDE.high, True, HORDE.required, (), file.called)  # noqa: FBT003 - whole
        checks = Checks(rules, tally)
        for rows in file.batches(20):
            votes = checks.check(rows)
            tally.added += len(votes)
            assert tally.read <= rows.first - 1 + len(rows)
