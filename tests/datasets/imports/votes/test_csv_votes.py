"""Votes in CSV: tables of studies, and what our own exports write."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.datasets.formulas import armed, disarmed
from bot.datasets.imports.votes.delimited import DelimitedFile
from bot.datasets.imports.votes.formats import HORDE, CsvColumns, csv_format
from bot.datasets.imports.votes.rows import IMAGE, RATER, RATING
from bot.errors import ImportRefusedError
from storage.database import Database
from storage.errors import DiskError
from tests.datasets.imports.votes.bringing import (
    TYPES,
    bring,
    kept,
    query,
    ratings,
    row,
    table,
    write,
)
from tests.storage.test_writer import files_end_at

PLAIN = csv_format(1, 10, CsvColumns())
HEADER = "rater,item,score"


def text(path: Path, *lines: str, end: str = "\r\n") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


async def test_a_table_of_raters_items_and_scores(database: Database, tmp_path: Path) -> None:
    path = text(tmp_path / "study.csv", HEADER, "ann,a,7", "bob,a,7.5", "ann,b,10", "ann,a,7")
    summary = await bring(database, path, PLAIN)
    assert (summary.read, summary.added, summary.raters, summary.images) == (4, 4, 2, 2)
    assert (await bring(database, path, PLAIN)).already_there == 4
    stored = ratings(database, "artifacts, created_at")
    assert stored == [
        ("ann", "a", 7.0, None, None),
        ("bob", "a", 7.5, None, None),
        ("ann", "a", 7.0, None, None),
        ("ann", "b", 10.0, None, None),
    ]


async def test_columns_have_any_name_and_order(database: Database, tmp_path: Path) -> None:
    path = text(
        tmp_path / "study.csv",
        "flaws,more,when,stars,picture,who",
        '3,"x, y",2024-02-29T12:00:00+02:00,-2,a,ann',
        ',"a\nb",2024-02-29 10:00:00,1.5,a,bob',
        "0,,,2,b,bob",
    )
    named = CsvColumns("who", "picture", "stars", "flaws", "when")
    summary = await bring(database, path, csv_format(-2, 2, named))
    assert summary.added == 3
    moment = 1_709_200_800_000_000
    assert query(
        database, "SELECT rating, artifacts, created_at FROM imported_votes ORDER BY id"
    ) == [(-2.0, 3.0, moment), (1.5, None, moment), (2.0, 0.0, None)]
    assert query(database, "SELECT format, low, high FROM imported_collections") == [
        ("csv", -2.0, 2.0)
    ]


async def test_flaws_and_times_are_read_where_they_are_called_so(
    database: Database, tmp_path: Path
) -> None:
    path = text(tmp_path / "study.csv", f"{HEADER},artifacts,created_at", "ann,a,7,5,2024-02-29")
    await bring(database, path, PLAIN)
    assert query(database, "SELECT artifacts, created_at > 0 FROM imported_votes") == [(5.0, 1)]


@pytest.mark.parametrize(
    ("header", "named", "column"),
    [
        ("rater,score", CsvColumns(), "item"),
        ("rater,item,item,score", CsvColumns(), "item"),
        (HEADER, CsvColumns(artifacts="flaws"), "flaws"),
        (HEADER, CsvColumns(created_at="when"), "when"),
        ("nothing", CsvColumns(), "rater"),
        ("rater;item;score", CsvColumns(), "rater"),
    ],
)
async def test_a_header_without_a_column_is_refused(
    database: Database, tmp_path: Path, header: str, named: CsvColumns, column: str
) -> None:
    path = text(tmp_path / "study.csv", header, "1,2,3")
    with pytest.raises(ImportRefusedError, match=f"study.csv has no column {column}, or has it tw"):
        await bring(database, path, csv_format(1, 10, named))


async def test_wrong_cells_leave_their_row_out(database: Database, tmp_path: Path) -> None:
    path = text(
        tmp_path / "study.csv",
        f"{HEADER},artifacts,created_at",
        "ann,a,7,,",
        ",a,7,,",
        "ann,,7,,",
        "ann,a,,,",
        "ann,a,seven,,",
        "ann,a,nan,,",
        "ann,a,1e999,,",
        "ann,a,0x7,,",
        "an\0n,a,7,,",
        "ann,a,10.01,,",
        "ann,a,7,6,",
        "ann,a,7,,2023-02-30",
        "ann,a,7,,0000",
        "ann,a, 7 ,+2.,",
    )
    summary = await bring(database, path, PLAIN)
    assert (summary.read, summary.added) == (14, 2)
    assert {str(noted.reason): noted.count for noted in summary.left_out} == {
        "no_rater_named": 1,
        "no_image_named": 1,
        "no_score": 1,
        "out_of_range": 3,
        "wrong_value": 6,
    }
    wrong = next(noted.names for noted in summary.left_out if noted.reason == "wrong_value")
    assert "row 6, column score: 'seven'" in wrong
    assert "row 13, column created_at: '2023-02-30'" in wrong


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('ann,"a,7', "row 3 cannot be read: unexpected end of data"),
        ('"a"b,a,7', "row 3 cannot be read: ',' expected after '\"'"),
        ("x" * 2_000_000 + ",a,7", "row 3 cannot be read: longer than 1,048,576 bytes"),
        (("y" * 100 + ',"\n",') * 20_000, "row 3 cannot be read: longer than 1,048,576 bytes"),
    ],
)
async def test_a_broken_row_is_named_and_what_is_before_it_kept(
    database: Database, tmp_path: Path, line: str, says: str
) -> None:
    path = text(tmp_path / "study.csv", HEADER, "ann,a,7", line, "bob,b,8")
    with pytest.raises(ImportRefusedError, match=f"study.csv: {says}") as refusal:
        await bring(database, path, PLAIN)
    (summary,) = refusal.value.__notes__
    assert "\nread: 1\nnew: 1\n" in summary
    assert query(database, "SELECT count(*) FROM imported_votes") == [(1,)]


async def test_rows_of_another_width_are_left_out_and_named(
    database: Database, tmp_path: Path
) -> None:
    lines = ("ann,a,7", "ann,a", "", "ann,a,7,8", "x" * 200_000 + ",a,7", "bob,b,8", "", "")
    summary = await bring(database, text(tmp_path / "study.csv", HEADER, *lines), PLAIN)
    assert (summary.read, summary.added) == (6, 2)
    found = {str(noted.reason): noted.names for noted in summary.left_out}
    assert found["wrong_row"] == (
        "row 3 has 2 columns instead of 3",
        "row 4 has 0 columns instead of 3",
        "row 5 has 4 columns instead of 3",
    )
    assert found.keys() == {"wrong_row", "wrong_value"}


async def test_a_long_field_that_nobody_reads_does_no_harm(
    database: Database, tmp_path: Path
) -> None:
    path = text(tmp_path / "study.csv", f"{HEADER},words", "ann,a,7," + "x" * 1_000_000)
    assert (await bring(database, path, PLAIN)).added == 1


async def test_rows_that_are_no_utf8_are_left_out_and_named(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "study.csv"
    path.write_bytes(
        b"\xef\xbb\xbfrater,item,score,unread\nann,a,7,\nb\xf6b,a,7,\nbob,a,\xff7,\n"
        b"eve,a,8,M\xc3\xbcnchen\nb\xf6b,a\njoe,a,9,\xfc\nmax,a,1,\n"
    )
    summary = await bring(database, path, PLAIN)
    assert (summary.read, summary.added) == (7, 3)
    (noted,) = summary.left_out
    assert (noted.reason, noted.count) == ("not_utf8", 4)
    assert noted.names == ("row 3", "row 4", "row 6", "row 7")
    path.write_bytes(b"rater,item,score,stra\xdfe\nann,a,7,\n")
    with pytest.raises(ImportRefusedError, match=r"study.csv is not UTF-8 in its header: save"):
        await bring(database, path, PLAIN)


async def test_a_full_disk_tells_what_is_kept(database: Database, tmp_path: Path) -> None:
    path = text(tmp_path / "study.csv", HEADER, *(f"ann,{n:0200d},7" for n in range(50_000)))
    with files_end_at(12_000_000), pytest.raises(DiskError) as ended:
        await bring(database, path, PLAIN)
    ((said,),) = query(database, "SELECT count(*) FROM imported_votes")
    assert 0 < said < 50_000
    assert f"new: {said:,}\n" in ended.value.__notes__[0]
    assert (await bring(database, path, PLAIN)).added == 50_000 - said


@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_line_ends_and_empty_lines_at_the_end(
    database: Database, tmp_path: Path, end: str
) -> None:
    path = text(tmp_path / "study.csv", HEADER, "ann,a,7", "", "", end=end)
    assert (await bring(database, path, PLAIN)).added == 1


async def test_a_collection_keeps_its_scale(database: Database, tmp_path: Path) -> None:
    path = text(tmp_path / "study.csv", HEADER, "ann,a,7")
    await bring(database, path, PLAIN)
    for other in (csv_format(1, 7, CsvColumns()), HORDE):
        later = path if other is not HORDE else write(tmp_path / "votes.parquet", [row(1)])
        with pytest.raises(ImportRefusedError, match="scores from 1 to 10; choose another name"):
            await bring(database, later, other)


async def test_an_export_in_csv_is_read_with_every_column(
    database: Database, tmp_path: Path
) -> None:
    rows = [row(n) for n in range(20)]
    path = tmp_path / "export.csv"
    whole = table(rows).to_pandas()
    whole["created_at"] = whole["created_at"].dt.strftime("%Y-%m-%d %H:%M:%S.%f")
    whole.to_csv(path, index=False)
    assert (await bring(database, path, HORDE)).added == 20
    from_csv = kept(database)
    assert list(from_csv.columns) == list(TYPES)
    # A vote is the same in either form.
    assert (await bring(database, write(tmp_path / "votes.parquet", rows))).already_there == 20


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00+14:00",
        "1677-09-21T00:12:43.145223",
        "2262-04-11T23:47:16.854776",
        "9999-12-31T23:59:59.999999-12:00",
    ],
)
async def test_a_time_that_no_export_could_write_is_left_out(
    database: Database, tmp_path: Path, moment: str
) -> None:
    ends = ("1677-09-21T00:12:43.145225", "2262-04-11T23:47:16.854775")
    lines = [f"ann,{n},7,{when}" for n, when in enumerate((*ends, moment))]
    path = text(tmp_path / "study.csv", f"{HEADER},created_at", *lines)
    summary = await bring(database, path, PLAIN)
    (noted,) = summary.left_out
    assert (summary.added, noted.reason) == (2, "wrong_value")
    assert noted.names == (f"row 4, column created_at: {moment!r}",)


BEGINNINGS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""Of a formula: OWASP, "CSV Injection"."""


