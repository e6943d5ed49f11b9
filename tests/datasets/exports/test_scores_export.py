"""The format of scores: each is of exactly the votes that are selected."""

import shutil
import statistics
from contextlib import closing
from math import erf, sqrt
from pathlib import Path

import pandas as pd
import pytest

from bot.datasets.exports.catalogue import FileType
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.service import Exported, ExportService
from bot.errors import ExportFailedError
from bot.rating.scales import SCALES
from storage import image_scores
from storage.connections import connect
from tests.datasets.exports.votes_file import KEY
from tests.rating.world import TurnedClock
from tests.trust.scored import NOON, Shape, change, image_rows, make, rows, run, take_out, vote

TABLE = {
    "data_set": "str",
    "id": "str",
    "scale": "str",
    "score": "float64",
    "standard_error": "float64",
    "confidence": "float64",
    "plain_mean": "float64",
    "median": "float64",
    "votes": "int64",
    "histogram": "object",
    "agreement": "float64",
    "split": "str",
}
Figures = dict[tuple[str, int], tuple[float, ...]]
SMALL = Shape(raters=12, each=10)


async def export(
    path: Path, selection: Selection | None = None, kind: FileType = "parquet"
) -> Exported:
    service = ExportService(path, TurnedClock(NOON), KEY)
    return await service.export("scores", selection or Selection(), kind)


async def exported(path: Path, selection: Selection | None = None) -> pd.DataFrame:
    done = await export(path, selection)
    frame = pd.read_parquet(done.path)
    assert (done.rows, done.images) == (len(frame), len(frame.groupby(["data_set", "id"])))
    return frame


def told(frame: pd.DataFrame) -> Figures:
    """Return score, error, votes and mean by scale and image."""
    names = ["score", "standard_error", "votes", "plain_mean"]
    images = frame["id"].str.removeprefix("image ").astype(int) + 1
    figures = frame[names].itertuples(index=False, name=None)
    return dict(zip(zip(frame["scale"], images, strict=True), figures, strict=True))


def kept(path: Path) -> Figures:
    return {(scale, image): row[:4] for (scale, image), row in image_rows(path).items()}


def assert_same(one: Figures, other: Figures) -> None:
    assert one.keys() == other.keys()
    for key, figures in one.items():
        assert figures == pytest.approx(other[key], abs=1e-9), key


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    path = make(tmp_path / "jury.db", SMALL)
    run(path)
    return path


async def test_the_scores_of_the_last_run_come_out(scored: Path) -> None:
    frame = await exported(scored)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == TABLE
    assert_same(told(frame), kept(scored))
    assert set(frame["data_set"]) == {"set 0", "set 1"}


async def test_plain_figures_are_those_of_the_votes(scored: Path) -> None:
    frame = (await exported(scored)).set_index(["id", "scale"])
    votes: dict[tuple[str, str], list[int]] = {}
    for key, aesthetic, artifacts in rows(
        scored, "SELECT i.key, aesthetic, artifacts FROM votes v JOIN images i ON i.id = image_id"
    ):
        votes.setdefault((key, "aesthetic"), []).append(aesthetic)
        votes.setdefault((key, "artifacts"), []).append(artifacts)
    assert set(frame.index) == set(votes)
    for where, answers in votes.items():
        row = frame.loc[where]
        assert row["votes"] == len(answers)
        assert row["median"] == statistics.median(answers)
        assert list(row["histogram"]) == [answers.count(n) for n in SCALES[where[1]].values]
        assert row["confidence"] == pytest.approx(erf(0.5 / row["standard_error"] / sqrt(2)))
    assert frame["agreement"].between(0, 1).all()


async def test_votes_since_the_last_run_are_in_their_images_scores(scored: Path) -> None:
    """As the database scores an image when a vote is taken out of it."""
    with closing(connect(scored)) as connection:
        connection.execute("INSERT INTO raters (number, first_seen_at) VALUES (99, 0)")
        vote(connection, 99, 1, 1, 5)
        take_out(connection, *rows(scored, "SELECT rater, image_id FROM votes WHERE image_id=2")[0])
        connection.execute(
            "UPDATE votes SET aesthetic = 11 - aesthetic, artifacts = NULL, artifacts_at = NULL,"
            " completed_at = NULL WHERE image_id = 3"
        )
        connection.execute(
            "INSERT INTO vote_history (rater, image_id, action, at) VALUES (1, 3, 'changed', 1)"
        )
    before, frame = kept(scored), await exported(scored)
    with closing(connect(scored)) as connection:
        for image in (1, 2, 3):
            image_scores.rescore(connection, image, NOON)
    after = kept(scored)
    assert {key for key in before if before.get(key) != after.get(key)} == {
        *((scale, image) for scale in SCALES for image in (1, 2, 3))
    }
    assert_same(told(frame), after)


