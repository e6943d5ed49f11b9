"""Imported votes in the tables of images: counted and scored as votes of raters of their own."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.exports.catalogue import FORMATS
from bot.datasets.exports.imported import _is_repeated
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.splits import split_of
from bot.datasets.imports.votes.formats import CsvColumns, csv_format
from bot.errors import ExportFailedError
from storage.connections import connect
from storage.database import Database
from tests.datasets.exports.imported import ALL, import_rows
from tests.datasets.exports.votes_file import VotesFile
from tests.datasets.imports.votes.bringing import EARLIER, bring, row
from tests.trust.scored import run

OURS = replace(ALL, imported=False)
THEIRS, IMAGES, RATERS = 12, 40, 9
Vote = tuple[int, int, int, int | None]
"""Rater, image, and scores."""


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    opened = VotesFile(tmp_path / "jury.db")
    fill(opened)
    yield opened
    opened.close()


def fill(votes: VotesFile) -> None:
    """Add images of twenty prompts, and raters."""
    votes.data_set("mine")
    for number in range(IMAGES):
        votes.image(f"image-{number}", prompt=f"prompt {number // 2}", size=(512, 768))
    for _ in range(RATERS):
        votes.rater()


def crowd(raters: int, seed: int) -> list[Vote]:
    """Return votes of people who see the same, each in their way."""
    chance = random.Random(seed)
    good = [chance.uniform(2, 9) for _ in range(IMAGES)]
    return [
        (
            rater, image, min(max(round(good[image] + chance.gauss(rater % 3 - 1, 1)), 1), 10),
            chance.choice([None, 0, 1, 2, 5]),
        )
        for rater in range(raters)
        for image in chance.sample(range(IMAGES), 25)
    ]  # fmt: skip


def cast(votes: VotesFile, given: Sequence[Vote], *, first: int = 1) -> None:
    for rater, image, aesthetic, artifacts in given:
        votes.vote(first + rater, 1 + image, aesthetic, artifacts)


def row_of(vote: Vote, number: int, **values: object) -> dict[str, Any]:
    rater, image, rating, artifacts = vote
    return row(
        number, id=f"image-{image}", rating=rating,
        artifacts=None if artifacts is None else float(artifacts), user_id=f"theirs {rater}",
        **values,
    )  # fmt: skip


async def bring_votes(votes: VotesFile, given: Sequence[Vote]) -> None:
    await import_rows(votes, *(row_of(vote, number) for number, vote in enumerate(given)))


async def table(votes: VotesFile, name: str, selection: Selection = ALL) -> pd.DataFrame:
    done = await votes.service().export(name, selection)
    frame = pd.read_parquet(done.path)
    assert done.rows == len(frame)
    return frame


async def folder(votes: VotesFile, name: str, selection: Selection = ALL) -> Path:
    return (await votes.service().export(name, selection)).path


async def test_scores_are_as_if_they_were_votes_of_raters_here(
    votes: VotesFile, tmp_path: Path
) -> None:
    ours, theirs = crowd(RATERS, 1), crowd(THEIRS, 2)
    cast(votes, ours)
    await bring_votes(votes, theirs)
    found = await table(votes, "scores")
    other = VotesFile(tmp_path / "other" / "jury.db")
    fill(other)
    for _ in range(THEIRS):
        other.rater()
    cast(other, ours)
    cast(other, theirs, first=1 + RATERS)
    other.connection.execute("UPDATE votes SET surface = 'private'")
    expected = await table(other, "scores", replace(OURS, surface="private"))
    other.close()
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)
    assert found["votes"].sum() > len(ours) + len(theirs)
    assert not found.equals(await table(votes, "scores", replace(OURS, surface="public")))


async def test_no_score_that_is_kept_and_no_rater_of_ours_hears_of_them(votes: VotesFile) -> None:
    tables = ("raters", "votes", "image_scores", "rater_scores", "score_runs", "awards", "holds")

    def here() -> list[list[Any]]:
        with connect(votes.path) as c:
            return [c.execute(f"SELECT * FROM {each}").fetchall() for each in tables]  # noqa: S608 - named above

    cast(votes, crowd(RATERS, 1))
    run(votes.path)
    before, kept = here(), await table(votes, "scores", OURS)
    await bring_votes(votes, crowd(THEIRS, 2))
    assert not kept.equals(await table(votes, "scores"))
    assert here() == before
    assert kept.equals(await table(votes, "scores", OURS))


async def test_whom_a_file_did_not_name_is_nobody_twice(votes: VotesFile, tmp_path: Path) -> None:
    """Not one rater who has all these votes, but a rater each."""
    cast(votes, crowd(RATERS, 1))
    given = [(0, image, rating, None) for image in range(5) for rating in (2, 2, 9)]
    rows = [row_of(vote, number) for number, vote in enumerate(given)]
    await import_rows(votes, *rows, columns=EARLIER)
    found = await table(votes, "scores")
    other = VotesFile(tmp_path / "other" / "jury.db")
    fill(other)
    cast(other, crowd(RATERS, 1))
    await import_rows(other, *(each | {"user_id": f"{n}"} for n, each in enumerate(rows)))
    pd.testing.assert_frame_equal(found, await table(other, "scores"), rtol=1e-9)
    other.close()


async def test_of_two_votes_of_one_rater_on_one_image_neither_counts(votes: VotesFile) -> None:
    await bring_votes(
        votes, [(0, 1, 2, 0), (0, 1, 9, 0), (0, 2, 5, 1), (1, 1, 7, None), (1, 2, 5, 1)]
    )
    found = (await table(votes, "scores")).set_index(["id", "scale"])
    assert found["votes"].to_dict() == {
        ("image-1", "aesthetic"): 1, ("image-2", "aesthetic"): 2, ("image-2", "artifacts"): 2,
    }  # fmt: skip
    assert found.loc[("image-1", "aesthetic"), "plain_mean"] == 7
    assert len(await table(votes, "horde")) == 5


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(-3, 0))))
def test_who_has_judged_an_image_twice_is_found(given: list[tuple[int, int]]) -> None:
    image, rater = ([each[n] for each in given] for n in (0, 1))
    found = _is_repeated(
        pa.record_batch(
            {"image_id": pa.array(image, pa.int64()), "rater": pa.array(rater, pa.int64())}
        )
    )
    assert found.tolist() == [each[1] != 0 and given.count(each) > 1 for each in given]


PREPARED = "prepared_hord_diffusion_dataset.parquet"


async def test_prepared_is_what_the_script_means_to_make_of_the_horde_table(
    votes: VotesFile,
) -> None:
    cast(votes, crowd(RATERS, 1)[::3])
    theirs = crowd(THEIRS, 2)
    rows = [row_of(vote, number) for number, vote in enumerate([*theirs, *theirs[:30]])]
    strange = [row(9_000 + n, id="elsewhere", user_id=f"{n}") for n in range(5)]
    await import_rows(votes, *rows, *strange)
    for selection, dropped in ((ALL, False), (replace(ALL, linked=True), True)):
        ratings = await table(votes, "horde", ALL)
        ratings = ratings.drop_duplicates(["id", "user_id"], keep=False)
        if dropped:
            ratings = ratings[ratings["kudos"] != -50]
        figures = ratings.groupby("id").agg({"rating": ["count", "median"], "artifacts": "median"})
        figures = figures[figures["rating"]["count"] >= 3].drop("elsewhere", errors="ignore")
        found = pd.read_parquet(await folder(votes, "prepared", selection) / PREPARED)
        found = found.set_index(found["image_name"].str.removesuffix(".webp")).sort_index()
        assert list(found.index) == list(figures.index)
        assert list(found["ratings_count"]) == list(figures["rating"]["count"])
        away = np.abs(found["rating"] - figures["rating"]["median"])
        assert set(away) <= {0.0, 0.5}
        assert found["artifacts"].isna().equals(figures["artifacts"]["median"].isna())
        assert found["prompt"].notna().all()


async def test_both_splits_have_images_that_only_imported_votes_are_on(votes: VotesFile) -> None:
    await bring_votes(votes, crowd(THEIRS, 2))
    path = await folder(votes, "prepared")
    names = {
        split: set(pd.read_parquet(path / f"{split}_split.parquet")["image_name"])
        for split in ("train", "validate")
    }
    train = {
        f"image-{n}.webp"
        for n in range(IMAGES)
        if split_of(f"prompt {n // 2}", f"image-{n}") == "train"
    }
    assert names["train"]
    assert names["train"] <= train
    assert names["validate"]
    assert not names["validate"] & train


async def test_the_other_tables_have_the_same_scores_and_means(votes: VotesFile) -> None:
    cast(votes, crowd(RATERS, 1))
    await bring_votes(votes, crowd(THEIRS, 2))
    scores = await table(votes, "scores")
    aesthetic = scores[scores["scale"] == "aesthetic"].set_index("id")
    laion = await table(votes, "laion")
    assert list(laion["AESTHETIC_SCORE"]) == list(aesthetic["score"])
    training = pd.read_parquet(await folder(votes, "trainingdata") / "trainingdata.parquet")
    keys = training["IMAGEPATH"].str.extract(r"/([^/]+)\.webp$")[0]
    assert dict(zip(keys, training["AVERAGE_RATING"], strict=True)) == pytest.approx(
        aesthetic["plain_mean"].to_dict()
    )
    lines = np.loadtxt(await folder(votes, "ava") / "AVA.txt", dtype=int)
    assert lines[:, 2:12].sum(1).tolist() == aesthetic["votes"].tolist()
    pairs = await table(votes, "pairs")
    pairs = pairs[pairs["scale"] == "aesthetic"]
    differences = [
        aesthetic.loc[pair["better"], "score"].round(2)
        - aesthetic.loc[pair["worse"], "score"].round(2)
        for _, pair in pairs.iterrows()
    ]
    assert len(pairs)
    assert list(pairs["difference"]) == pytest.approx(differences)
    ranked = pd.concat(
        pd.read_parquet(each) for each in (await folder(votes, "imagereward")).glob("metadata-*")
    )
    assert len(ranked) == IMAGES
    best = ranked[ranked["rank"] == 1]["image_path"].str.extract(r"~(image-\d+)")[0]
    assert set(pairs["better"]) <= set(best)


@pytest.mark.parametrize("name", [name for name, offer in FORMATS.items() if offer.imported])
async def test_minimum_times_and_data_sets_select(votes: VotesFile, name: str) -> None:
    await bring_votes(votes, crowd(THEIRS, 2))
    none = replace(ALL, since=0, until=1)
    if FORMATS[name].is_folder:
        done = await votes.service().export(name, none)
        assert (done.rows, done.images) == (0, 0)
    else:
        assert (await table(votes, name, none)).empty
    votes.data_set("other")
    for wrong, said in (
        (Selection(("mine", "other"), imported=True), "imported votes are added to one data set"),
        (replace(ALL, surface="public"), "imported votes were given neither in public posts"),
    ):
        with pytest.raises(ExportFailedError) as refused:
            await votes.service().export(name, wrong)
        assert said in str(refused.value.values["reason"])


async def test_scores_of_a_choice_are_those_of_these_votes_alone(
    votes: VotesFile, tmp_path: Path
) -> None:
    """Of validated raters on safe images: what another database has that knows no others."""
    ours, theirs = crowd(RATERS, 1), crowd(THEIRS, 2)
    other = VotesFile(tmp_path / "other" / "jury.db")
    fill(other)
    for each, mine, of_others in (
        (votes, ours, theirs),
        (other, [vote for vote in ours if vote[0] % 2], [vote for vote in theirs if vote[0] % 3]),
    ):
        cast(each, mine)
        each.connection.execute("UPDATE images SET safe = id % 2")
        each.connection.execute("UPDATE raters SET status = 'validated' WHERE number % 2 = 0")
        each.connection.commit()
        rows = [
            row_of(vote, number, validated=vote[0] % 3 != 0)
            for number, vote in enumerate(of_others)
        ]
        await import_rows(each, *rows)
    found = await table(votes, "scores", replace(ALL, raters="validated", safety="safe"))
    expected = await table(other, "scores", replace(ALL, safety="safe"))
    other.close()
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)
    assert set(found["id"]) <= {f"image-{n}" for n in range(0, IMAGES, 2)}
    assert len(found) > IMAGES / 2


@pytest.mark.parametrize("name", [name for name, offer in FORMATS.items() if not offer.imported])
async def test_formats_of_single_votes_take_none(votes: VotesFile, name: str) -> None:
    with pytest.raises(ExportFailedError) as refused:
        await votes.service().export(name, ALL)
    taking = "horde, scores, prepared, pairs, imagereward, trainingdata, laion, ava"
    assert refused.value.values["reason"] == f"imported votes go into {taking}, not into {name}"


async def test_votes_on_images_that_are_nowhere_are_refused_with_what_to_do(
    votes: VotesFile,
) -> None:
    cast(votes, crowd(RATERS, 1))
    assert len(await table(votes, "scores"))  # no imported vote is no reason
    await import_rows(votes, row(1, id="elsewhere"))
    for name in ("scores", "prepared"):
        with pytest.raises(ExportFailedError) as refused:
            await votes.service().export(name, ALL)
        assert "mine has none of the images" in str(refused.value.values["reason"])
    await import_rows(votes, row(2, id="image-0"))
    assert len(await table(votes, "scores"))


async def test_votes_of_another_format_make_no_image_known(
    votes: VotesFile, tmp_path: Path
) -> None:
    csv = tmp_path / "study.csv"
    csv.write_text("rater,item,score\nada,image-0,5\n", "utf-8")
    database = await Database.open(votes.path)
    await bring(database, csv, csv_format(1, 10, CsvColumns()), collection="study")
    await database.close()
    cast(votes, crowd(RATERS, 1))
    for name in ("scores", "horde", "prepared"):
        with pytest.raises(ExportFailedError) as refused:
            await votes.service().export(name, ALL)
        reason = str(refused.value.values["reason"])
        assert "mine has none; there is: study (csv)." in reason
        assert "Leave out --with-imported" in reason
    await import_rows(votes, row(1, id="elsewhere"))
    with pytest.raises(ExportFailedError) as refused:
        await table(votes, "scores")
    assert "mine has none of the images" in str(refused.value.values["reason"])
    await import_rows(votes, row(2, id="image-0"))
    assert len(await table(votes, "scores"))
