"""Zips in an image folder: what `datasets` makes of them, and what an enemy puts into them."""

from __future__ import annotations

import contextlib
import gc
import io
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import datasets
import pandas as pd
import pytest
from PIL import Image

from bot.errors import ImportRefusedError
from storage.database import Database
from tests.datasets.imports.hf import bring_hf, bytes_of, cells, picture, write_packed, write_shard
from tests.datasets.imports.importing import (
    data_set_names,
    left_out,
    names_of,
    stored,
    write_files,
)
from tests.images.pictures import png_claiming

Rows = list[tuple[bytes, str | None]]
ByDatasets = Callable[..., Rows | None]
LINK = 0o120777 << 16
"""How a zip says that a member is a symbolic link."""


def table(kind: str, rows: Mapping[str, str]) -> bytes:
    """A table that says what each picture shows."""
    frame = pd.DataFrame({"file_name": list(rows), "text": list(rows.values())})
    written = io.BytesIO()
    if kind == "parquet":
        frame.to_parquet(written)
    elif kind == "csv":
        frame.to_csv(written, index=False)
    else:
        frame.to_json(written, orient="records", lines=True)
    return written.getvalue()


@pytest.fixture
def by_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ByDatasets:
    """Return what tells pixels and text of each row that `datasets` finds; None where it cannot."""
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)

    def load(folder: Path, **options: object) -> Rows | None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library leaves files open
            cache = str(tmp_path / "cache")
            found: Rows | None = None
            with contextlib.suppress(FileNotFoundError):
                loaded = datasets.load_dataset(
                    "imagefolder", data_dir=str(folder), cache_dir=cache, **options
                )
                found = sorted((pixels(row["image"]), row.get("text")) for row in loaded["train"])
                del loaded
            gc.collect()
        return found

    return load