async def test_votes_of_who_is_being_erased_are_in_no_score(scored: Path) -> None:
    change(scored, "UPDATE raters SET erased_at = 1 WHERE number = 5")
    frame = await exported(scored)
    change(scored, "DELETE FROM votes WHERE rater = 5")
    images = [image for (image,) in rows(scored, "SELECT id FROM images")]
    with closing(connect(scored)) as connection:
        for image in images:
            image_scores.rescore(connection, image, NOON)
    assert {key: row[2] for key, row in told(frame).items()} == {
        key: row[2] for key, row in kept(scored).items()
    }


NARROWED = {
    "since": (Selection(since=5), "created_at < 5"),
    "until": (Selection(until=5), "created_at >= 5"),
    "surface": (Selection(surface="private"), "surface = 'public'"),
    "linked": (Selection(linked=True), "horde_kudos IS NULL"),
    "one data set": (
        Selection(("set 1",), since=5),
        "created_at < 5 OR image_id IN (SELECT id FROM images WHERE data_set_id = 1)",
    ),
}


@pytest.mark.parametrize("name", NARROWED)
async def test_fewer_votes_are_scored_as_if_there_were_no_others(scored: Path, name: str) -> None:
    selection, left_out = NARROWED[name]
    change(
        scored,
        "UPDATE votes SET created_at = id % 10, surface = iif(id % 3, 'private', 'public'),"
        " horde_kudos = iif(id % 4, 7, NULL)",
    )
    alone = scored.with_name("alone.db")
    shutil.copy(scored, alone)
    change(alone, f"DELETE FROM votes WHERE {left_out}")  # noqa: S608 - from this file
    run(alone)
    found, expected = told(await exported(scored, selection)), kept(alone)
    assert found.keys() == expected.keys()
    for key, figures in found.items():
        assert figures == pytest.approx(expected[key], abs=0.02), key
    assert found != told(await exported(scored))


async def test_gold_is_scored_only_where_it_is_asked_for(scored: Path) -> None:
    change(scored, "UPDATE votes SET gold = 1 WHERE image_id = 1")
    assert ("aesthetic", 1) not in told(await exported(scored))
    assert ("aesthetic", 1) in told(await exported(scored, Selection(gold=True)))


async def test_a_scale_needs_its_own_votes(scored: Path) -> None:
    change(
        scored,
        "UPDATE votes SET artifacts = NULL, artifacts_at = NULL, completed_at = NULL"
        " WHERE image_id = 1 AND rater <> (SELECT min(rater) FROM votes WHERE image_id = 1)",
    )
    run(scored)
    assert {("aesthetic", 1), ("artifacts", 1)} <= told(await exported(scored)).keys()
    two = await exported(scored, Selection(minimum_votes=2))
    assert [row for row in told(two) if row[1] == 1] == [("aesthetic", 1)]
    one = (await exported(scored)).set_index(["id", "scale"]).loc[("image 0", "artifacts")]
    assert (one["votes"], pd.isna(one["agreement"])) == (1, True)


async def test_without_a_run_it_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "jury.db", SMALL)
    with pytest.raises(ExportFailedError) as caught:
        await export(path)
    assert "jury scores" in str(caught.value.values["reason"])
    assert list((tmp_path / "exports").iterdir()) == []
    assert len(await exported(path, Selection(surface="public"))) == 48


async def test_texts_hold_the_same_table(scored: Path) -> None:
    table = await exported(scored)
    table["histogram"] = table["histogram"].map(list)
    lines = pd.read_json((await export(scored, kind="jsonl")).path, lines=True, dtype=False)
    pd.testing.assert_frame_equal(lines, table, check_dtype=False)
    cells = pd.read_csv((await export(scored, kind="csv")).path)
    cells["histogram"] = [
        [int(number) for number in text.strip("[]").split(",")] for text in cells["histogram"]
    ]
    pd.testing.assert_frame_equal(cells, table, check_dtype=False)


async def test_nobody_voted(tmp_path: Path) -> None:
    path = make(tmp_path / "jury.db", SMALL)
    change(path, "DELETE FROM votes")
    run(path)
    assert (await exported(path)).empty
    assert (await exported(path, Selection(since=1))).empty
