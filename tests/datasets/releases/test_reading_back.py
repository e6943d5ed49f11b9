"""Releases as others read them: `datasets`, mlcroissant, and people."""

from __future__ import annotations

import json
import re
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import mlcroissant
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.exports.catalogue import PictureForm
from bot.datasets.releases.card import write_card
from bot.datasets.releases.contents import CONTENTS, REMOVED, Contents, TableFile
from bot.datasets.releases.croissant import CROISSANT
from bot.datasets.releases.figures import Figures
from bot.datasets.releases.subsets import subsets
from bot.datasets.releases.yaml_lines import yaml_lines
from storage import removed_rows
from tests.datasets.exports.pictured import pictured
from tests.datasets.releases.releasing import Desk, Load, head, opened, problems, scored
from tests.trust.scored import change, run

KEYS = st.from_regex(r"k_[a-z_]{0,9}", fullmatch=True)
DATA_SETS = {1: "a/b", 2: "a b"}
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["C"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=9,
)


async def test_the_library_loads_every_configuration_without_code(desk: Desk, load: Load) -> None:
    folder = (await desk.release("first")).path
    votes = load(folder)
    assert list(votes) == ["train"]
    whole = pd.read_parquet(folder / "votes.parquet")
    assert list(votes["train"]["row_id"]) == list(whole["row_id"])
    names = [config["config_name"] for config in head(folder)["configs"]]
    assert {"votes", "horde", "scores", "prepared"} <= set(names)
    assert "removed" not in names, "a table without rows cannot be loaded"
    contents = json.loads((folder / CONTENTS).read_bytes())
    tables = {table["config"] for table in contents["tables"] if table["rows"]} - {""}
    assert sorted(names) == sorted(tables), "no prompt has two images here"
    for name in tables:
        loaded = load(folder, name)
        wanted: dict[str, int] = {}
        for table in contents["tables"]:
            if table["config"] == name and table["rows"]:
                wanted[table["split"]] = wanted.get(table["split"], 0) + table["rows"]
        assert {split: len(rows) for split, rows in loaded.items()} == wanted


@pytest.mark.parametrize("pictures", ["none", "parquet"])
async def test_the_library_loads_the_subsets_of_imagereward(
    tmp_path: Path, load: Load, pictures: PictureForm
) -> None:
    async with opened(pictured(tmp_path)) as desk:
        folder = (await desk.release("first", pictures)).path
    names = [config["config_name"] for config in head(folder)["configs"]]
    assert len(names) == len(set(names))
    sizes, kinds = ("1k", "2k", "4k", "8k", "full", "imagereward"), ("", "_group", "_pair")
    assert {f"{size}{kind}" for size in sizes for kind in kinds} <= set(names)
    whole = load(folder, "imagereward")
    assert sum(map(len, whole.values())) > 20
    for name in ("1k", "full"):
        found = load(folder, name)
        assert {split: rows["image_path"] for split, rows in found.items()} == {
            split: rows["image_path"] for split, rows in whole.items()
        }
        assert ("image" in found["train"].column_names) == (pictures == "parquet")
    groups, pairs = load(folder, "imagereward_group"), load(folder, "imagereward_pair")
    for split, rows in whole.items():
        assert sorted(groups[split]["prompt_id"]) == sorted(set(rows["prompt_id"]))
        rank = dict(zip(rows["image_path"], rows["rank"], strict=True))
        assert all(rank[pair["img_better"]] < rank[pair["img_worse"]] for pair in pairs[split])
    for kind, same in (("_group", groups), ("_pair", pairs)):
        for name in (f"8k{kind}", f"full{kind}"):
            assert {split: rows.to_list() for split, rows in load(folder, name).items()} == {
                split: rows.to_list() for split, rows in same.items()
            }
    assert problems(folder) == []


def test_a_subset_has_so_many_parts_to_train_on_in_their_order() -> None:
    found = dict(
        subsets(
            TableFile(f"imagereward/{kind}/{split}_{number}.parquet", int(number != 3), 0, ())
            for kind in ("data", "pair")
            for split in ("test", "train")
            for number in range(40, 0, -1)
        )
    )
    assert "1k_group" not in found
    numbers = {
        name: {
            split: [int(table.path.split("_")[1].split(".")[0]) for table in tables]
            for split, tables in splits.items()
        }
        for name, splits in found.items()
    }
    every = [n for n in range(1, 41) if n != 3]
    assert numbers["1k"] == numbers["1k_pair"] == {"train": [1, 2, 4], "test": every}
    assert numbers["8k"] == {"train": [n for n in every if n <= 32], "test": every}
    assert numbers["full_pair"] == {"train": every, "test": every}


async def test_data_sets_that_share_a_key_are_configurations_of_their_own(
    tmp_path: Path, load: Load
) -> None:
    path = scored(tmp_path)
    change(path, "UPDATE images SET data_set_id = 1 + id % 2, key = 'k' || (id / 2)")
    for number, name in DATA_SETS.items():
        change(path, "UPDATE data_sets SET name = ? WHERE id = ?", (name, number))
    run(path)
    async with opened(path) as desk:
        folder = (await desk.release("first")).path
    votes = pd.read_parquet(folder / "votes.parquet").dropna(subset="aesthetic")
    assert votes.groupby("id")["data_set"].nunique().max() > 1
    names = {config["config_name"] for config in head(folder)["configs"]}
    assert not {"horde", "prepared"} & names
    for data_set, stem in zip(DATA_SETS.values(), ("a_b", "a_b_2"), strict=True):
        of_one = votes[votes["data_set"] == data_set]
        horde = load(folder, f"horde_{stem}")["train"]
        assert sorted(horde["id"]) == sorted(of_one["id"])
        assert sorted(horde["rating"]) == sorted(of_one["aesthetic"])
        assert f"prepared_{stem}" in names
        assert sum(map(len, load(folder, f"prepared_{stem}").values())) == sum(
            of_one["id"].value_counts() >= 3
        )
    described = json.loads((folder / CROISSANT).read_text())
    records = {each["@id"] for each in described["recordSet"]}
    assert {"horde/a_b", "horde/a_b_2"} <= records
    assert problems(folder) == []


