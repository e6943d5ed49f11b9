"""Hugging Face's layouts as an enemy makes them: a clear error or a reason, and nothing lost."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.datasets.imports.archives import Archives
from bot.datasets.imports.hf.pictures import Reading
from bot.datasets.imports.hf.zips import Zips
from bot.datasets.imports.tables.columns import Columns
from bot.datasets.imports.tables.files import LONGEST_LINE, MOST_FIELDS
from bot.errors import ImportRefusedError, SourceUnavailableError
from storage.database import Database
from storage.errors import DatabaseBusyError
from storage.leases import Lease
from tests.datasets.imports.hf import bring_hf, cells, picture, write_packed, write_shard
from tests.datasets.imports.importing import (
    data_set_names,
    left_out,
    names_of,
    stored,
    write_files,
)
from tests.datasets.imports.test_damaged_files import DAMAGE, ENDLESSLY, Damage, damaged
from tests.images.pictures import encoded, noise, png_claiming


async def refused(database: Database, folder: Path, columns: Columns | None = None) -> str:
    """The one line that is said where nothing can be imported."""
    with pytest.raises(ImportRefusedError) as refusal:
        await bring_hf(database, folder, columns=columns)
    assert await data_set_names(database) == []
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (Columns(prompt="nothing"), "x.parquet has no column nothing; it has count, kind, words"),
        (Columns(image="words"), "x.parquet: the column words has string, not bytes"),
        (Columns(image="nothing"), "x.parquet has no column nothing; it has"),
        (Columns(parameters=("kind",)), "x.parquet: the column kind has list<"),
        (Columns(key="image"), "x.parquet has no column image; it has count"),
    ],
)
async def test_a_wrong_column_is_named(
    database: Database, tmp_path: Path, columns: Columns, said: str
) -> None:
    table = {
        "image": cells(picture(1)),
        "words": ["a"],
        "count": [1],
        "kind": pa.array([[1]], pa.list_(pa.int32())),
    }
    write_shard(tmp_path / "in/x.parquet", table)
    assert said in await refused(database, tmp_path / "in", columns)


async def test_pictures_in_several_columns_must_be_chosen(
    database: Database, tmp_path: Path
) -> None:
    write_shard(
        tmp_path / "in/x.parquet", {"before": cells(picture(1)), "after": cells(picture(2))}
    )
    said = await refused(database, tmp_path / "in")
    assert "choose one of after, before with --image-column" in said
    assert (await bring_hf(database, tmp_path / "in", columns=Columns(image="after"))).added == 1


async def test_paths_of_pictures_in_several_columns_must_be_chosen(
    database: Database, tmp_path: Path
) -> None:
    table = b"old_file_name,new_file_name\na.png,b.png\n"
    files = {"a.png": picture(1), "b.png": picture(2), "metadata.csv": table}
    write_files(tmp_path / "in", files)
    said = await refused(database, tmp_path / "in")
    assert said.startswith("metadata.csv has pictures in several columns")
    assert "choose one of new_file_name, old_file_name with --image-column" in said
    columns = Columns(image="new_file_name")
    assert (await bring_hf(database, tmp_path / "in", columns=columns)).added == 1
    assert list(stored(database, "member")) == ["b"]


async def test_a_folder_with_nothing_but_tables_of_words_is_refused(
    database: Database, tmp_path: Path
) -> None:
    write_files(tmp_path / "in", {"README.md": b"words"})
    write_shard(tmp_path / "in/b.parquet", {"words": ["x"]})
    assert "b.parquet has no column with pictures; it has words" in await refused(
        database, tmp_path / "in"
    )


@pytest.mark.parametrize(
    "name",
    ["x.zip", "deep/X.ZIP", "x.parquet", "metadata.csv", "metadata.jsonl", "a/metadata.parquet"],
)
@pytest.mark.parametrize("kind", ["pipe", "link out", "link to nowhere"])
async def test_what_is_no_file_of_the_folder_is_refused(
    database: Database, tmp_path: Path, name: str, kind: str
) -> None:
    """Nobody ever writes into the pipe; behind the link lies what would be read."""
    folder = write_files(tmp_path / "in", {"a.png": picture(1)})
    (folder / name).parent.mkdir(exist_ok=True)
    outside = tmp_path / f"outside{Path(name).suffix.lower()}"
    if kind == "pipe":
        os.mkfifo(folder / name)
    else:
        (folder / name).symlink_to(outside)
    if kind == "link out":
        write_packed(outside, {"b.png": picture(2)})
        if outside.suffix == ".parquet":
            write_shard(outside, {"image": cells(picture(2)), "file_name": ["a.png"]})
        elif outside.suffix != ".zip":
            row = {".csv": b"file_name\na.png\n", ".jsonl": b'{"file_name": "a.png"}\n'}
            outside.write_bytes(row[outside.suffix])
    said = await refused(database, folder)
    assert said.startswith(f"{name} cannot be read: ")
    assert said.endswith(
        {
            "pipe": "it is not a plain file",
            "link out": "the name or link leads out of its folder or archive",
            "link to nowhere": "No such file or directory",
        }[kind]
    )


async def test_a_link_inside_of_the_folder_is_followed(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_packed(folder / ".kept/blob", {"b.png": picture(2)})
    (folder / "x.zip").symlink_to(".kept/blob")
    assert (await bring_hf(database, folder)).added == 1


@pytest.mark.parametrize("beside", ["shard", "table", "picture"])
async def test_a_table_of_words_beside_pictures_is_left_out(
    database: Database, tmp_path: Path, beside: str
) -> None:
    write_shard(tmp_path / "in/a.parquet", {"words": ["x"]})
    if beside == "shard":
        write_shard(tmp_path / "in/b.parquet", {"image": cells(picture(1))})
    else:
        write_files(tmp_path / "in", {"b.png": picture(1)})
    if beside == "table":
        write_files(tmp_path / "in", {"metadata.csv": b"file_name\nb.png\n"})
    summary = await bring_hf(database, tmp_path / "in")
    assert (summary.added, left_out(summary)) == (1, {"no_pictures": 1})
    assert names_of(summary, "no_pictures") == ("a.parquet",)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("metadata.csv", b"name,text\na.png,x\n", "metadata.csv has no column file_name"),
        ("metadata.csv", b"", "metadata.csv has no column file_name"),
        ("metadata.csv", b"\xff\xfe\x00", "metadata.csv is not UTF-8"),
        ("metadata.jsonl", b"not json\n", "metadata.jsonl has no column file_name"),
        ("metadata.jsonl", b"[1, 2]\n", "metadata.jsonl has no column file_name"),
        ("metadata.jsonl", b'{"text": "x"}\n', "metadata.jsonl has no column file_name"),
        ("metadata.parquet", b"PAR1 and no more", "metadata.parquet cannot be read as parquet"),
        ("x.parquet", b"", "x.parquet cannot be read as parquet"),
    ],
)
async def test_a_table_that_is_none_is_refused(
    database: Database, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    write_files(tmp_path / "in", {"a.png": picture(1), name: content})
    assert said in await refused(database, tmp_path / "in")


async def test_rows_that_cannot_be_used_are_named_with_file_row_and_column(
    database: Database, tmp_path: Path
) -> None:
    lines = [
        '{"file_name": "a.png", "text": "fine", "ok": true}',
        '{"file_name": "../outside.png"}',
        '{"file_name": "/etc/passwd"}',
        '{"file_name": "C:\\\\x.png"}',
        '{"file_name": 7}',
        '{"text": "no name"}',
        "not json",
        '{"file_name": "b.png", "text": 7}',
        '{"file_name": "b.png", "ok": "perhaps"}',
        '{"file_name": "missing.png"}',
        '{"file_name": "in\\u202evisible.png"}',
        '{"file_name": "' + "x" * 5000 + '.png"}',
        "",
        "[" * 100_000,
    ]
    folder = write_files(
        tmp_path / "in",
        {"a.png": picture(1), "b.png": picture(2), "metadata.jsonl": "\n".join(lines)},
    )
    write_files(tmp_path, {"outside.png": picture(3)})
    summary = await bring_hf(database, folder, columns=Columns(safe="ok"))
    assert left_out(summary) == {
        "outside": 3,
        "wrong_value": 4,
        "wrong_row": 2,
        "missing": 2,
        "unprintable_name": 1,
    }
    assert set(names_of(summary, "wrong_value")) == {
        "metadata.jsonl, row 5, column file_name is empty",
        "metadata.jsonl, row 6, column file_name is empty",
        "metadata.jsonl, row 8, column text is not text",
        "metadata.jsonl, row 9, column ok is neither true nor false",
    }
    assert names_of(summary, "wrong_row") == (
        "metadata.jsonl, row 7",
        "metadata.jsonl, row 14",
    )
    assert stored(database, "prompt, safe") == {"a": ("fine", 1)}


async def test_links_out_of_the_folder_are_not_followed(database: Database, tmp_path: Path) -> None:
    write_files(tmp_path, {"secret/x.png": picture(1)})
    folder = write_files(tmp_path / "in", {"metadata.csv": "file_name\na.png\nb/x.png\n"})
    (folder / "a.png").symlink_to(tmp_path / "secret/x.png")
    (folder / "b").symlink_to(tmp_path / "secret")
    assert left_out(await bring_hf(database, folder)) == {"outside": 2}


async def test_rows_of_csv_with_too_few_or_too_many_fields_are_left_out(
    database: Database, tmp_path: Path
) -> None:
    text = 'file_name,text\na.png,"one, two"\nb.png\nb.png,x,y\n\nb.png,=1+1\n'
    folder = write_files(
        tmp_path / "in", {"a.png": picture(1), "b.png": picture(2), "metadata.csv": text}
    )
    summary = await bring_hf(database, folder)
    assert left_out(summary) == {"wrong_row": 2}
    assert stored(database, "prompt") == {"a": ("one, two",), "b": ("=1+1",)}


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('b.png,"open', "metadata.csv cannot be read after line 2,002"),
        ("b.png," + "x" * 2_000_000, "metadata.csv cannot be read after line 2,002"),
    ],
)
async def test_what_comes_before_a_damaged_line_is_imported(
    database: Database, tmp_path: Path, rest: str, said: str
) -> None:
    # The reader decodes some thousand characters at once.
    text = "file_name,text\na.png,one\n" + "missing.png,x\n" * 2000 + rest
    folder = write_files(
        tmp_path / "in",
        {"a.png": picture(1), "metadata.csv": text.encode(errors="surrogateescape")},
    )
    with pytest.raises(ImportRefusedError) as refusal:
        await bring_hf(database, folder)
    assert said in str(refusal.value)
    assert stored(database, "prompt") == {"a": ("one",)}


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_rows_that_are_no_utf8_are_left_out_by_line(
    database: Database, tmp_path: Path, kind: str
) -> None:
    """The line is that of an editor where the row begins, also after a text of several lines."""
    more = "\nmore" if kind == "csv" else ""
    texts = [f"one{more}", *["three"] * 400, f"J\udcf6rg{more}", "five"]
    if kind == "csv":
        lines = ["file_name,text", *(f'{n}.png,"{text}"' for n, text in enumerate(texts))]
    else:
        lines = [f'{{"file_name": "{n}.png", "text": "{text}"}}' for n, text in enumerate(texts)]
    data = "\n".join(lines).encode(errors="surrogateescape")
    files = {f"{n}.png": picture(n) for n in (0, 399, 401, 402)}
    folder = write_files(tmp_path / "in", {**files, f"metadata.{kind}": data})
    summary = await bring_hf(database, folder)
    assert left_out(summary) == {"missing": 399, "not_utf8": 1}
    line = 404 if kind == "csv" else 402
    assert names_of(summary, "not_utf8") == (f"metadata.{kind}, line {line}",)
    assert list(stored(database, "id")) == ["0", "399", "402"]
    (folder / f"metadata.{kind}").write_bytes(data.replace(b"\xf6", "ö".encode()))
    assert left_out(await bring_hf(database, folder)) == {"missing": 399}
    assert stored(database, "prompt")["401"] == (f"Jörg{more}",)


async def test_a_line_without_an_end_is_refused(database: Database, tmp_path: Path) -> None:
    text = '{"file_name": "a.png"}\n{"file_name": "' + "x" * LONGEST_LINE
    folder = write_files(tmp_path / "in", {"a.png": picture(1), "metadata.jsonl": text})
    with pytest.raises(ImportRefusedError, match="line 2 is too long"):
        await bring_hf(database, folder)
    assert list(stored(database, "id")) == ["a"]


@pytest.mark.parametrize("a_line", [1, 100, MOST_FIELDS])
async def test_lines_of_too_many_different_fields_are_refused(
    database: Database, tmp_path: Path, a_line: int
) -> None:
    fields = [f"c{number:05}" for number in range(MOST_FIELDS - 1)]
    rows = [dict.fromkeys(fields[at : at + a_line], "x") for at in range(0, len(fields), a_line)]
    rows.append({"file_name": "a.png"})
    text = "\n".join(map(json.dumps, rows))
    folder = write_files(tmp_path / "in", {"a.png": picture(1)})
    table = folder / "metadata.jsonl"
    table.write_text(f'{text}\n{{"one_more": 1}}\n')
    assert await refused(database, folder) == "metadata.jsonl has more than 10,000 different fields"
    table.write_text(f'{text}\n{{"c00000": 1}}\n')
    await bring_hf(database, folder)
    assert list(stored(database, "id")) == ["a"]


async def test_ten_thousand_columns_do_no_harm(database: Database, tmp_path: Path) -> None:
    many = {f"c{number:05}": [number] for number in range(10_000)}
    shard = write_shard(
        tmp_path / "in/x.parquet", {**many, "image": cells(picture(1)), "text": ["fine"]}
    )
    assert "and 9,981 more" in await refused(database, shard.parent, Columns(prompt="nothing"))
    summary = await bring_hf(database, shard.parent, columns=Columns(parameters=("c00007",)))
    assert summary.added == 1
    assert stored(database, "prompt, parameters") == {"0": ("fine", '{"c00007": 7}')}


async def test_pictures_of_any_announced_size_are_left_out(
    database: Database, tmp_path: Path
) -> None:
    pictures = [
        png_claiming(60_000, 60_000),
        b"",
        b"no picture",
        encoded(noise(300, 300))[:5000],
        picture(1),
    ]
    write_shard(tmp_path / "in/x.parquet", {"image": cells(*pictures)})
    summary = await bring_hf(database, tmp_path / "in")
    assert left_out(summary) == {"too_many_pixels": 1, "not_a_picture": 2, "broken": 1}
    assert len(list((tmp_path / "originals").rglob("*.*"))) == 1


async def test_a_group_of_rows_that_unpacks_to_fill_the_memory_is_refused(
    database: Database, tmp_path: Path
) -> None:
    # 320 MiB of nothing in a file of some KiB.
    column = pa.array([bytes(2**26)] * 5, pa.binary())
    write_shard(
        tmp_path / "in/x.parquet", {"image": column}, compression="zstd", use_dictionary=False
    )
    assert (tmp_path / "in/x.parquet").stat().st_size < 2**17
    said = await refused(database, tmp_path / "in")
    assert "x.parquet: row group 1 unpacks to 320 MiB of pictures in 5 rows" in said


async def test_what_comes_before_damage_in_a_shard_is_imported(
    database: Database, tmp_path: Path
) -> None:
    path = write_shard(
        tmp_path / "in/x.parquet",
        {"image": cells(*(picture(n) for n in range(4)))},
        row_group_size=2,
        compression="zstd",
    )
    start = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + 300] = b"\xff" * 300
    path.write_bytes(data)
    with pytest.raises(ImportRefusedError, match=r"x\.parquet is damaged after row 2"):
        await bring_hf(database, tmp_path / "in")
    assert sorted(stored(database, "id")) == ["0", "1"]


async def test_a_second_import_at_the_same_time_is_refused(
    database: Database, tmp_path: Path
) -> None:
    write_shard(tmp_path / "in/x.parquet", {"image": cells(picture(1))})
    async with Lease(database, "import hf", SystemClock()):
        with pytest.raises(DatabaseBusyError, match="another `jury import hf`"):
            await bring_hf(database, tmp_path / "in")
    assert (await bring_hf(database, tmp_path / "in")).added == 1


async def test_nothing_is_stored_where_pictures_cannot_be_kept(
    database: Database, tmp_path: Path
) -> None:
    write_shard(tmp_path / "in/x.parquet", {"image": cells(picture(1))})
    (tmp_path / "originals").write_bytes(b"a file of that name")
    with pytest.raises(SourceUnavailableError, match="originals cannot be written"):
        await bring_hf(database, tmp_path / "in")
    assert stored(database, "id") == {}


@ENDLESSLY
@given(DAMAGE, st.sampled_from([0, 0, 0, 1, 9, 300]))
def test_damaged_shards_are_read_or_refused(tmp_path: Path, damage: Damage, cut: int) -> None:
    whole = tmp_path / "whole.bin"
    if not whole.exists():
        made = write_shard(
            tmp_path / "x.parquet",
            {"image": cells(*(picture(n) for n in range(9))), "text": ["x"] * 9},
        )
        whole.write_bytes(made.read_bytes())
    (tmp_path / "x.parquet").write_bytes(damaged(whole.read_bytes(), damage, cut))
    zips = Zips(tmp_path, {}, Archives())
    reading = Reading(tmp_path, tmp_path / "kept", Columns(), safe=None, zips=zips)
    with contextlib.suppress(ImportRefusedError):
        reading.check_shard("x.parquet")
        assert len(list(reading.of_shard("x.parquet"))) <= 9
