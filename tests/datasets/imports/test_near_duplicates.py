"""Pictures that look like one that the data set has are counted, kept or skipped as asked."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from bot.datasets.imports.near_duplicates import NearDuplicates
from storage.connections import connect
from storage.database import Database
from tests.datasets.imports.importing import (
    bring_diffusiondb,
    bring_folder,
    left_out,
    names_of,
    noted,
    row,
    stored,
    write_files,
    write_metadata,
)
from tests.images.pictures import encoded, noise

PICTURE = noise(8, 8).resize((200, 160))
OTHER = noise(8, 8).resize((200, 160))
SMALLER = PICTURE.resize((100, 80))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "a.png": encoded(PICTURE),
        "b.jpg": encoded(SMALLER, "JPEG", quality=90),
        "c.png": encoded(OTHER),
        "d.png": encoded(PICTURE),
    }
    return write_files(tmp_path / "in", files)


async def test_near_duplicates_are_added_and_counted(database: Database, folder: Path) -> None:
    summary = await bring_folder(database, folder)
    assert (summary.read, summary.added, summary.left_out) == (4, 4, ())
    assert noted(summary) == {"near_duplicate": 2}
    assert names_of(summary, "near_duplicate") == ("b.jpg (like a)", "d.png (like a)")
    again = await bring_folder(database, folder)
    assert (again.added, again.already_there, again.notes) == (0, 4, ())


@pytest.mark.parametrize("near", NearDuplicates)
async def test_two_imports_at_once_take_nothing_for_its_own_duplicate(
    database: Database, tmp_path: Path, near: NearDuplicates
) -> None:
    # Each looks like the two after it and those of the other import are the same files.
    pictures = [noise(8, 8).resize((200, 160)) for _ in range(40)]
    files = {f"{n:03}.png": encoded(pictures[n // 3]) for n in range(120)}
    folder = write_files(tmp_path / "in", files)
    other = await Database.open(database.path)
    both = [bring_folder(each, folder, near=near) for each in (database, other)]
    one, two = await asyncio.gather(*both)
    await other.close()
    kept = 40 if near is NearDuplicates.SKIP else 120
    assert one.added + two.added == len(stored(database, "id")) == kept
    for summary in (one, two):
        assert summary.read == 120
        assert left_out(summary) == ({"near_duplicate": 80} if kept == 40 else {})


async def test_near_duplicates_are_kept_without_a_word(database: Database, folder: Path) -> None:
    summary = await bring_folder(database, folder, near=NearDuplicates.KEEP)
    assert (summary.added, summary.notes, summary.left_out) == (4, (), ())
    # What was kept is compared with later all the same.
    write_files(folder, {"e.png": encoded(OTHER.resize((300, 200)))})
    later = await bring_folder(database, folder, near=NearDuplicates.SKIP)
    assert names_of(later, "near_duplicate") == ("e.png (like c)",)


async def test_near_duplicates_are_skipped_each_time(database: Database, folder: Path) -> None:
    for added, there in ((2, 0), (0, 2)):
        summary = await bring_folder(database, folder, near=NearDuplicates.SKIP)
        assert (summary.read, summary.added, summary.already_there) == (4, added, there)
        assert left_out(summary) == {"near_duplicate": 2}
        assert summary.notes == ()
        assert sorted(stored(database, "id")) == ["a", "c"]
    # Who changes their mind gets them.
    assert (await bring_folder(database, folder)).added == 2


async def test_another_data_set_does_not_count(database: Database, folder: Path) -> None:
    await bring_folder(database, folder)
    summary = await bring_folder(database, folder, name="other", near=NearDuplicates.SKIP)
    assert summary.added == 2


async def test_pictures_of_one_colour_are_nobodys_duplicates(
    database: Database, tmp_path: Path
) -> None:
    colours = ["black", "white", "red", "black"]
    files = {f"{n}.png": encoded(Image.new("RGB", (9, 9), c)) for n, c in enumerate(colours)}
    summary = await bring_folder(
        database, write_files(tmp_path / "in", files), near=NearDuplicates.SKIP
    )
    assert (summary.added, summary.left_out) == (4, ())
    assert set(stored(database, "perceptual_hash").values()) == {(None,)}


async def test_images_of_an_earlier_version_get_their_hash_by_the_next_import(
    database: Database, folder: Path
) -> None:
    await bring_folder(database, folder)
    before = stored(database, "perceptual_hash")
    connection = connect(database.path)
    connection.execute("UPDATE images SET perceptual_hash = NULL")
    connection.close()
    summary = await bring_folder(database, folder)
    assert (summary.already_there, summary.notes) == (4, ())
    assert stored(database, "perceptual_hash") == before


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """DiffusionDB in small: an archive, a folder, and a broken picture in each."""
    pictures = {
        "a.png": encoded(PICTURE),
        "b.png": encoded(SMALLER),
        "c.png": encoded(OTHER),
        "d.png": b"no picture",
    }
    folder = write_files(
        tmp_path / "published", {f"part-000002/z{name}": data for name, data in pictures.items()}
    )
    with zipfile.ZipFile(folder / "part-000001.zip", "w") as archive:
        for name, data in pictures.items():
            archive.writestr(name, data)
    rows = [row(name) for name in pictures] + [row(f"z{name}", part=2) for name in pictures]
    for each in rows:
        each["image_nsfw"] = 0.9 if "c" in each["image_name"] else 0.01
    write_metadata(folder / "metadata.parquet", rows)
    return folder


async def test_the_pictures_of_diffusiondb_are_read_where_that_is_asked_for(
    database: Database, published: Path
) -> None:
    summary = await bring_diffusiondb(database, published, near=NearDuplicates.SKIP)
    assert (summary.read, summary.added, summary.safe) == (8, 2, 1)
    assert left_out(summary) == {"near_duplicate": 4, "not_a_picture": 2}
    found = stored(database, "safe, prompt, width, sha256 IS NULL")
    assert found == {
        "a": (1, "a picture called a.png", 200, 0),
        "c": (0, "a picture called c.png", 200, 0),
    }
    again = await bring_diffusiondb(database, published, near=NearDuplicates.SKIP, limit=1.0)
    assert (again.added, again.already_there, again.left_out) == (0, 2, summary.left_out)
    assert stored(database, "safe") == {"a": (1,), "c": (0,)}


async def test_images_of_diffusiondb_get_their_hash_when_their_pictures_are_read(
    database: Database, published: Path
) -> None:
    assert (await bring_diffusiondb(database, published)).added == 8
    assert set(stored(database, "perceptual_hash").values()) == {(None,)}
    summary = await bring_diffusiondb(database, published, near=NearDuplicates.COUNT)
    assert (summary.added, summary.already_there) == (0, 6)
    assert left_out(summary) == {"not_a_picture": 2}
    hashes = stored(database, "perceptual_hash")
    assert {key for key, (value,) in hashes.items() if value is None} == {"d", "zd"}
