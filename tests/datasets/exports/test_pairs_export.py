"""Pairs of images of a prompt, and images prompt by prompt."""

from collections import Counter
from contextlib import closing
from itertools import combinations
from pathlib import Path
from statistics import NormalDist

import pandas as pd
import pytest

from bot.datasets.exports.pairing import neighbours
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.service import Exported, ExportService
from storage.connections import connect
from tests.datasets.exports.votes_file import KEY
from tests.rating.world import TurnedClock
from tests.trust.scored import NOON, Shape, make, run

PROMPTS = {1: "a fox", 2: " a fox\n", 3: "a fox", 4: "a hare", 5: "a hare"} | {
    6: "an owl", 7: "an owl ", 8: "a wolf", 11: "an owl",
}  # fmt: skip
GROUPS = ((1, 2, 3), (4, 5), (6, 7), (9, 10))


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """Images 1 to 5 by prompt; 6 to 10 in a set; 11 has a prompt of the set; all others nothing."""
    path = make(tmp_path / "jury.db", Shape(raters=12, each=10))
    with closing(connect(path)) as connection:
        connection.execute("UPDATE images SET data_set_id = 1, prompt = NULL")
        connection.executemany(
            "UPDATE images SET prompt = ? WHERE id = ?",
            [(prompt, image) for image, prompt in PROMPTS.items()],
        )
        connection.execute("INSERT INTO sets (id, data_set_id, key) VALUES (1, 1, 'set')")
        connection.execute("UPDATE images SET set_id = 1 WHERE id BETWEEN 6 AND 10")
    run(path)
    return path


async def export(path: Path, name: str = "pairs", minimum_votes: int = 1) -> Exported:
    service = ExportService(path, TurnedClock(NOON), KEY)
    return await service.export(name, Selection(minimum_votes=minimum_votes))


async def test_pairs_are_all_of_unequal_scores_within_a_prompt(scored: Path) -> None:
    done = await export(scored)
    frame = pd.read_parquet(done.path)
    scores = pd.read_parquet((await export(scored, "scores")).path).set_index(["scale", "id"])
    expected = {}
    for scale, sign in (("aesthetic", 1), ("artifacts", -1)):
        of_scale = scores.loc[scale]
        for group in GROUPS:
            keys = [f"image {number - 1}" for number in group]
            for pair in combinations([key for key in keys if key in of_scale.index], 2):
                one, other = (of_scale.loc[key] for key in pair)
                gap = sign * (round(one["score"], 2) - round(other["score"], 2))
                error = (one["standard_error"] ** 2 + other["standard_error"] ** 2) ** 0.5
                order = pair if gap > 0 else pair[::-1]
                if gap:
                    expected[scale, *order] = (abs(gap), NormalDist().cdf(abs(gap) / error))
    told = frame.set_index(["scale", "better", "worse"])
    assert len(expected) > 3
    assert set(told.index) == set(expected)
    for where, (gap, probability) in expected.items():
        assert told.loc[where, "difference"] == pytest.approx(gap)
        assert told.loc[where, "probability"] == pytest.approx(probability)
    assert done.images == len({*frame["better"], *frame["worse"]})
    assert (frame["data_set"] == "set 0").all()
    assert (frame["derived"] == "scores").all()


async def test_a_tie_is_no_pair(scored: Path) -> None:
    with closing(connect(scored)) as connection:
        connection.execute("UPDATE image_scores SET score = 5.001 WHERE image_id = 4")
        connection.execute("UPDATE image_scores SET score = 5.004 WHERE image_id = 5")
    frame = pd.read_parquet((await export(scored)).path)
    assert not {"image 3", "image 4"} & {*frame["better"], *frame["worse"]}


async def test_no_image_is_in_two_splits(scored: Path) -> None:
    frame = pd.read_parquet((await export(scored)).path)
    both = pd.concat([frame[["better", "split"]].set_axis(["id", "split"], axis=1),
                      frame[["worse", "split"]].set_axis(["id", "split"], axis=1)])  # fmt: skip
    assert (both.groupby("id")["split"].nunique() == 1).all()


async def test_a_prompt_of_many_images_floods_nothing(scored: Path) -> None:
    with closing(connect(scored)) as connection:
        connection.execute("UPDATE images SET set_id = NULL, prompt = 'one'")
    frame = pd.read_parquet((await export(scored)).path)
    partners = pd.concat([frame["better"], frame["worse"]]).value_counts()
    images = len(partners)
    assert images > 20
    assert partners.max() <= 2 * 9 * 2
    assert len(frame) <= images * 9 * 2


@pytest.mark.parametrize("many", range(11))
def test_up_to_ten_images_of_a_prompt_make_all_their_pairs(many: int) -> None:
    images = [{"key": number} for number in range(many)]
    assert list(neighbours(images)) == list(combinations(images, 2))


def test_of_more_each_is_paired_with_the_nine_that_follow_it() -> None:
    images = [{"key": number} for number in range(30)]
    gaps = Counter(other["key"] - one["key"] for one, other in neighbours(images))
    assert gaps == {gap: 30 - gap for gap in range(1, 10)}


async def test_nothing_is_left_beside_the_file(scored: Path) -> None:
    done = await export(scored, minimum_votes=1000)
    assert (done.rows, done.images) == (0, 0)
    assert pd.read_parquet(done.path).empty
    assert [path.name for path in done.path.parent.iterdir()] == [done.path.name]


async def test_the_order_is_the_same_each_time(scored: Path) -> None:
    first = pd.read_parquet((await export(scored)).path)
    assert first.equals(pd.read_parquet((await export(scored)).path))