@given(st.text(st.sampled_from(f"'{BEGINNINGS}ax"), max_size=6))
def test_formulas_are_disarmed_and_armed_again(value: str) -> None:
    assert armed(disarmed(value)) == value
    assert not disarmed(value).startswith(tuple(BEGINNINGS))


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_any_text_comes_back_from_our_own_csv(tmp_path: Path, cells: list[tuple[str, str]]) -> None:
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(["rater", "item", "score"])
    writer.writerows((disarmed(rater), disarmed(item), 7) for rater, item in cells)
    path = tmp_path / "own.csv"
    path.write_bytes(lines.getvalue().encode())
    called = {RATER: "rater", IMAGE: "item", RATING: "score"}
    read = [
        (rater, item)
        for rows in DelimitedFile(path, called, ()).batches(3)
        for rater, item in zip(
            rows.columns[RATER].to_pylist(), rows.columns[IMAGE].to_pylist(), strict=True
        )
    ]
    assert read == cells


async def test_names_in_csv_come_back_without_their_apostrophe(
    database: Database, tmp_path: Path
) -> None:
    path = text(tmp_path / "own.csv", HEADER, "'=ann,'@a,7", "''=bob,'a,-7", '"x""y\n",a,8')
    summary = await bring(database, path, PLAIN)
    assert query(database, "SELECT key FROM imported_raters ORDER BY id") == [("=ann",), ('x"y\n',)]
    (noted,) = summary.left_out
    assert (noted.reason, noted.names) == ("out_of_range", ("row 3, column score: '-7'",))
