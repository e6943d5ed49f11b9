"""ImageRewardDB as it is published: sets of pictures in archives or folders, and hostile ones."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from sqlite3 import Connection

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.datasets.imports.archives import MOST_OPEN, Archives
from bot.errors import ImportRefusedError
from bot.images.originals import read_original
from storage import images, sets, sources
from storage.database import Database
from tests.datasets.imports.hf import picture
from tests.datasets.imports.imagerewarddb import (
    TYPES,
    bring_imagerewarddb,
    key,
    row,
    write_part,
    write_table,
)
from tests.datasets.imports.importing import (
    data_set_names,
    left_out,
    names_of,
    stored,
    write_files,
)
from tests.images.pictures import png_claiming


async def sets_of(database: Database) -> dict[str, list[str]]:
    """The keys of the images of each set."""

    def find(connection: Connection) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        number = 1
        while (each := sets.by_id(connection, number)) is not None:
            ids = sets.image_ids(connection, number)
            known = [image for at in ids if (image := images.by_id(connection, at))]
            assert {image.prompt for image in known} == {each.prompt}
            found[each.key] = [image.key for image in known]
            number += 1
        return found

    return await database.read(find)


async def test_parts_become_images_in_their_sets(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_table(folder, [row(n) for n in range(8)])
    write_table(folder, [row(n, "test/test_1") for n in range(8, 12)], "test")
    write_part(folder, "train/train_1", range(8))
    write_part(folder, "test/test_1", range(8, 12))
    summary = await bring_imagerewarddb(database, folder, safe=True)
    assert (summary.read, summary.added, summary.safe) == (12, 12, 12)
    assert (summary.left_out, summary.notes) == ((), ())
    assert await sets_of(database) == {
        f"{number:06}-0061": [key(4 * number + n) for n in range(4)] for number in range(3)
    }
    found = stored(database, "prompt, parameters, width, member")
    assert found[key(5)] == ("prompt 1", '{"classification": "People"}', 40, f"{key(5)}.webp")

    def find(connection: Connection) -> bytes:
        image = images.by_key(connection, 1, key(9))
        assert image is not None
        source = sources.by_id(connection, image.source_id)
        assert source is not None
        assert source.kind == "zip"
        return read_original(source, image.member)

    assert await database.read(find) == picture(9, "WEBP")
    again = await bring_imagerewarddb(database, folder)
    assert (again.added, again.already_there, again.now_unsafe) == (0, 12, 0)


@pytest.mark.parametrize("inner", ["", "train_1/"])
async def test_unpacked_parts_are_folders(database: Database, tmp_path: Path, inner: str) -> None:
    folder = tmp_path / "in"
    write_table(folder, [row(n) for n in range(4)])
    names = [f"images/train/train_1/{inner}{key(n)}.webp" for n in range(4)]
    write_files(folder, {name: picture(n, "WEBP") for n, name in enumerate(names)})
    assert (await bring_imagerewarddb(database, folder)).added == 4
    assert sorted(stored(database, "member").values()) == [(name,) for name in names]

    # Packed again, the same pictures are read from the archive.
    write_part(folder, "train/train_1", range(4))
    shutil.rmtree(folder / "images/train/train_1")
    moved = await bring_imagerewarddb(database, folder)
    assert (moved.added, moved.already_there) == (0, 4)
    assert stored(database, "member")[key(2)] == (f"{key(2)}.webp",)


async def test_parts_may_come_later(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    rows = [row(n, f"train/train_{1 + n // 4}") for n in range(8)]
    write_table(folder, rows)
    write_part(folder, "train/train_1", range(4))
    first = await bring_imagerewarddb(database, folder)
    assert (first.added, left_out(first)) == (4, {"part_absent": 4})
    write_part(folder, "train/train_2", range(4, 7))
    second = await bring_imagerewarddb(database, folder)
    assert (second.added, second.already_there, left_out(second)) == (3, 4, {"missing": 1})


async def refused(database: Database, folder: Path) -> str:
    with pytest.raises(ImportRefusedError) as refusal:
        await bring_imagerewarddb(database, folder)
    assert await data_set_names(database) == []
    return str(refusal.value)


@pytest.mark.parametrize("missing", ["image_path", "prompt_id", "prompt", "classification"])
async def test_a_missing_column_is_named(database: Database, tmp_path: Path, missing: str) -> None:
    types = {name: kind for name, kind in TYPES.items() if name != missing}
    write_table(tmp_path / "in", [row(1)], types=types)
    said = await refused(database, tmp_path / "in")
    assert f"metadata-train.parquet has no column {missing}; it has" in said


async def test_a_wrong_column_or_file_is_named(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    assert "has no metadata-train.parquet or" in await refused(database, folder)
    types = {**TYPES, "prompt": pa.list_(pa.string())}
    write_table(folder, [row(1, prompt=["x"])], types=types)
    said = await refused(database, folder)
    assert "metadata-train.parquet: the column prompt has list<" in said
    path = write_table(folder, [row(1)])
    path.write_bytes(path.read_bytes()[:-20])
    assert "metadata-train.parquet cannot be read as parquet" in await refused(database, folder)


async def test_ten_thousand_columns_do_no_harm(database: Database, tmp_path: Path) -> None:
    more = [f"c{n}" for n in range(10_000)]
    types = {**TYPES, **dict.fromkeys(more, pa.int8())}
    write_table(tmp_path / "in", [row(1) | dict.fromkeys(more, 1)], types=types)
    write_part(tmp_path / "in", "train/train_1", [1])
    assert (await bring_imagerewarddb(database, tmp_path / "in")).added == 1


async def test_rows_lead_nowhere_but_into_their_parts(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_files(tmp_path, {"secret/x.webp": picture(1), "x.webp": picture(2)})
    paths: list[str | None] = [
        "../secret/x.webp",
        "/etc/x.webp",
        "images/../../x.webp",
        "images\\x.webp",
        "images/link/x.webp",
        "images/train/train_1/link.webp",
        "images/train/train_1/absent.webp",
        "images/in\u202evisible/x.webp",
        "images/" + "x" * 5000 + "/x.webp",
        "x.webp",
        "",
        None,
    ]
    write_table(folder, [row(n, image_path=path) for n, path in enumerate(paths)])
    write_files(folder, {"images/train/train_1/x.webp": picture(3)})
    (folder / "images/link").symlink_to(tmp_path / "secret")
    (folder / "images/train/train_1/link.webp").symlink_to(tmp_path / "x.webp")
    summary = await bring_imagerewarddb(database, folder)
    assert left_out(summary) == {
        "outside": 6,
        "missing": 2,
        "unprintable_name": 1,
        "part_absent": 1,
        "wrong_value": 2,
    }
    assert names_of(summary, "wrong_value") == (
        "metadata-train.parquet, row 11, column image_path is no path",
        "metadata-train.parquet, row 12, column image_path is no path",
    )
    assert stored(database, "id") == {}


async def test_archives_made_by_an_enemy_do_no_harm(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    path = folder / "images/train/train_1.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"../{key(0)}.webp", picture(0))
        archive.writestr(f"/etc/{key(1)}.webp", picture(1))
        archive.writestr(f"{key(2)}.webp", bytes(100 * 2**20))
        archive.writestr(f"{key(3)}.webp", png_claiming(100_000, 100_000))
        archive.writestr(f"{key(4)}.webp", picture(4)[:200])
        archive.writestr(f"{key(5)}.webp", picture(5))
        archive.writestr(f"deep/{key(6)}.webp", picture(6))
        archive.writestr(f"other/{key(6)}.webp", picture(7))
    (folder / "images/train/train_2.zip").write_bytes(b"PK and no more")
    rows = [row(n) for n in range(7)] + [row(8, "train/train_2")]
    write_table(folder, rows)
    summary = await bring_imagerewarddb(database, folder)
    assert left_out(summary) == {
        "outside": 2,
        "too_many_bytes": 1,
        "too_many_pixels": 1,
        "broken": 1,
        "twice": 1,
        "part_broken": 1,
    }
    assert list(stored(database, "id")) == [key(5)]


async def test_rows_without_prompt_or_set_are_images_all_the_same(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    write_table(folder, [row(0, prompt=None), row(1, prompt_id=None), row(2, classification=None)])
    write_part(folder, "train/train_1", range(3))
    assert (await bring_imagerewarddb(database, folder)).added == 3
    assert stored(database, "prompt, set_id, parameters") == {
        key(0): (None, 1, '{"classification": "People"}'),
        key(1): ("prompt 0", None, '{"classification": "People"}'),
        key(2): ("prompt 0", 1, None),
    }


async def test_what_comes_before_damage_is_imported(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    path = write_table(folder, [row(n) for n in range(8)], row_group_size=4, compression="zstd")
    write_part(folder, "train/train_1", range(8))
    start = pq.ParquetFile(path).metadata.row_group(1).column(0).dictionary_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + 40] = b"\xff" * 40
    path.write_bytes(data)
    with pytest.raises(ImportRefusedError, match=r"metadata-train\.parquet is damaged after row 4"):
        await bring_imagerewarddb(database, folder)
    assert sorted(stored(database, "id")) == [key(n) for n in range(4)]


def test_more_archives_than_stay_open_are_read(tmp_path: Path) -> None:
    paths = [write_part(tmp_path, f"train/train_{n}", [n]) for n in range(MOST_OPEN + 3)]
    with Archives() as archives:
        for _ in range(2):
            for number, path in enumerate(paths):
                assert archives.read(path, f"{key(number)}.webp") == picture(number, "WEBP")
