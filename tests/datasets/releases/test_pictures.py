"""Releases that have the pictures with them."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import datasets
import mlcroissant
import pandas as pd
import pytest
from PIL import Image

from bot.datasets.exports.catalogue import FORMATS, PictureForm
from bot.datasets.releases.contents import CONTENTS
from bot.datasets.releases.croissant import CROISSANT
from bot.datasets.releases.refusals import ReleaseFailedError
from bot.datasets.releases.request import PICTURES
from storage import published_releases
from tests.datasets.exports.pictured import GONE, pictured
from tests.datasets.releases.releasing import Desk, Load, files, head, opened, problems, resum
from tests.trust.scored import change

IMAGES = "imagereward_images"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(pictured(tmp_path)) as one:
        yield one


def colour(path: str) -> tuple[int, int, int]:
    """Return the colour of the picture that lay under this path: image n has the key n - 1."""
    return (int(path.rsplit("%20", maxsplit=1)[-1].removesuffix(".png")) + 1, 0, 0)


@pytest.mark.parametrize("pictures", PICTURES)
async def test_every_configuration_loads_without_code(
    desk: Desk, load: Load, pictures: PictureForm
) -> None:
    folder = (await desk.release("first", pictures)).path
    names = [config["config_name"] for config in head(folder)["configs"]]
    assert (IMAGES in names) == (pictures == "parquet")
    for name in names:
        (said,) = [info for info in head(folder)["dataset_info"] if info["config_name"] == name]
        assert {split: len(rows) for split, rows in load(folder, name).items()} == {
            split["name"]: split["num_examples"] for split in said["splits"]
        }
    assert problems(folder) == []


async def test_rows_have_their_pictures_and_what_people_think_of_them(
    desk: Desk, load: Load
) -> None:
    released = await desk.release("first", "parquet")
    assert released.left_out.unreadable == 1
    found = load(released.path, IMAGES)
    assert isinstance(found["train"].features["image"], datasets.Image)
    without = load(released.path, "imagereward")
    assert list(found) == list(without)
    for split, rows in found.items():
        assert list(rows["rank"]) == list(without[split]["rank"])
        for row in rows:
            assert row["image"].getpixel((0, 0)) == colour(row["image_path"])
            assert colour(row["image_path"])[0] != GONE


async def test_pictures_that_changed_are_left_out_and_told(desk: Desk, load: Load) -> None:
    Image.new("RGB", (8, 8), "white").save(desk.folder / "pictures" / "5.png")
    released = await desk.release("first", "parquet")
    assert (released.left_out.unreadable, released.left_out.changed) == (1, 1)
    paths = {path for rows in load(released.path, IMAGES).values() for path in rows["image_path"]}
    assert paths
    assert 5 not in {colour(path)[0] for path in paths}
    assert "not what was imported: 1;" in (released.path / "README.md").read_text("utf-8")


async def test_hidden_pictures_are_left_out_and_told(desk: Desk, load: Load) -> None:
    change(desk.folder / "jury.db", "UPDATE images SET stage = 'hidden' WHERE id = 5")
    released = await desk.release("first", "parquet")
    assert (released.left_out.changed, released.left_out.hidden) == (0, 1)
    paths = {path for rows in load(released.path, IMAGES).values() for path in rows["image_path"]}
    assert 5 not in {colour(path)[0] for path in paths}
    assert "have hidden them: 1." in (released.path / "README.md").read_text("utf-8")
    counts = {"unreadable": 1, "changed": 0, "hidden": 1}
    said = json.loads((released.path / "release.json").read_bytes())["pictures"]
    assert said == {"all_safe": True, **counts}


async def test_no_link_leads_to_a_hidden_picture(desk: Desk) -> None:
    link, other = "https://example.org/hidden.png", "https://example.org/shown.png"
    for number, url in ((5, link), (7, other)):
        values = (json.dumps({"url": url}), number)
        change(desk.folder / "jury.db", "UPDATE images SET parameters = ? WHERE id = ?", values)
    before = (await desk.release("before")).path
    assert {link, other} <= set(pd.read_parquet(before / "laion.parquet")["URL"])
    assert "hidden them: 0." in (before / "README.md").read_text("utf-8")
    change(desk.folder / "jury.db", "UPDATE images SET stage = 'hidden' WHERE id = 5")
    released = await desk.release("after")
    assert released.left_out.hidden == 1
    assert not holding(released.path, link)
    assert "hidden them: 1." in (released.path / "README.md").read_text("utf-8")
    assert json.loads((released.path / "release.json").read_bytes())["hidden"] == 1
    assert problems(released.path) == []


def holding(folder: Path, text: str) -> list[str]:
    """Return the files of a release that have this text in a column or as they are."""
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file()
        and (
            text in pd.read_parquet(path).to_csv()
            if path.suffix == ".parquet"
            else text.encode() in path.read_bytes()
        )
    ]


async def test_the_card_says_whether_pictures_are_known_to_be_safe(desk: Desk) -> None:
    safe = (await desk.release("safe", "parquet")).path
    assert "All are known to be safe" in (safe / "README.md").read_text("utf-8")
    change(desk.folder / "jury.db", "UPDATE images SET safe = 0 WHERE id = 5")
    unsafe = (await desk.release("unsafe", "parquet")).path
    assert "**Not** all are known to be safe" in (unsafe / "README.md").read_text("utf-8")
    assert "any more: 1;" in (unsafe / "README.md").read_text("utf-8")
    warned = "not-for-all-audiences"
    assert warned not in head(safe)["tags"]
    assert warned in head(unsafe)["tags"]
    without = (await desk.release("without")).path
    assert warned not in head(without)["tags"]
    assert "Tables have no pictures" in (without / "README.md").read_text("utf-8")


async def test_croissant_gives_the_pictures(desk: Desk) -> None:
    folder = (await desk.release("first", "parquet")).path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own dependencies
        described = mlcroissant.Dataset(jsonld=str(folder / CROISSANT))
        assert not described.metadata.issues.errors
        assert not described.metadata.issues.warnings
        part = "imagereward/images/train/train_1"
        for record in described.records(record_set=part):
            path = record[f"{part}/image_path"].decode()
            assert record[f"{part}/image"].getpixel((0, 0)) == colour(path)


async def test_a_picture_that_was_taken_out_with_its_sum_is_found(desk: Desk) -> None:
    folder = (await desk.release("first", "parquet")).path
    path = "imagereward/images/train/train_1.parquet"
    frame = pd.read_parquet(folder / path)
    (folder / path).unlink()
    frame[1:].to_parquet(folder / path)
    resum(folder)
    assert f"{path}: has {len(frame) - 1} rows instead of {len(frame)}" in problems(folder)


async def test_tables_are_the_same_with_pictures_where_all_can_be_read(desk: Desk) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "png")
    (desk.folder / "pictures" / f"{GONE}.png").write_bytes(picture.getvalue())
    without, having = [files((await desk.release(form, form)).path) for form in ("none", "parquet")]
    more = {name for name in having if name not in without}
    assert {name.rsplit("/", 2)[0] for name in more} == {"imagereward/images"}
    tables = {table["path"] for table in json.loads(without[CONTENTS])["tables"]}
    # Where a picture lies says its path.
    told = {name for name in tables if name.startswith("imagereward/")}
    assert all(without[name] == having[name] for name in tables - told)


@pytest.mark.parametrize("form", sorted({*FORMATS["imagereward"].pictures} - {*PICTURES}))
async def test_what_a_card_cannot_name_is_refused(desk: Desk, form: PictureForm) -> None:
    with pytest.raises(ReleaseFailedError) as caught:
        await desk.release("first", form)
    assert f"jury export imagereward OUT --images {form}" in str(caught.value.values["reason"])
    assert not (desk.folder / "first").exists()
    assert await desk.database.read(published_releases.unfinished) is None