async def test_the_card_says_features_and_sizes_as_they_are(desk: Desk, load: Load) -> None:
    folder = (await desk.release("first")).path
    card = head(folder)
    assert card["license"] == "cc-by-sa-4.0"
    assert card["size_categories"] == ["n<1K"]
    (said,) = [info for info in card["dataset_info"] if info["config_name"] == "scores"]
    found = load(folder, "scores")["train"]
    names = [feature["name"] for feature in said["features"]]
    assert names == found.column_names
    kinds = {feature["name"]: feature.get("dtype") for feature in said["features"]}
    assert kinds["score"] == "float64"
    assert kinds["histogram"] is None
    assert said["splits"][0]["num_examples"] == len(found)
    assert said["download_size"] == (folder / "scores.parquet").stat().st_size


async def test_the_card_tells_numbers_and_no_rater(desk: Desk) -> None:
    released = await desk.release("first")
    text = (released.path / "README.md").read_text("utf-8")
    votes = pd.read_parquet(released.path / "votes.parquet")
    assert f"{len(votes):,} votes on {released.images:,} pictures" in text
    assert f"{released.raters:,} people" in text
    for told in ("README.md", "CHANGES", CONTENTS, CROISSANT):
        content = (released.path / told).read_text("utf-8")
        assert not [rater for rater in votes["user_id"].unique() if rater in content]
        assert not [row for row in votes["row_id"] if row in content]
        assert str(desk.folder) not in content


def test_the_card_speaks_of_one_vote_as_of_one(tmp_path: Path) -> None:
    contents = Contents(1, "id", "2026-03-01T12:00:00Z", "CC0-1.0", {"votes": 1})
    write_card(tmp_path, contents, Figures(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.0, 1.0))
    text = (tmp_path / "README.md").read_text("utf-8")
    assert "1 vote on 1 picture, as of 2026-03-01" in text
    assert "1 person; validated by moderators: 1" in text
    assert re.search(r"\b1\s+(votes|pictures|people)\b", text) is None


async def test_croissant_is_valid_and_gives_the_rows(desk: Desk) -> None:
    folder = (await desk.release("first")).path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own dependencies
        described = mlcroissant.Dataset(jsonld=str(folder / CROISSANT))
        assert not described.metadata.issues.errors
        assert not described.metadata.issues.warnings
        records = list(described.records(record_set="scores"))
    scores = pd.read_parquet(folder / "scores.parquet")
    assert len(records) == len(scores)
    assert [record["scores/score"] for record in records] == list(scores["score"])
    assert [record["scores/id"].decode() for record in records] == list(scores["id"])


async def test_rows_that_are_gone_are_told_once_and_counted(desk: Desk) -> None:
    """Two are voided and one erased after the first release, one is changed after the second."""
    first = await desk.release("first")
    assert "The first release" in (first.path / "CHANGES").read_text()
    votes = pd.read_parquet(first.path / "votes.parquet")

    async def remove(rater: int, reason: removed_rows.Reason, count: int) -> set[str]:
        now = desk.clock.now() + timedelta(minutes=1)
        chosen = await desk.database.read(
            lambda c: c.execute(
                "SELECT image_id, lower(hex(row_id)) FROM votes WHERE rater = ? AND state = 'given'"
                " ORDER BY id LIMIT ?",
                (rater, count),
            ).fetchall()
        )
        for image, _ in chosen:
            await desk.database.write(
                lambda c, image=image: removed_rows.add(c, rater, image, reason, now)  # type: ignore[misc]  # a default binds the image of the moment
            )
        await desk.database.write(
            lambda c: (
                c.executemany(
                    "UPDATE votes SET state = 'void' WHERE rater = ? AND image_id = ?",
                    [(rater, image) for image, _ in chosen],
                ).rowcount
            )
        )
        return {name for _, name in chosen}

    voided, erased = await remove(1, "voided", 2), await remove(2, "erased", 1)
    second = await desk.release("second")
    removed = pd.read_parquet(second.path / REMOVED)
    assert list(removed.columns) == ["row_id", "reason"]
    assert dict(zip(removed["row_id"], removed["reason"], strict=True)) == {
        **dict.fromkeys(voided, "voided"),
        **dict.fromkeys(erased, "erased"),
    }
    assert second.removed == 3
    left = pd.read_parquet(second.path / "votes.parquet")
    assert set(votes["row_id"]) - set(left["row_id"]) == voided | erased
    said = (second.path / "CHANGES").read_text()
    assert f"votes: {len(left):,} (-3)" in said
    assert "  erased: 1\n  voided: 2\n" in said
    more = await remove(3, "changed", 1)
    third = await desk.release("third")
    assert set(pd.read_parquet(third.path / REMOVED)["row_id"]) == more
    fourth = await desk.release("fourth")
    assert (fourth.removed, len(pd.read_parquet(fourth.path / REMOVED))) == (0, 0)
    assert "  none\n" in (fourth.path / "CHANGES").read_text()


@given(st.dictionaries(KEYS, PLAIN, max_size=4))
def test_yaml_is_read_as_what_was_written(value: dict[str, Any]) -> None:
    text = "\n".join(yaml_lines(value))
    assert (yaml.safe_load(text) or {}) == value
