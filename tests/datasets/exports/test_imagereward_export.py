"""Images of a prompt as ImageRewardDB has them, read by the libraries that people read it with."""

import gc
import io
import json
import os
import tarfile
import warnings
import zipfile
from contextlib import closing
from pathlib import Path

import datasets
import pandas as pd
import pytest
import webdataset
from PIL import Image

from bot.datasets.exports.catalogue import PictureForm
from bot.datasets.exports.formats.imagereward import ranked, rating
from bot.datasets.exports.imagereward_card import Parts, card
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.service import Exported, ExportService
from bot.datasets.exports.splits import PER_MILLE, split_of
from bot.datasets.imports.imagerewarddb.ratings import SCALES, import_ratings
from bot.errors import ExportFailedError
from bot.rating.scales import AESTHETIC, ARTIFACTS
from storage.connections import connect
from storage.database import Database
from tests.datasets.exports.pictured import pictured
from tests.datasets.exports.votes_file import KEY
from tests.datasets.imports.imagerewarddb import bring_imagerewarddb
from tests.datasets.imports.importing import sink
from tests.rating.world import TurnedClock
from tests.trust.scored import NOON, rows

LIST = ["rank", "overall_rating", "image_text_alignment_rating", "fidelity_rating"]
COLUMNS = ["image_path", "prompt_id", "prompt", "classification", "image_amount_in_total", *LIST]


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    return pictured(tmp_path)


async def export(path: Path, name: str = "imagereward", pictures: PictureForm = "none") -> Exported:
    service = ExportService(path, TurnedClock(NOON), KEY)
    return await service.export(name, Selection(), pictures=pictures)


def metadata(folder: Path) -> pd.DataFrame:
    return pd.concat(pd.read_parquet(path) for path in sorted(folder.glob("metadata-*.parquet")))


async def test_rows_of_a_prompt_stand_together_and_are_as_many_as_they_say(scored: Path) -> None:
    done = await export(scored)
    frame = metadata(done.path)
    assert list(frame.columns) == COLUMNS
    assert (done.rows, done.images, done.left_out.unreadable) == (len(frame), len(frame), 0)
    assert len(frame) > 20
    for path in sorted(done.path.glob("metadata-*.parquet")):
        ids = list(pd.read_parquet(path)["prompt_id"])
        runs = [one for one, other in zip(ids, [None, *ids], strict=False) if one != other]
        assert len(runs) == len(set(runs))
    for _, group in frame.groupby("prompt_id"):
        assert (group["image_amount_in_total"] == len(group)).all()
        assert group["rank"].min() == 1
        assert group["prompt"].nunique() == 1
    assert frame["overall_rating"].between(1, 7).all()
    assert frame["image_text_alignment_rating"].isna().all()


async def test_without_pictures_there_is_no_folder_for_them(scored: Path) -> None:
    assert not ((await export(scored)).path / "images").exists()


async def test_ranks_follow_scores(scored: Path) -> None:
    frame = metadata((await export(scored)).path)
    scores = {
        f"set%200~image%20{image - 1}.png": score
        for image, score in rows(
            scored, "SELECT image_id, score FROM image_scores WHERE scale = 'aesthetic'"
        )
    }
    for _, group in frame.groupby("prompt_id"):
        told = [scores[path.split("/")[-1]] for path in group.sort_values("rank")["image_path"]]
        assert told == sorted(told, reverse=True)


@pytest.mark.parametrize("pictures", ["none", "parquet"])
async def test_datasets_loads_every_subset(
    scored: Path, tmp_path: Path, pictures: PictureForm
) -> None:
    done = await export(scored, pictures=pictures)
    frame = metadata(done.path)
    for name in ("1k", "8k", "full"):
        loaded = load(done.path, name, tmp_path)
        assert sum(len(split) for split in loaded.values()) == len(frame)
    grouped = load(done.path, "1k_group", tmp_path)
    assert sum(len(split) for split in grouped.values()) == frame["prompt_id"].nunique()
    first = grouped["train"][0]
    assert len(first["image"]) == len(first["rank"]) == len(first["overall_rating"])
    rank = dict(zip(frame["image_path"], frame["rank"], strict=True))
    for pair in load(done.path, "1k_pair", tmp_path)["train"]:
        assert rank[pair["img_better"]] < rank[pair["img_worse"]]


