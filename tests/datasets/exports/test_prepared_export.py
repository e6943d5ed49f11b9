"""The prepared splits, as the scripts of aesthetics-scorer make them and read them."""

import asyncio
import math
import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.datasets.exports.folders import MARK
from bot.datasets.exports.formats.prepared import SHOWN, STATS, heads, image_name, rounded
from bot.datasets.exports.histograms import Histograms
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.splits import split_of
from bot.datasets.exports.tally import Tally
from bot.errors import ExportFailedError
from bot.rating.scales import AESTHETIC, ARTIFACTS
from tests.datasets.exports.children import children, started_child
from tests.datasets.exports.votes_file import DIFFUSIONDB, VOTED, VotesFile

WHOLE, TRAIN, VALIDATE = (
    "prepared_hord_diffusion_dataset.parquet", "train_split.parquet", "validate_split.parquet",
)  # fmt: skip
COLUMNS = {
    "image_name": "str",
    "ratings_count": "int64",
    "rating": "float64",
    "artifacts": "float64",
    "prompt": "str",
    "part_id": "uint16",
    "width": "uint16",
    "height": "uint16",
}
ACCOUNT = (300, 0, 2, False)


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    file = VotesFile(tmp_path / "jury.db")
    file.data_set()
    yield file
    file.close()


def fill(votes: VotesFile, images: int = 40, raters: int = 6) -> None:
    """Add images of DiffusionDB with up to so many votes each, some without artifacts."""
    chance = random.Random(7)
    numbers = [votes.rater() for _ in range(raters)]
    for number in range(images):
        image = votes.image(
            f"{number:08}-uuid", prompt=f"prompt {number // 2}", size=(512, 768),
            parameters=f'{{"part_id": {number + 1}, "seed": 3}}',
        )  # fmt: skip
        for rater in numbers[: chance.randint(0, raters)]:
            artifacts = chance.choice([None, 0, 1, 2, 3, 4, 5])
            votes.vote(rater, image, chance.randint(1, 10), artifacts)


async def exported(votes: VotesFile, selection: Selection = DIFFUSIONDB) -> dict[str, pd.DataFrame]:
    done = await votes.service().export("prepared", selection)
    names = sorted(path.name for path in done.path.iterdir())
    assert names == sorted([MARK, STATS, WHOLE, TRAIN, VALIDATE])
    frames = {name: pd.read_parquet(done.path / name) for name in (WHOLE, TRAIN, VALIDATE)}
    assert done.rows == done.images == len(frames[WHOLE])
    assert done.bytes == sum(path.stat().st_size for path in done.path.glob("[!.]*"))
    return frames


async def test_histograms_are_of_all_answers_in_each_file(votes: VotesFile, tmp_path: Path) -> None:
    fill(votes)
    frames = await exported(votes)
    histograms = Histograms(list(frames), SHOWN)
    for part, frame in frames.items():
        for half in (frame[::2], frame[1::2]):
            histograms.add(part, pa.RecordBatch.from_pandas(half))
        for name, scale in (("rating", AESTHETIC), ("artifacts", ARTIFACTS)):
            wanted = frame[name].value_counts().reindex(scale.values, fill_value=0)
            assert histograms.counts[part][name].tolist() == wanted.tolist()
    histograms.write(tmp_path / "drawn.png")
    drawn = (tmp_path / "drawn.png").read_bytes()
    assert (votes.service().folder / "diffusiondb_prepared" / STATS).read_bytes() == drawn
    with Image.open(tmp_path / "drawn.png") as picture:
        assert picture.size == (1000, 1000)
        assert len(picture.convert("RGB").getcolors(2**20) or []) > 10


