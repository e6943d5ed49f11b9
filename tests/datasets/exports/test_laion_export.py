"""The columns of LAION-Aesthetics with our score."""

import json
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from bot.datasets.exports.request import LeftOut
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.service import ExportService
from storage.connections import connect
from tests.datasets.exports.votes_file import KEY
from tests.rating.world import TurnedClock
from tests.trust.scored import NOON, Shape, image_rows, make, run

COLUMNS = {
    "URL": "str",
    "TEXT": "str",
    "WIDTH": "float64",
    "HEIGHT": "float64",
    "similarity": "float64",
    "punsafe": "float64",
    "pwatermark": "float64",
    "AESTHETIC_SCORE": "float64",
    "hash": "float64",
    "aesthetic": "float32",
}
FROM_LAION = {
    "url": "https://example.org/a.jpg",
    "hash": -5,
    "similarity": 0.31,
    "punsafe": 0.01,
    "pwatermark": 0.2,
    "nsfw": "UNLIKELY",
}
HOSTILE = {"url": ["x"], "hash": 2**63, "similarity": "high", "punsafe": True, "pwatermark": None}
BEYOND_FLOATS = {
    "similarity": 10**400, "punsafe": float("nan"), "pwatermark": float("-inf"), "hash": 10**400,
}  # fmt: skip


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    path = make(tmp_path / "jury.db", Shape(raters=12, each=10))
    with closing(connect(path)) as connection:
        connection.execute("UPDATE images SET parameters = NULL, prompt = NULL")
        for image, parameters in ((1, FROM_LAION), (2, HOSTILE), (3, [1]), (4, BEYOND_FLOATS)):
            connection.execute(
                "UPDATE images SET parameters = ?, prompt = 'a fox', width = 640, height = 480"
                " WHERE id = ?",
                (json.dumps(parameters), image),
            )
    run(path)
    return path


async def export(path: Path, hidden: int = 0) -> pd.DataFrame:
    service = ExportService(path, TurnedClock(NOON), KEY)
    done = await service.export("laion", Selection())
    frame = pd.read_parquet(done.path)
    assert (done.rows, done.images) == (len(frame), len(frame))
    assert done.left_out == LeftOut(hidden=hidden)
    return frame


async def test_links_and_what_their_makers_measured_come_out_again(scored: Path) -> None:
    frame = await export(scored)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == COLUMNS
    first = frame.iloc[0]
    assert first[["URL", "TEXT"]].tolist() == ["https://example.org/a.jpg", "a fox"]
    assert first[["WIDTH", "HEIGHT", "hash"]].tolist() == [640, 480, -5]
    assert first[["similarity", "punsafe", "pwatermark"]].tolist() == [0.31, 0.01, 0.2]


async def test_scores_are_ours(scored: Path) -> None:
    frame = await export(scored)
    ours = [
        row[0] for (scale, _), row in sorted(image_rows(scored).items()) if scale == "aesthetic"
    ]
    assert list(frame["AESTHETIC_SCORE"]) == pytest.approx(ours)
    assert list(frame["aesthetic"]) == pytest.approx(ours, abs=1e-5)


async def test_the_link_of_a_picture_that_moderators_have_hidden_is_not_told(scored: Path) -> None:
    before = await export(scored)
    with closing(connect(scored)) as connection:
        connection.execute("UPDATE images SET stage = 'hidden' WHERE id IN (1, 9)")
    frame = await export(scored, hidden=2)
    assert len(frame) == len(before) - 2
    assert FROM_LAION["url"] not in set(frame["URL"])


async def test_what_is_not_known_or_no_such_thing_is_missing(scored: Path) -> None:
    frame = await export(scored)
    known = ["URL", "similarity", "punsafe", "pwatermark", "hash"]
    assert frame.loc[1:, known].isna().all(axis=None)
    assert frame.loc[4:, ["TEXT", "WIDTH", "HEIGHT"]].isna().all(axis=None)