def seen(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return pixels(image)


def pixels(image: Image.Image) -> bytes:
    return image.convert("RGB").tobytes()


async def by_us(database: Database) -> Rows:
    """The same of each image, as it will be posted."""
    found = []
    for key, (prompt,) in stored(database, "prompt").items():
        found.append((seen(await bytes_of(database, key)), prompt))
    return sorted(found)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
async def test_tables_in_zips_and_beside_them_are_read_as_datasets_does(
    database: Database, tmp_path: Path, by_datasets: ByDatasets, kind: str
) -> None:
    folder = write_files(
        tmp_path / "in",
        {"loose.png": picture(1), f"metadata.{kind}": table(kind, {"loose.png": "loose"})},
    )
    write_packed(
        folder / "deep/one.ZIP",
        {
            "a.png": picture(2),
            "sub/b.webp": picture(3, "WEBP"),
            "unlisted.png": picture(9),
            f"metadata.{kind}": table(kind, {"a.png": "one", "./sub/b.webp": "two"}),
            f"__MACOSX/metadata.{kind}": b"of no use",
        },
    )
    parts = {f"{part}/a.png": picture(10 + n) for n, part in enumerate("xy")}
    tables = {f"{part}/metadata.{kind}": table(kind, {"a.png": part}) for part in "xy"}
    write_packed(folder / "two.zip", {**parts, **tables})
    for added, there in ((5, 0), (0, 5)):
        summary = await bring_hf(database, folder)
        assert (summary.added, summary.already_there, summary.left_out) == (added, there, ())
        assert await by_us(database) == by_datasets(folder)
    keys = ["a", "b", "loose", "two.zip/x/a.png", "two.zip/y/a.png"]
    assert sorted(stored(database, "id")) == keys
    assert not (tmp_path / "originals").exists()


async def test_zips_without_a_table_have_pictures_and_labels(
    database: Database, tmp_path: Path, by_datasets: ByDatasets
) -> None:
    folder = write_files(tmp_path / "in", {"cat/1.png": picture(1)})
    write_packed(
        folder / "more.zip",
        {"cat/2.png": picture(2), "dog/1.png": picture(3), "3.png": picture(4), "dog/": b""},
    )
    summary = await bring_hf(database, folder, safe=True)
    assert (summary.added, summary.safe, summary.left_out) == (4, 4, ())
    # With labels the library refuses folders in zips: it looks for them around the zip.
    assert await by_us(database) == by_datasets(folder, drop_labels=True)
    assert stored(database, "parameters") == {
        "cat/1.png": ('{"label": "cat"}',),
        "2": ('{"label": "cat"}',),
        "more.zip/dog/1.png": ('{"label": "dog"}',),
        "3": (None,),
    }


async def test_a_table_beside_a_zip_speaks_of_files_beside_it(
    database: Database, tmp_path: Path, by_datasets: ByDatasets
) -> None:
    folder = tmp_path / "in"
    write_packed(folder / "x.zip", {"a.png": picture(1)})
    write_files(folder, {"metadata.csv": table("csv", {"a.png": "one"})})
    assert by_datasets(folder) is None
    assert left_out(await bring_hf(database, folder)) == {"missing": 1}
    # Beyond the library: it may name what lies in the zip.
    write_files(folder, {"metadata.csv": table("csv", {"x.zip/a.png": "one", "x.zip/b.png": "no"})})
    assert left_out(await bring_hf(database, folder)) == {"missing": 1}
    assert await by_us(database) == [(seen(picture(1)), "one")]


async def test_unpacked_later_the_same_pictures_are_there(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    path = write_packed(
        folder / "x.zip", {"a.png": picture(1), "metadata.csv": table("csv", {"a.png": "one"})}
    )
    assert (await bring_hf(database, folder)).added == 1
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    path.unlink()
    summary = await bring_hf(database, folder)
    assert (summary.added, summary.already_there) == (0, 1)
    assert await by_us(database) == [(seen(picture(1)), "one")]


async def test_a_zip_that_changes_between_two_imports_spoils_no_image(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    write_packed(folder / "x.zip", {"a.png": picture(1), "b.png": picture(2), "c.png": picture(3)})
    await bring_hf(database, folder)
    before = stored(database, "id, sha256, member")
    write_packed(folder / "x.zip", {"b.png": picture(2), "a.png": picture(9), "d.png": picture(4)})
    summary = await bring_hf(database, folder)
    assert (summary.added, summary.already_there) == (1, 1)
    assert names_of(summary, "key_taken") == ("x.zip/a.png",)
    assert before.items() < stored(database, "id, sha256, member").items()


async def test_members_made_by_an_enemy_do_no_harm(database: Database, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", {"secret.png": picture(9)})
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../up.png", picture(1))
        archive.writestr("/etc/root.png", picture(2))
        archive.writestr("back\\slash.png", picture(3))
        link = zipfile.ZipInfo("link.png")
        link.external_attr = LINK
        archive.writestr(link, "../secret.png")
        archive.writestr("bomb.png", bytes(100 * 2**20))
        archive.writestr("claims.png", png_claiming(60_000, 60_000))
        archive.writestr("half.png", picture(4)[:200])
        archive.writestr("in\u202evisible.png", picture(5))
        archive.writestr("twice.png", picture(6))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("twice.png", picture(7))
        archive.writestr("inner.zip", path.read_bytes())
        archive.writestr("shard.parquet", b"PAR1")
        archive.writestr("fine.png", picture(8))
        archive.writestr("secret.key", b"x")
        archive.writestr("lzma.png", picture(10), zipfile.ZIP_LZMA)
    summary = await bring_hf(database, folder)
    assert left_out(summary) == {
        "outside": 4,
        "too_many_bytes": 1,
        "too_many_pixels": 1,
        "broken": 2,
        "unprintable_name": 1,
        "twice": 1,
        "packed": 2,
        "not_a_picture": 1,
    }
    assert names_of(summary, "packed") == ("x.zip/inner.zip", "x.zip/shard.parquet")
    assert sorted(stored(database, "id")) == ["fine", "secret"]


async def test_encrypted_members_and_wrong_sizes_are_broken(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    names = ("small.png", "locked.png")
    path = write_packed(folder / "x.zip", {name: picture(n) for n, name in enumerate(names)})
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\1\2") + 8] |= 1
    announced = data.index(b"PK\1\2") + 24
    data[announced : announced + 4] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    assert left_out(await bring_hf(database, folder)) == {"broken": 2}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"metadata.csv": bytes(100 * 2**20)},
            "x.zip/metadata.csv cannot be read: the file",
        ),
        ({"metadata.csv": b"name\na.png\n"}, "x.zip/metadata.csv has no column file_name"),
        ({"metadata.jsonl": b"\xff\xfe"}, "x.zip/metadata.jsonl is not UTF-8"),
        ({"a/metadata.parquet": b"PAR1"}, "x.zip/a/metadata.parquet cannot be read as parquet"),
        (
            {"../metadata.csv": b"file_name\na.png\n"},
            "x.zip/../metadata.csv cannot be read: the name",
        ),
    ],
)
async def test_tables_in_zips_that_are_none_are_refused(
    database: Database, tmp_path: Path, files: Mapping[str, bytes], said: str
) -> None:
    write_packed(tmp_path / "in/x.zip", {"a.png": picture(1), **files})
    with pytest.raises(ImportRefusedError) as refusal:
        await bring_hf(database, tmp_path / "in")
    assert said in str(refusal.value)
    assert await data_set_names(database) == []


async def test_a_damaged_zip_is_refused_by_name(database: Database, tmp_path: Path) -> None:
    write_packed(tmp_path / "in/a.zip", {"a.png": picture(1)})
    path = write_packed(tmp_path / "in/deep/b.zip", {"b.png": picture(2)})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ImportRefusedError, match=r"deep/b\.zip cannot be read as zip"):
        await bring_hf(database, tmp_path / "in")
    assert await data_set_names(database) == []


async def test_rows_of_a_table_in_a_zip_lead_nowhere_else(
    database: Database, tmp_path: Path
) -> None:
    folder = write_files(tmp_path / "in", {"loose.png": picture(1)})
    write_files(tmp_path, {"out.png": picture(2)})
    names = ["../loose.png", "../../out.png", "/etc/x.png", "loose.png", "x.zip/loose.png"]
    write_packed(folder / "x.zip", {"metadata.csv": table("csv", dict.fromkeys(names, "no"))})
    assert left_out(await bring_hf(database, folder)) == {"outside": 3, "missing": 2}
    assert stored(database, "id") == {}


async def test_what_is_packed_otherwise_is_named(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_files(folder, {"data/train-000.tar": b"x", "old.tar.gz": b"x", ".cache/y.tar": b"x"})
    write_shard(folder / "x.parquet", {"image": cells(picture(1))})
    summary = await bring_hf(database, folder)
    assert (summary.read, summary.added, left_out(summary)) == (3, 1, {"packed": 2})
    assert names_of(summary, "packed") == ("data/train-000.tar", "old.tar.gz")
