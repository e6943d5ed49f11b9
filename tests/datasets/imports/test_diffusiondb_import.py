from __future__ import annotations

import json
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.clock import SystemClock
from bot.datasets.imports import pace
from bot.datasets.imports.pace import Pace
from bot.errors import ImportRefusedError
from bot.images.store import ImageStore
from storage import images
from storage.database import Database
from storage.leases import Lease
from tests.datasets.imports.importing import (
    PICTURE,
    TYPES,
    bring_diffusiondb,
    data_set_names,
    left_out,
    names_of,
    row,
    stored,
    write_files,
    write_metadata,
    write_zip,
)

NAN = float("nan")


def small_set(folder: Path, parts: int = 2) -> Path:
    """The published layout of 2M: two pictures a part, archives below `images`."""
    folder.mkdir(exist_ok=True)
    rows = []
    for part in range(1, parts + 1):
        names = [f"{part}-{letter}.png" for letter in "ab"]
        rows += [row(name, part) for name in names]
        write_zip(folder / "images" / f"part-{part:06}.zip", names)
    write_metadata(folder / "metadata.parquet", rows)
    return folder


async def test_archives_are_imported_and_read_in_place(database: Database, tmp_path: Path) -> None:
    folder = small_set(tmp_path / "in")
    reports: list[tuple[int, int | None]] = []
    summary = await bring_diffusiondb(
        database, folder, progress=lambda done, total: reports.append((done, total))
    )
    assert (summary.data_set, summary.read, summary.added, summary.safe) == (
        "diffusiondb", 4, 4, 4,
    )  # fmt: skip
    assert (reports[-1], summary.left_out) == ((4, 4), ())
    query = "member, prompt, width, height, safe, stage, parameters, sha256"
    *values, parameters, sha256 = stored(database, query)["2-b"]
    assert values == ["2-b.png", "a picture called 2-b.png", 512, 640, 1, "waiting"]
    assert sha256 is None
    assert json.loads(parameters) == {
        "part_id": 2, "seed": 12345, "step": 50, "cfg": 7.5, "sampler": "k_lms",
    }  # fmt: skip
    await show(database, tmp_path, "2-b")
    assert not {name for name in files_below(tmp_path) if name.endswith(".png")}