def size_of(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as image:
        return image.size


def load(folder: Path, name: str, tmp_path: Path) -> datasets.DatasetDict:
    return datasets.load_dataset(str(folder), name, cache_dir=str(tmp_path / "cache"))


async def test_pictures_in_a_table_are_pictures_to_datasets(scored: Path, tmp_path: Path) -> None:
    done = await export(scored, pictures="parquet")
    assert done.left_out.unreadable == 1
    for split in load(done.path, "full", tmp_path).values():
        for row in split:
            assert row["image"].size == (8, 8)
            number = int(row["image_path"].split("%20")[-1].removesuffix(".png")) + 1
            assert row["image"].getpixel((0, 0)) == (number, 0, 0)


async def test_a_folder_has_each_picture_under_its_path(scored: Path) -> None:
    done = await export(scored, pictures="folder")
    for path in metadata(done.path)["image_path"]:
        assert size_of((done.path / path).read_bytes()) == (8, 8)
    notes = [json.loads(path.read_text()) for path in done.path.glob("images/*/*/*.json")]
    assert sorted(row["image_path"] for note in notes for row in note) == sorted(
        metadata(done.path)["image_path"]
    )


async def test_the_trainer_of_imagereward_opens_its_files_as_they_are(scored: Path) -> None:
    """As train/src/rank_pair_dataset.py does, with both of its folders being the export."""
    with closing(connect(scored)) as connection:
        connection.execute("UPDATE image_scores SET score = 5 WHERE image_id IN (4, 5)")
        connection.execute("INSERT INTO sets (id, data_set_id, key) VALUES (1, 1, 'set')")
        connection.execute("UPDATE images SET set_id = 1, prompt = NULL WHERE id / 4 = 2")
        connection.execute("UPDATE images SET prompt = 'ein Fuchs, grün' WHERE id / 4 = 3")
    done = await export(scored, pictures="folder")
    ties, words = 0, set()
    for dataset, split in (("train", "train"), ("valid", "validation"), ("test", "test")):
        data = json.loads((done.path / f"{dataset}.json").read_text("ascii"))
        rows = pd.read_parquet(done.path / f"metadata-{split}.parquet").dropna(subset="prompt")
        rank = dict(zip(rows["image_path"], rows["rank"], strict=True))
        assert [path for item in data for path in item["generations"]] == list(rank)
        for item in data:
            assert list(item) == ["id", "prompt", "generations", "ranking"]
            assert item["ranking"] == [rank[path] for path in item["generations"]]
            ties += len(item["ranking"]) - len(set(item["ranking"]))
            words.add(item["prompt"])
            for generation in item["generations"]:
                with Image.open(os.path.join(done.path, generation)) as picture:  # noqa: PTH118
                    assert picture.convert("RGB").size == (8, 8)
    assert ties == 1
    assert "ein Fuchs, grün" in words
    assert len(metadata(done.path)) > sum(
        len(item["generations"])
        for name in ("train", "valid", "test")
        for item in json.loads((done.path / f"{name}.json").read_text())
    )


async def test_without_files_there_is_nothing_for_that_trainer(scored: Path) -> None:
    done = await export(scored, pictures="zip")
    assert not list(done.path.glob("[!.]*.json"))


async def test_zips_have_them_and_are_the_same_each_time(scored: Path) -> None:
    done = await export(scored, pictures="zip")
    first = {path.name: path.read_bytes() for path in done.path.rglob("*.zip")}
    for path in metadata(done.path)["image_path"]:
        folder, name = path.rsplit("/", 1)
        with zipfile.ZipFile(done.path / f"{folder}.zip") as opened:
            assert size_of(opened.read(name)) == (8, 8)
    again = await export(scored, pictures="zip")
    assert {path.name: path.read_bytes() for path in again.path.rglob("*.zip")} == first


@pytest.mark.parametrize("pictures", ["zip", "folder"])
async def test_an_export_is_one_that_is_imported(
    scored: Path, tmp_path: Path, pictures: PictureForm
) -> None:
    done = await export(scored, pictures=pictures)
    database = await Database.open(tmp_path / "other.db")
    summary = await bring_imagerewarddb(database, done.path)
    assert (summary.read, summary.added, summary.left_out) == (done.rows, done.rows, ())
    ratings = await import_ratings(sink(database), done.path, keyed_hash=KEY)
    await database.close()
    frame = metadata(done.path)
    with closing(connect(database.path)) as connection:
        sets = connection.execute(
            "SELECT s.key, count(*) FROM images i JOIN sets s ON s.id = i.set_id GROUP BY s.key"
        ).fetchall()
    assert dict(sets) == frame.groupby("prompt_id").size().to_dict()
    assert {each.collection: each.added for each in ratings} == {
        f"imagerewarddb-{scale}": int(frame[column].notna().sum())
        for scale, (column, _) in SCALES.items()
    }


async def test_webdataset_reads_its_shards(scored: Path) -> None:
    done = await export(scored, pictures="webdataset")
    shards = sorted(str(path) for path in done.path.rglob("*.tar"))
    with warnings.catch_warnings():
        # The library leaves it to the collector to close its shards.
        warnings.simplefilter("ignore", ResourceWarning)
        samples = list(webdataset.WebDataset(shards, shardshuffle=False).decode("pil"))
        gc.collect()
    frame = metadata(done.path).set_index("image_path")
    assert len(samples) == len(frame)
    for sample in samples:
        assert sample["png"].size == (8, 8)
        assert sample["json"]["rank"] == frame.loc[sample["json"]["image_path"], "rank"]


async def test_names_with_dots_are_samples_of_their_own(scored: Path) -> None:
    with closing(connect(scored)) as connection:
        connection.execute("UPDATE images SET key = 'v1.' || (id / 4) || '.' || id")
    done = await export(scored, pictures="webdataset")
    shards = sorted(str(path) for path in done.path.rglob("*.tar"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        samples = list(webdataset.WebDataset(shards, shardshuffle=False))
        gc.collect()
    assert len(samples) == done.rows > 20
    assert all(size_of(sample["png"]) == (8, 8) for sample in samples)


ODD = {4: ("x", "a.png"), 5: ("x.png", "b"), 6: ("X", "c.json"), 7: ("y", "p. " + "猫" * 80)}
"""Keys and names of files of one prompt."""


@pytest.mark.parametrize("pictures", ["folder", "zip", "webdataset", "parquet"])
async def test_odd_names_keep_their_own_pictures(
    scored: Path, tmp_path: Path, pictures: PictureForm
) -> None:
    with closing(connect(scored)) as connection:
        for number, (key, member) in ODD.items():
            change = "UPDATE images SET key = ?, member = ? WHERE id = ?"
            connection.execute(change, (key, member, number))
            (tmp_path / "pictures" / f"{number}.png").rename(tmp_path / "pictures" / member)
    done = await export(scored, pictures=pictures)
    assert done.left_out.unreadable == 1
    found = shown(done.path)
    assert len(found) == done.rows
    for number, name in zip(ODD, ("x.png", "x.png.bin", "X.bin", "y.bin"), strict=True):
        stem, _, ending = name.rpartition(".")
        stem = stem.replace(".", "%2E") if pictures == "webdataset" else stem
        with Image.open(io.BytesIO(found[f"set%200~{stem}.{ending}"])) as picture:
            assert picture.getpixel((0, 0)) == (number, 0, 0)


def shown(folder: Path) -> dict[str, bytes]:
    """Return the pictures of an export by their names, in whatever form they are."""
    pictures: dict[str, bytes] = {}
    for path in (folder / "images").rglob("*.*"):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                pictures |= {name: archive.read(name) for name in archive.namelist()}
        elif path.suffix == ".tar":
            with tarfile.open(path) as archive_of_samples:
                for member in archive_of_samples:
                    file = archive_of_samples.extractfile(member)
                    assert file is not None
                    pictures[member.name] = file.read()
        elif path.suffix == ".parquet":
            rows = pd.read_parquet(path)["image"]
            pictures |= {row["path"]: row["bytes"] for row in rows}
        else:
            pictures[path.name] = path.read_bytes()
    return {name: data for name, data in pictures.items() if not name.endswith(".json")}


async def test_a_picture_that_is_gone_is_left_out_and_counted(scored: Path) -> None:
    without, done = await export(scored), await export(scored, pictures="folder")
    assert done.left_out.unreadable == 1
    assert len(metadata(done.path)) == done.rows
    assert without.left_out.unreadable == 0


@pytest.mark.parametrize(
    ("name", "pictures"),
    [
        *(("imagereward", form) for form in ("folder", "zip", "webdataset", "parquet")),
        ("trainingdata", "folder"),
    ],
)
async def test_a_picture_that_changed_after_its_import_goes_under_no_score(
    scored: Path, name: str, pictures: PictureForm
) -> None:
    before = await export(scored, name, pictures)
    other = io.BytesIO()
    Image.new("RGB", (9, 9), "white").save(other, "png")
    (scored.parent / "pictures" / "5.png").write_bytes(other.getvalue())
    done = await export(scored, name, pictures)
    assert (before.left_out.unreadable, before.left_out.changed) == (1, 0)
    assert (done.left_out.unreadable, done.left_out.changed) == (1, 1)
    assert done.images == before.images - 1
    assert not any(other.getvalue() in data for data in written(done.path))
    kept = (scored.parent / "pictures" / "7.png").read_bytes()
    assert any(kept in data for data in written(done.path))


@pytest.mark.parametrize(
    ("name", "pictures"),
    [
        *(("imagereward", form) for form in ("folder", "zip", "webdataset", "parquet")),
        ("trainingdata", "folder"),
        ("ava", "folder"),
    ],
)
async def test_a_picture_that_moderators_have_hidden_is_not_handed_on(
    scored: Path, name: str, pictures: PictureForm
) -> None:
    before = await export(scored, name, pictures)
    with closing(connect(scored)) as connection:
        connection.execute("UPDATE images SET stage = 'hidden' WHERE id = 5")
    done = await export(scored, name, pictures)
    assert (before.left_out.hidden, done.left_out.hidden) == (0, 1)
    assert done.images == before.images - 1
    hidden = (scored.parent / "pictures" / "5.png").read_bytes()
    assert not any(hidden in data for data in written(done.path))
    assert (await export(scored, name, "none")).left_out.hidden == 0


def written(folder: Path) -> list[bytes]:
    """Return what files have, of tables of pictures the pictures, since tables are packed."""
    tables = sorted(folder.glob("images/*/*.parquet"))
    pictures = [row["bytes"] for table in tables for row in pd.read_parquet(table)["image"]]
    return pictures or [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_a_picture_of_which_no_sum_is_known_is_taken_as_it_is(scored: Path) -> None:
    with closing(connect(scored)) as connection:
        connection.execute("UPDATE images SET sha256 = NULL WHERE id = 5")
    Image.new("RGB", (9, 9), "white").save(scored.parent / "pictures" / "5.png")
    assert (await export(scored, "trainingdata", "folder")).left_out.changed == 0


async def test_pictures_are_refused_where_the_format_has_no_room(scored: Path) -> None:
    with pytest.raises(ExportFailedError) as caught:
        await export(scored, "scores", "folder")
    assert "scores has pictures in these ways: none" in str(caught.value.values["reason"])


async def test_trainers_open_every_path_of_trainingdata(scored: Path) -> None:
    done = await export(scored, "trainingdata", "folder")
    frame = pd.read_parquet(done.path / "trainingdata.parquet")
    assert list(frame.columns) == ["IMAGEPATH", "AVERAGE_RATING"]
    means: dict[str, float] = dict(
        rows(
            scored,
            "SELECT key, avg(aesthetic) FROM votes JOIN images i ON i.id = image_id"
            " WHERE image_id <> 3 GROUP BY image_id",
        )
    )
    assert len(frame) == len(means) == done.rows
    assert done.left_out.unreadable == 1
    for path, mean in frame.itertuples(index=False):
        assert size_of((done.path / path).read_bytes()) == (8, 8)
        assert mean == pytest.approx(means[Path(path).stem.replace("%20", " ")])


async def test_pictures_of_ava_are_named_by_their_numbers(scored: Path) -> None:
    Image.new("RGB", (9, 9), "white").save(scored.parent / "pictures" / "5.png")
    without, done = await export(scored, "ava"), await export(scored, "ava", "folder")
    assert (done.left_out.unreadable, done.left_out.changed) == (1, 1)
    assert done.images == without.images - 2
    lines = [line.split() for line in (done.path / "AVA.txt").read_text().splitlines()]
    assert [line[0] for line in lines] == [str(number) for number in range(1, len(lines) + 1)]
    names = pd.read_csv(done.path / "images.csv")
    assert [line[1] for line in lines] == list(names["image_id"].astype(str))
    assert sorted(path.name for path in (done.path / "images").iterdir()) == sorted(
        f"{line[1]}.png" for line in lines
    )
    for number in names["image_id"]:
        with Image.open(done.path / "images" / f"{number}.png") as picture:
            assert picture.getpixel((0, 0)) == (number, 0, 0)
    assert not {3, 5} & set(names["image_id"])


async def test_trainingdata_without_pictures_names_all(scored: Path) -> None:
    done = await export(scored, "trainingdata")
    assert [path.name for path in done.path.glob("[!.]*")] == ["trainingdata.parquet"]
    assert len(pd.read_parquet(done.path / "trainingdata.parquet")) == done.rows


def test_ties_share_a_rank() -> None:
    images = [
        {"group": "g", "aesthetic": score, "artifacts": None} for score in (5.0, 7.001, 6.999, 1.0)
    ]
    assert [row["rank"] for row in ranked(images)] == [2, 1, 1, 3]


@pytest.mark.parametrize(
    ("aesthetic", "artifacts", "overall", "fidelity"),
    [(1, 5, 1, 1), (10, 0, 7, 7), (5.5, 2.5, 4, 4), (0.7, 5.2, 1, 1), (10.4, -0.3, 7, 7)],
)
def test_ratings_go_from_one_to_seven(
    aesthetic: float, artifacts: float, overall: int, fidelity: int
) -> None:
    image = {"aesthetic": aesthetic, "artifacts": artifacts}
    assert (rating(image, AESTHETIC), rating(image, ARTIFACTS)) == (overall, fidelity)


def parts(train: int, validation: int, without_pairs: int | None = None) -> Parts:
    """Return so many parts, of which those of one number have no pair."""
    numbers = {"train": range(1, train + 1), "validation": range(1, validation + 1), "test": ()}
    return {
        split: {
            "data": list(numbers[split]),
            "group": list(numbers[split]),
            "pair": [number for number in numbers[split] if number != without_pairs],
        }
        for split in PER_MILLE
    }


def test_a_part_without_pairs_is_named_with_the_others() -> None:
    text = card(parts(2, 0, without_pairs=1), with_pictures=False)
    assert "pair/train_2.parquet" in text
    assert "pair/train_1.parquet" not in text
    assert "data/train_1.parquet" in text
    text = card(parts(1, 0, without_pairs=1), with_pictures=False)
    assert "config_name: 1k_group\n" in text
    assert "_pair\n" not in text.split("---")[1]


async def test_datasets_loads_what_has_pairs_where_a_split_has_none(
    scored: Path, tmp_path: Path
) -> None:
    with closing(connect(scored)) as connection:
        for image, prompt in connection.execute("SELECT id, prompt FROM images").fetchall():
            if split_of(prompt, "") == "validation":
                connection.execute("UPDATE image_scores SET score = 5 WHERE image_id = ?", (image,))
    folder = (await export(scored)).path
    assert pd.read_parquet(folder / "pair" / "validation_1.parquet").empty
    assert list(load(folder, "1k_group", tmp_path)) == ["train", "validation", "test"]
    assert list(load(folder, "1k_pair", tmp_path)) == ["train", "test"]


def test_subsets_grow_with_the_parts() -> None:
    text = card(parts(6, 1), with_pictures=False)
    first, second = text.index("config_name: 1k\n"), text.index("config_name: 2k\n")
    assert "data/train_4.parquet" in text[first : text.index("config_name: 1k_group")]
    assert "data/train_5.parquet" not in text[first : text.index("config_name: 1k_group")]
    assert "data/train_6.parquet" in text[second : text.index("config_name: 2k_group")]
    assert "split: test" not in text
    assert "configs:" not in card(parts(0, 0), with_pictures=False)