@pytest.mark.parametrize("home", ["", "/nonexistent/home", "a file", "with settings"])
async def test_no_home_is_needed_to_draw_and_none_is_looked_into(
    votes: VotesFile,
    home: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nothing can be made below a file, whoever asks: not even root as in a container."""
    fill(votes)
    await exported(votes)
    drawn = votes.service().folder / "diffusiondb_prepared" / STATS
    usual = drawn.read_bytes()
    place = votes.path.parent / "home"
    if home == "a file":
        place.write_text("")
    elif home == "with settings":
        (place / ".config" / "matplotlib").mkdir(parents=True)
        (place / ".config" / "matplotlib" / "matplotlibrc").write_text("axes.facecolor: red\n")
    monkeypatch.setenv("HOME", str(place) if " " in home else home)
    for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    capfd.readouterr()
    await exported(votes)
    assert capfd.readouterr().err == ""
    assert drawn.read_bytes() == usual
    assert [path.name for path in votes.service().folder.iterdir()] == ["diffusiondb_prepared"]
    assert not os.path.lexists("/nonexistent")  # noqa: ASYNC240 - a look


async def test_nothing_is_drawn_as_nothing(votes: VotesFile) -> None:
    frames = await exported(votes)
    assert all(frame.empty for frame in frames.values())


def fancy_round(row: Any) -> float:  # noqa: ANN401 - a row of pandas
    """Round as dataset_parquet_files.py does, but for its coin."""
    if row["median"].is_integer() or math.isnan(row["median"]):
        return float(row["median"])
    if row["median"] == row["mean"]:
        return math.nan
    return float(
        math.ceil(row["median"]) if row["mean"] > row["median"] else math.floor(row["median"])
    )


async def test_it_is_what_the_script_meant_to_make_of_the_votes(votes: VotesFile) -> None:
    fill(votes)
    ratings = pd.read_parquet((await votes.service().export("horde", DIFFUSIONDB)).path)
    figures = ratings.groupby("id").agg(
        {"rating": ["count", "median", "mean"], "artifacts": ["median", "mean"]}
    )
    figures = figures[figures["rating"]["count"] >= 3]
    found = (await exported(votes))[WHOLE]
    assert {name: str(kind) for name, kind in found.dtypes.items()} == COLUMNS
    assert list(found["image_name"].str.split(".").str[0]) == list(figures.index)
    assert list(found["ratings_count"]) == list(figures["rating"]["count"])
    coins = 0
    for scale in ("rating", "artifacts"):
        expected = figures[scale].apply(fancy_round, axis=1).to_numpy()
        middle = figures[scale]["median"].to_numpy()
        tossed = (middle == figures[scale]["mean"].to_numpy()) & np.isnan(expected)
        np.testing.assert_array_equal(found[scale].to_numpy()[~tossed], expected[~tossed])
        away = np.abs(found[scale].to_numpy() - middle)[tossed]
        assert (away == 0.5).all()
        coins += int(tossed.sum())
    assert coins > 0
    assert (found["width"] == 512).all()
    assert (found["image_name"] == [f"{part - 1:08}-uuid.webp" for part in found["part_id"]]).all()


async def test_the_splits_are_the_whole_and_go_by_the_prompt(votes: VotesFile) -> None:
    fill(votes, images=200)
    frames = await exported(votes)
    together = pd.concat([frames[TRAIN], frames[VALIDATE]])
    assert sorted(together["image_name"]) == sorted(frames[WHOLE]["image_name"])
    assert not set(frames[TRAIN]["prompt"]) & set(frames[VALIDATE]["prompt"])
    assert all(split_of(prompt, "") == "train" for prompt in frames[TRAIN]["prompt"])
    assert 0.7 < len(frames[TRAIN]) / len(together) < 0.9
    before = set(frames[VALIDATE]["image_name"])
    fill_more = [votes.rater() for _ in range(3)]
    for number in range(200, 260):
        image = votes.image(f"{number:08}-uuid", prompt=f"prompt {number // 2}")
        for rater in fill_more:
            votes.vote(rater, image)
    assert before < set((await exported(votes))[VALIDATE]["image_name"])


async def test_the_filters_hold(votes: VotesFile) -> None:
    good = [votes.rater() for _ in range(3)]
    banned = votes.rater(status="banned")
    ended = votes.rater(status="banned", until=VOTED - timedelta(days=1))
    one, two, three = (votes.image(key) for key in ("one", "two", "three"))
    for rater in good[:2]:
        votes.vote(rater, one, 4, account=ACCOUNT)
        votes.vote(rater, two, 4, account=ACCOUNT)
    votes.vote(banned, one, 10)
    votes.vote(ended, two, 4)
    for rater in good:
        votes.vote(rater, three, 6, None, account=ACCOUNT)
    votes.vote(votes.rater(), three, 9, None, gold=True)
    found = (await exported(votes))[WHOLE]
    assert list(found["image_name"]) == ["two.webp", "three.webp"]
    assert list(found["ratings_count"]) == [3, 3]
    assert found["artifacts"].isna().to_list() == [False, True]
    linked = (await exported(votes, replace(DIFFUSIONDB, linked=True)))[WHOLE]
    assert list(linked["image_name"]) == ["three.webp"]
    assert (await exported(votes, replace(DIFFUSIONDB, minimum_votes=4)))[WHOLE].empty


async def test_what_is_not_of_diffusiondb_lacks_only_what_it_has_not(votes: VotesFile) -> None:
    hostile = ['{"part_id": "a"}', '{"part_id": 99999999999999999999}', '{"part_id": -1}', "[1]"]
    raters = [votes.rater() for _ in range(3)]
    images = [votes.image(f"{n}", parameters=text) for n, text in enumerate(hostile)]
    images += [
        votes.image("wide", size=(2**16, 2**16 - 1)),
        votes.image("with part", parameters='{"part_id": 7}'),
    ]
    for image in images:
        for rater in raters:
            votes.vote(rater, image)
    found = (await exported(votes))[WHOLE].set_index("image_name")
    assert found["prompt"].isna().all()
    assert found["part_id"].dropna().to_dict() == {"with part.webp": 7}
    assert found["width"].isna().all()
    assert found["height"].dropna().to_dict() == {"wide.webp": 2**16 - 1}


async def test_a_folder_that_is_no_earlier_export_stays(votes: VotesFile, tmp_path: Path) -> None:
    fill(votes, images=4)
    out = tmp_path / "parquets"
    service = votes.service()
    done = await service.export("prepared", DIFFUSIONDB, out=out)
    assert done.path == out
    await service.export("prepared", DIFFUSIONDB, out=out)
    (out / "notes.txt").write_text("mine")
    for place in (out, votes.path, tmp_path):
        with pytest.raises(ExportFailedError):
            await service.export("prepared", DIFFUSIONDB, out=place)
    with pytest.raises(ExportFailedError) as caught:
        await service.export("prepared", DIFFUSIONDB, "csv")
    assert "a folder" in str(caught.value.values["reason"])
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "seen", [".*.lock", ".*.partial", f".*.partial/{TRAIN}", f".*.partial/{MARK}", ".*.earlier"]
)
async def test_a_killed_export_leaves_no_half_folder(votes: VotesFile, seen: str) -> None:
    fill(votes)
    service = votes.service()
    done = await service.export("prepared", DIFFUSIONDB)
    before, others = pd.read_parquet(done.path / WHOLE), children()
    export = asyncio.create_task(service.export("prepared", DIFFUSIONDB))
    child = await started_child(others)
    while not export.done() and not any(service.folder.glob(seen)):  # noqa: ASYNC110 - files have no event
        await asyncio.sleep(0)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with suppress(ExportFailedError):
        await export
    # Between its two renames the old folder has another name for a moment.
    there = done.path if done.path.exists() else service.folder / ".diffusiondb_prepared.earlier"
    pd.testing.assert_frame_equal(pd.read_parquet(there / WHOLE), before)
    await exported(votes)
    assert [path.name for path in service.folder.iterdir()] == ["diffusiondb_prepared"]


@given(st.lists(st.sampled_from(ARTIFACTS.values), min_size=1), st.booleans())
def test_halves_go_towards_the_mean(answers: list[int], coin: bool) -> None:  # noqa: FBT001 - drawn
    own = np.array(answers, np.int64)
    tally = Tally.of(ARTIFACTS, np.zeros(len(own), np.int64), own, 1)
    (found,) = rounded(tally, np.array([coin]))
    median, mean = float(np.median(own)), float(own.mean())
    expected = fancy_round({"median": median, "mean": mean})
    if math.isnan(expected):
        expected = math.ceil(median) if coin else math.floor(median)
    assert found == expected


def test_the_coin_is_fair_and_falls_the_same_way_each_time() -> None:
    tosses = [heads("aesthetic", f"{number}") for number in range(4_000)]
    assert tosses == [heads("aesthetic", f"{number}") for number in range(4_000)]
    assert 0.45 < sum(tosses) / len(tosses) < 0.55
    assert tosses != [heads("artifacts", f"{number}") for number in range(4_000)]


@pytest.mark.parametrize(
    ("key", "member", "name"),
    [
        ("a670", "part-000001/a670.png", "a670.png"),
        ("b/0001.png", "b/0001.png", "b/0001.png"),
        ("plain", "plain", "plain"),
    ],
)
def test_the_name_of_a_file_begins_with_the_key(key: str, member: str, name: str) -> None:
    assert image_name(key, member) == name