def files_below(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


async def show(database: Database, tmp_path: Path, key: str) -> None:
    """Render an image as the bot would."""
    store = ImageStore(database, tmp_path / "media", cache_limit=2**24, upload_limit=10 * 2**20)
    image = await database.read(lambda connection: images.by_key(connection, 1, key))
    assert image is not None
    assert (await store.rendition(image)).width == 20
    await store.close()


@pytest.mark.parametrize(
    ("metadata", "part"),
    [
        ("metadata.parquet", "part-000001.zip"),
        ("metadata.parquet", "images/part-000001"),
        ("metadata.parquet", "part-000001"),
        ("metadata-large.parquet", "diffusiondb-large-part-1/part-000001.zip"),
        ("metadata-large.parquet", "diffusiondb-large-part-2/part-000001"),
    ],
)
async def test_each_published_layout(
    database: Database, tmp_path: Path, metadata: str, part: str
) -> None:
    folder = tmp_path / "in"
    if part.endswith(".zip"):
        write_zip(folder / part, ["a.webp"])
    else:
        write_files(folder, {f"{part}/a.webp": PICTURE, f"{part}/part-000001.json": "{}"})
    write_metadata(folder / metadata, [row("a.webp")])
    assert (await bring_diffusiondb(database, folder)).added == 1
    await show(database, tmp_path, "a")


async def test_both_published_sets_side_by_side(database: Database, tmp_path: Path) -> None:
    folder = small_set(tmp_path / "in", parts=1)
    write_zip(folder / "diffusiondb-large-part-1" / "part-000001.zip", ["large.webp"])
    write_metadata(folder / "metadata-large.parquet", [row("large.webp")])
    summary = await bring_diffusiondb(database, folder)
    assert (summary.added, summary.left_out) == (3, ())
    await show(database, tmp_path, "large")


async def test_what_is_not_known_to_be_safe_is_not(database: Database, tmp_path: Path) -> None:
    limit = 0.25  # exactly what a float of 4 bytes can hold
    cases = {
        "a": (0.0, 0.0, 1), "b": (limit, limit, 1), "c": (0.3, 0.0, 0), "d": (0.0, 0.3, 0),
        "e": (NAN, 0.0, 0), "f": (0.0, NAN, 0), "g": (None, 0.0, 0), "h": (0.0, None, 0),
        "i": (1.0, 1.0, 0), "j": (1.99, 0.0, 0),
    }  # fmt: skip
    blurred = {"k": (2.0, 0.0), "l": (2.0, NAN), "m": (float("inf"), 0.0)}
    folder = tmp_path / "in"
    write_zip(folder / "part-000001.zip", [f"{name}.png" for name in (*cases, *blurred)])
    rows = [
        row(f"{name}.png", image_nsfw=values[0], prompt_nsfw=values[1])
        for name, values in {**cases, **blurred}.items()
    ]
    write_metadata(folder / "metadata.parquet", rows)
    summary = await bring_diffusiondb(database, folder, limit=limit)
    assert left_out(summary) == {"blurred": 3}
    assert (summary.added, summary.safe) == (10, 2)
    assert stored(database, "safe") == {name: (values[2],) for name, values in cases.items()}


async def test_parts_may_be_added_later(database: Database, tmp_path: Path) -> None:
    folder = small_set(tmp_path / "in", parts=3)
    third = (folder / "images" / "part-000003.zip").rename(tmp_path / "part-000003.zip")
    first = await bring_diffusiondb(database, folder)
    assert (first.added, left_out(first)) == (4, {"part_absent": 2})
    assert names_of(first, "part_absent") == ("part-000003",)
    before = stored(database, "id, random_key")
    third.rename(folder / "images" / "part-000003.zip")
    second = await bring_diffusiondb(database, folder)
    assert (second.added, second.already_there, second.left_out) == (2, 4, ())
    assert before.items() < stored(database, "id, random_key").items()


async def test_a_moved_set_is_found_again(database: Database, tmp_path: Path) -> None:
    folder = small_set(tmp_path / "in")
    await bring_diffusiondb(database, folder)
    moved = folder.rename(tmp_path / "moved")
    (moved / "images" / "part-000002").mkdir()
    with zipfile.ZipFile(moved / "images" / "part-000002.zip") as archive:
        archive.extractall(moved / "images" / "part-000002")
    (moved / "images" / "part-000002.zip").unlink()
    again = await bring_diffusiondb(database, moved)
    assert (again.added, again.already_there) == (0, 4)
    for key in ("1-a", "2-b"):
        await show(database, tmp_path, key)


@pytest.mark.filterwarnings("ignore:Duplicate name")
async def test_names_that_cannot_be_used_are_counted(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_zip(
        folder / "part-000001.zip",
        ["a.png", "../up.png", "/abs.png", "deep/in.png", "back\\slash.png", "x\u202ey.png"],
    )
    with zipfile.ZipFile(folder / "part-000001.zip", "a") as archive:
        archive.writestr("twice.png", PICTURE)
        archive.writestr("twice.png", b"other bytes")
        archive.writestr("bz.png", PICTURE, compress_type=zipfile.ZIP_BZIP2)
        archive.writestr("bomb.png", bytes(2**26 + 1), compress_type=zipfile.ZIP_DEFLATED)
    names = (
        "a.png", "up.png", "abs.png", "in.png", "slash.png", "x\u202ey.png", "twice.png",
        "bz.png", "bomb.png", "../up.png", "/abs.png", "../../etc/passwd", "gone\n.png", "a.png",
    )  # fmt: skip
    rows = [row(name) for name in names] + [row("x.png", image_name=None), row("", prompt=None)]
    rows.append(row("no part.png", part_id=None))
    write_metadata(folder / "metadata.parquet", rows)
    summary = await bring_diffusiondb(database, folder)
    assert sorted(stored(database, "id")) == ["a", "in"]
    assert stored(database, "member")["in"] == ("deep/in.png",)
    assert left_out(summary) == {
        "outside": 3, "unprintable_name": 1, "twice": 1, "broken": 1, "too_many_bytes": 1,
        "missing": 4, "wrong_row": 3,
    }  # fmt: skip
    assert (summary.read, summary.added, summary.already_there) == (len(rows), 2, 1)
    assert all(line.isprintable() for line in summary.lines())
    json.dumps(summary.as_dict())


async def test_links_in_a_part_are_left_out(database: Database, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PICTURE)
    folder = write_files(tmp_path / "in", {"part-000001/a.png": PICTURE})
    (folder / "part-000001" / "b.png").symlink_to(tmp_path / "secret.png")
    write_metadata(folder / "metadata.parquet", [row("a.png"), row("b.png")])
    summary = await bring_diffusiondb(database, folder)
    assert (summary.added, left_out(summary)) == (1, {"outside": 1})


@pytest.mark.parametrize("data", [b"", b"PK no archive", b"PK\5\6" + b"\xff" * 18])
async def test_a_broken_archive_does_not_stop_the_others(
    database: Database, tmp_path: Path, data: bytes
) -> None:
    folder = small_set(tmp_path / "in")
    (folder / "images" / "part-000001.zip").write_bytes(data)
    summary = await bring_diffusiondb(database, folder)
    assert (summary.added, left_out(summary)) == (2, {"part_broken": 2})


async def test_a_truncated_archive_does_not_stop_the_others(
    database: Database, tmp_path: Path
) -> None:
    folder = small_set(tmp_path / "in")
    archive = folder / "images" / "part-000001.zip"
    archive.write_bytes(archive.read_bytes()[:-40])
    assert left_out(await bring_diffusiondb(database, folder)) == {"part_broken": 2}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_nsfw": None}, "no column image_nsfw"),
        ({"image_name": None}, "no column image_name"),
        ({"image_nsfw": pa.string()}, "the column image_nsfw has string, not numbers"),
        ({"part_id": pa.float32()}, "the column part_id has float, not whole numbers"),
        ({"prompt": pa.binary()}, "the column prompt has binary, not text"),
        ({"width": pa.list_(pa.int32())}, "the column width has list"),
    ],
)
async def test_wrong_columns_are_refused_before_anything_is_written(
    database: Database, tmp_path: Path, change: dict[str, pa.DataType | None], message: str
) -> None:
    folder = small_set(tmp_path / "in")
    types = {name: kind for name, kind in {**TYPES, **change}.items() if kind is not None}
    write_metadata(folder / "metadata-large.parquet", [dict.fromkeys(TYPES)], types)
    with pytest.raises(ImportRefusedError, match=message):
        await bring_diffusiondb(database, folder)
    assert await data_set_names(database) == []


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"PAR1" + b"\xff" * 100 + b"PAR1", b"name,prompt\n"]
)
async def test_what_is_no_parquet_is_refused(
    database: Database, tmp_path: Path, data: bytes
) -> None:
    folder = small_set(tmp_path / "in")
    (folder / "metadata.parquet").write_bytes(data)
    with pytest.raises(ImportRefusedError, match=r"metadata\.parquet cannot be read as parquet"):
        await bring_diffusiondb(database, folder)
    assert await data_set_names(database) == []


