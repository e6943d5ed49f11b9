"""One image, one split: whatever the format, whatever images of a set have for prompts."""

import hashlib
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

from bot.datasets.exports.selection import Selection
from bot.datasets.exports.service import ExportService
from storage.connections import connect
from tests.datasets.exports.votes_file import KEY
from tests.rating.world import TurnedClock
from tests.trust.scored import NOON, Shape, make, rows, run

Sides = dict[str, set[str]]
"""The splits that a format says of each image, by key."""


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """Sets of four: with four prompts, with none, with one. Every fourth four is in no set."""
    path = make(tmp_path / "jury.db", Shape(raters=16, each=20))
    with closing(connect(path)) as connection:
        connection.execute("UPDATE images SET data_set_id = 1, member = key || '.png'")
        connection.execute(
            "INSERT INTO sets (id, data_set_id, key)"
            " SELECT DISTINCT id / 4 + 1, 1, 'set ' || (id / 4 * 2) FROM images"
            " WHERE id / 4 % 4 < 3"
        )
        connection.execute("UPDATE images SET set_id = id / 4 + 1 WHERE id / 4 % 4 < 3")
        connection.execute(
            "UPDATE images SET prompt = CASE id / 4 % 4"
            " WHEN 0 THEN 'prompt ' || id WHEN 1 THEN NULL ELSE 'prompt ' || (id / 4) END"
        )
    run(path)
    return path


async def told(path: Path) -> dict[str, Sides]:
    """Return what each format says."""
    service, found = ExportService(path, TurnedClock(NOON), KEY), {}
    for name in ("scores", "votes", "pairs", "prepared", "imagereward"):
        out = (await service.export(name, Selection())).path
        sides: Sides = {}
        for key, split in READERS[name](out):
            sides.setdefault(key, set()).add(split)
        found[name] = sides
    return found


def of_table(out: Path) -> list[tuple[str, str]]:
    frame = pd.read_parquet(out)
    keys = [name for name in ("id", "better", "worse") if name in frame]
    return [pair for key in keys for pair in zip(frame[key], frame["split"], strict=True)]


def of_prepared(out: Path) -> list[tuple[str, str]]:
    return [
        (name.removesuffix(".png"), side)
        for side in ("train", "validate")
        for name in pd.read_parquet(out / f"{side}_split.parquet")["image_name"]
    ]


def of_imagereward(out: Path) -> list[tuple[str, str]]:
    return [
        (unquote(path.split("~")[-1]).removesuffix(".png"), split)
        for split in ("train", "validation", "test")
        for path in pd.read_parquet(out / f"metadata-{split}.parquet")["image_path"]
    ]


READERS = {
    "scores": of_table,
    "votes": of_table,
    "pairs": of_table,
    "prepared": of_prepared,
    "imagereward": of_imagereward,
}


async def test_every_format_says_the_same_one_split_of_an_image(scored: Path) -> None:
    found = await told(scored)
    for name, sides in found.items():
        assert len(sides) > 20, name
        for key, splits in sides.items():
            (split,) = found["votes"][key]
            validate = name == "prepared" and split != "train"
            assert splits == {"validate" if validate else split}, (name, key)


@pytest.mark.parametrize(
    ("shared", "where"),
    [("set_id", "prompt IS NULL AND set_id IS NOT NULL"), ("prompt", "prompt IS NOT NULL")],
)
async def test_neither_prompts_nor_sets_without_one_are_on_two_sides(
    scored: Path, shared: str, where: str
) -> None:
    sides = (await told(scored))["votes"]
    found: Sides = {}
    for key, name in rows(scored, f"SELECT key, {shared} FROM images WHERE {where}"):  # noqa: S608
        found.setdefault(name, set()).update(sides.get(key, ()))
    assert all(len(splits) <= 1 for splits in found.values())
    assert len(set().union(*found.values())) > 1


async def test_a_prompt_or_file_of_two_data_sets_is_on_one_side(scored: Path) -> None:
    """Images come in pairs, one in each data set: with the same prompt, or the same file."""
    with closing(connect(scored)) as connection:
        connection.execute(
            "UPDATE images SET set_id = NULL, data_set_id = 1 + id % 2,"
            " prompt = CASE WHEN id % 4 < 2 THEN 'prompt ' || (id / 2) END"
        )
        for (image,) in connection.execute("SELECT id FROM images").fetchall():
            sha256 = hashlib.sha256(bytes([image // 2])).digest()
            connection.execute("UPDATE images SET sha256 = ? WHERE id = ?", (sha256, image))
    run(scored)
    found = await told(scored)
    pair = {key: number // 2 for number, key in rows(scored, "SELECT id, key FROM images")}
    for name in ("votes", "scores", "prepared"):
        splits: dict[int, set[str]] = {}
        for key, sides in found[name].items():
            splits.setdefault(pair[key], set()).update(sides)
        assert {len(sides) for sides in splits.values()} == {1}, name
        assert len(set().union(*splits.values())) > 1, name
    assert not found["pairs"], "images of two data sets are not compared"
