"""Hugging Face's layouts: tables beside pictures, and pictures in parquet files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.tables.columns import Columns
from bot.errors import ImportRefusedError
from storage import sets
from storage.database import Database
from tests.datasets.imports.hf import bring_hf, bytes_of, cells, picture, write_shard
from tests.datasets.imports.importing import left_out, names_of, stored, write_files

ROWS: list[dict[str, Any]] = [
    {"file_name": "a.png", "text": 'a "cat"', "quality": 3, "ok": True, "nsfw": 0.02},
    {"file_name": "deep/b.png", "text": "two\nlines", "quality": 4, "ok": False, "nsfw": 0.5},
    {"file_name": "./c.png", "text": None, "quality": None, "ok": None, "nsfw": None},
]


def write_table(path: Path, kind: str, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    else:
        pa_table = pa.Table.from_pylist(rows).to_pandas()
        pa_table.to_csv(path, index=False)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
async def test_a_table_says_what_its_pictures_show(
    database: Database, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "in"
    files = {f"train/{name}": picture(n) for n, name in enumerate(["a.png", "deep/b.png", "c.png"])}
    write_files(folder, {**files, "train/unlisted.png": picture(9), ".cache/x.parquet": b""})
    write_table(folder / f"train/metadata.{kind}", kind, ROWS)
    columns = Columns(safe="ok", unsafe="nsfw", parameters=("quality",))
    summary = await bring_hf(database, folder, columns=columns)
    assert (summary.read, summary.added, summary.safe, summary.left_out) == (3, 3, 1, ())
    found = stored(database, "member, prompt, safe")
    assert found == {
        "a": ("train/a.png", 'a "cat"', 1),
        "b": ("train/deep/b.png", "two\nlines", 0),
        "c": ("train/c.png", None, 0),
    }
    kept = json.loads(stored(database, "parameters")["a"][0])
    assert float(kept["quality"]) == 3
    again = await bring_hf(database, folder, columns=columns)
    assert (again.added, again.already_there, again.now_safe, again.now_unsafe) == (0, 3, 0, 0)
    assert not (tmp_path / "originals").exists()


async def test_fields_that_only_later_lines_have_are_read(
    database: Database, tmp_path: Path
) -> None:
    rows = [{"file_name": "0.png"}, {"text": "of a cat", "file_name": "1.png"}]
    folder = write_files(tmp_path / "in", {f"{n}.png": picture(n) for n in range(2)})
    write_table(folder / "metadata.jsonl", "jsonl", rows)
    assert (await bring_hf(database, folder)).added == 2
    assert stored(database, "prompt") == {"0": (None,), "1": ("of a cat",)}


async def test_paths_are_read_from_another_column_that_is_called_so(
    database: Database, tmp_path: Path
) -> None:
    rows = [{"before_file_name": "0.png", "after_file_name": "1.png", "text": "of a cat"}]
    folder = write_files(tmp_path / "in", {f"{n}.png": picture(n) for n in range(2)})
    write_table(folder / "metadata.csv", "csv", rows)
    with pytest.raises(ImportRefusedError, match="choose one of after_file_name, before_file_name"):
        await bring_hf(database, folder)
    await bring_hf(database, folder, columns=Columns(image="after_file_name"))
    assert stored(database, "prompt") == {"1": ("of a cat",)}
    write_table(folder / "metadata.csv", "csv", [{"before_file_name": "0.png"}])
    await bring_hf(database, folder)
    assert stored(database, "prompt") == {"1": ("of a cat",), "0": (None,)}


async def test_a_folder_without_a_table_has_labels(database: Database, tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "in", {"cat/1.png": picture(1), "dog/1.png": picture(2), "3.png": picture(3)}
    )
    summary = await bring_hf(database, folder, safe=True)
    assert (summary.added, summary.safe) == (3, 3)
    assert stored(database, "parameters") == {
        "cat/1.png": ('{"label": "cat"}',),
        "dog/1.png": ('{"label": "dog"}',),
        "3": (None,),
    }


async def test_pictures_in_shards_become_files_of_our_own(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    kinds = ["PNG", "JPEG", "WEBP"]
    pictures = [picture(n, kind) for n, kind in enumerate(kinds)]
    write_shard(
        folder / "data/train-00000-of-00001.parquet",
        {"image": cells(*pictures), "prompt": ["one", "two", None], "set": [7, 7, None]},
    )
    summary = await bring_hf(database, folder, columns=Columns(set_="set"))
    assert (summary.read, summary.added, summary.safe, summary.notes) == (3, 3, 0, ())
    assert stored(database, "prompt, width, height") == {
        "0": ("one", 40, 30),
        "1": ("two", 40, 30),
        "2": (None, 40, 30),
    }
    assert [await bytes_of(database, key) for key in "012"] == pictures
    names = [path.suffix for path in (tmp_path / "originals").rglob("*.*")]
    assert sorted(names) == [".jpg", ".png", ".webp"]
    found = await database.read(lambda connection: sets.image_ids(connection, 1))
    assert len(found) == 2

    # The shard may go: the pictures are ours.
    (folder / "data/train-00000-of-00001.parquet").rename(tmp_path / "gone")
    assert await bytes_of(database, "0") == pictures[0]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
async def test_a_column_of_bytes_alone_will_do(
    database: Database, tmp_path: Path, kind: pa.DataType
) -> None:
    shard = write_shard(
        tmp_path / "in/x.parquet",
        {"jpg": pa.array([picture(1, "JPEG"), None, picture(2)], kind), "id": [11, 12, 13]},
    )
    summary = await bring_hf(database, shard.parent)
    assert (summary.read, summary.added) == (3, 2)
    assert left_out(summary) == {"no_picture": 1}
    assert names_of(summary, "no_picture") == ("x.parquet, row 2",)
    assert sorted(stored(database, "id")) == ["x.parquet/1", "x.parquet/3"]


async def test_keys_come_from_the_column_that_is_named(database: Database, tmp_path: Path) -> None:
    shard = write_shard(
        tmp_path / "in/x.parquet",
        {
            "image": cells(*(picture(n) for n in range(5))),
            "id": ["a", "b", "a", None, "x" * 300],
        },
    )
    summary = await bring_hf(database, shard.parent, columns=Columns(key="id"))
    assert (summary.read, summary.added) == (5, 2)
    assert left_out(summary) == {"key_taken": 1, "wrong_value": 2}
    assert names_of(summary, "key_taken") == ("x.parquet, row 3",)
    assert names_of(summary, "wrong_value")[0] == "x.parquet, row 4, column id is empty"
    again = await bring_hf(database, shard.parent, columns=Columns(key="id"))
    assert (again.added, again.already_there, again.left_out) == (0, 2, summary.left_out)


async def test_names_that_several_shards_have_are_told_apart_for_good(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    for number, split in enumerate(["test", "train"]):
        pictures = [picture(10 * number), picture(10 * number + 1), picture(99)]
        write_shard(folder / f"{split}.parquet", {"image": cells(*pictures)})
    for added, there in ((5, 1), (0, 6)):
        summary = await bring_hf(database, folder)
        assert (summary.added, summary.already_there) == (added, there)
        # The third is the same picture under the same name.
        assert sorted(stored(database, "id")) == [
            "0",
            "1",
            "2",
            "train.parquet/1",
            "train.parquet/2",
        ]
        assert await bytes_of(database, "train.parquet/2") == picture(11)


async def test_a_path_without_bytes_is_a_file_of_the_folder(
    database: Database, tmp_path: Path
) -> None:
    folder = write_files(tmp_path / "in", {"data/a.png": picture(1), "secret.png": picture(2)})
    write_shard(
        folder / "data/x.parquet",
        {
            "image": cells(
                None, None, None, None, names=["a.png", "../secret.png", "/etc/x.png", None]
            )
        },
    )
    summary = await bring_hf(database, folder)
    assert left_out(summary) == {"outside": 2, "no_picture": 1}
    assert stored(database, "member") == {"a": ("data/a.png",)}


async def test_skipped_near_duplicates_leave_no_file_behind(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    pictures = [picture(1), picture(1, "JPEG"), picture(2), picture(2, "WEBP"), picture(1)]
    write_shard(folder / "x.parquet", {"image": cells(*pictures)})
    for added in (2, 0):
        summary = await bring_hf(database, folder, near=NearDuplicates.SKIP)
        assert (summary.added, left_out(summary)) == (added, {"near_duplicate": 3})
        assert sorted(stored(database, "id")) == ["0", "2"]
        assert len(list((tmp_path / "originals").rglob("*.*"))) == 2
    counted = await bring_hf(database, folder)
    assert counted.added == 3


async def test_what_is_safe_may_change_with_the_column(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    columns = Columns(unsafe="p")
    for values, expected in (([0.1, 0.2], (1, 0)), ([1.0, 0.0], (0, 1)), ([None, 0.0], (0, 1))):
        write_shard(
            folder / "x.parquet",
            {"image": cells(picture(1), picture(2)), "p": pa.array(values, pa.float32())},
        )
        await bring_hf(database, folder, columns=columns)
        found = stored(database, "safe")
        # 0.1 is a little more in 32 bits.
        assert (found["0"][0], found["1"][0]) == expected or values == [0.1, 0.2]


async def test_lines_of_json_are_parsed_once_for_columns_and_once_for_rows(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.dumps({"file_name": "a.png", "text": f"row {number}"}) for number in range(50)]
    write_files(tmp_path / "in", {"a.png": picture(1), "metadata.jsonl": "\n".join(lines)})
    parsed: list[str | bytes] = []
    loads = json.loads

    def counted(text: str | bytes, *, parse_constant: Callable[[str], Any] | None = None) -> object:
        parsed.append(text.strip())
        return loads(text, parse_constant=parse_constant)

    monkeypatch.setattr(json, "loads", counted)
    assert (await bring_hf(database, tmp_path / "in")).read == len(lines)
    # Before anything is imported, the first row is read as the others will be.
    assert {line: parsed.count(line) for line in lines} == dict.fromkeys(lines, 2) | {lines[0]: 3}