async def test_damage_inside_the_parquet_is_a_clear_error(
    database: Database, tmp_path: Path
) -> None:
    folder = small_set(tmp_path / "in")
    path = folder / "metadata.parquet"
    data = bytearray(path.read_bytes())
    data[4:200] = bytes(196)
    path.write_bytes(data)
    with pytest.raises(ImportRefusedError, match="is damaged"):
        await bring_diffusiondb(database, folder)


async def test_texts_that_are_not_utf8_are_mended(database: Database, tmp_path: Path) -> None:
    folder = small_set(tmp_path / "in", parts=1)
    table = pq.read_table(folder / "metadata.parquet")
    wrong = pa.Array.from_buffers(pa.string(), 2, pa.array([b"caf\xe9", b"fine"]).buffers())
    table = table.set_column(table.schema.get_field_index("prompt"), "prompt", wrong)
    pq.write_table(table, folder / "metadata.parquet")
    assert (await bring_diffusiondb(database, folder)).added == 2
    assert stored(database, "prompt")["1-a"] == ("caf\ufffd",)


async def test_figures_out_of_range_do_not_stop_the_import(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    write_zip(folder / "part-000001.zip", ["a.png", "b.png"])
    huge = 2**64 - 1
    types = {**TYPES, "seed": pa.uint64(), "width": pa.uint64(), "sampler": pa.string()}
    rows = [
        row("a.png", seed=huge, width=huge, sampler="k_lms", cfg=NAN),
        row("b.png", seed=None, width=None, height=0, sampler='"', cfg=None),
    ]
    write_metadata(folder / "metadata.parquet", rows, types)
    assert (await bring_diffusiondb(database, folder)).added == 2
    kept = stored(database, "width, height, parameters")
    assert (kept["a"][:2], kept["b"][:2]) == ((None, 640), (None, None))
    assert json.loads(kept["a"][2]) == {
        "part_id": 1, "seed": huge, "step": 50, "cfg": None, "sampler": "k_lms",
    }  # fmt: skip
    assert json.loads(kept["b"][2])["sampler"] == "others"


async def test_a_folder_without_the_layout_is_refused(database: Database, tmp_path: Path) -> None:
    folder = small_set(tmp_path / "in")
    (folder / "metadata.parquet").rename(tmp_path / "metadata.parquet")
    with pytest.raises(ImportRefusedError, match=r"has no metadata\.parquet"):
        await bring_diffusiondb(database, folder)
    (tmp_path / "metadata.parquet").rename(folder / "metadata.parquet")
    shutil.rmtree(folder / "images")
    with pytest.raises(ImportRefusedError, match=r"has no part-xxxxxx\.zip"):
        await bring_diffusiondb(database, folder)
    with pytest.raises(ImportRefusedError, match="is not a folder"):
        await bring_diffusiondb(database, folder / "metadata.parquet")
    assert await data_set_names(database) == []


async def test_a_running_bot_gets_room(database: Database) -> None:
    clock = SystemClock()
    quick = Pace(database, clock)
    assert await quick.rows() == pace.ROWS_ALONE
    async with Lease(database, "run", clock):
        before = datetime.now(UTC)
        assert await quick.rows() == pace.ROWS_BESIDE
        assert datetime.now(UTC) - before >= timedelta(seconds=pace.PAUSE_SECONDS)
    assert await quick.rows() == pace.ROWS_ALONE
