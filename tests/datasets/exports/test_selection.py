"""Which votes and images are in an export that asks for less than everything."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bot.datasets.exports.selection import Selection
from bot.errors import ExportFailedError, UnknownDataSetError
from storage.times import to_microseconds
from tests.datasets.exports.votes_file import DIFFUSIONDB, KEY, VOTED, VotesFile

ACCOUNT = (300, 0, 2, False)


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    file = VotesFile(tmp_path / "jury.db")
    file.data_set()
    yield file
    file.close()


async def exported(votes: VotesFile, selection: Selection) -> pd.DataFrame:
    done = await votes.service().export("horde", selection)
    frame = pd.read_parquet(done.path)
    assert (done.rows, done.images) == (len(frame), frame["id"].nunique())
    assert (frame["ratings_count"] == frame.groupby("id")["id"].transform("size")).all()
    return frame


async def ids(votes: VotesFile, **wanted: Any) -> list[str]:  # noqa: ANN401 - what Selection takes
    return list((await exported(votes, replace(DIFFUSIONDB, **wanted)))["id"])


def test_a_selection_comes_through_json_as_it_was() -> None:
    selection = Selection(("a", "b"), since=1, minimum_reliability=0.25, surface="private")
    assert Selection.parsed(json.loads(json.dumps(asdict(selection)))) == selection


async def test_dates_are_from_and_before(votes: VotesFile) -> None:
    rater = votes.rater()
    for day, key in enumerate("abc"):
        votes.vote(rater, votes.image(key), at=VOTED + timedelta(days=day))
    since, until = (to_microseconds(VOTED + timedelta(days=day)) for day in (1, 2))
    assert await ids(votes, since=since) == ["b", "c"]
    assert await ids(votes, until=until) == ["a", "b"]
    assert await ids(votes, since=since, until=until) == ["b"]
    with pytest.raises(ExportFailedError):
        await ids(votes, since=until, until=since)


async def test_images_need_votes_that_are_themselves_selected(votes: VotesFile) -> None:
    raters = [votes.rater() for _ in range(3)]
    for number, key in enumerate("abc", 1):
        image = votes.image(key)
        for rater in raters[:number]:
            votes.vote(rater, image, surface="private" if rater == raters[0] else "public")
    assert await ids(votes, minimum_votes=2) == ["b", "b", "c", "c", "c"]
    assert await ids(votes, minimum_votes=2, surface="public") == ["c", "c"]
    assert await ids(votes, minimum_votes=2, surface="private") == []


async def test_surfaces_are_told_apart(votes: VotesFile) -> None:
    rater = votes.rater()
    votes.vote(rater, votes.image("channel"), surface="public")
    votes.vote(rater, votes.image("session"), surface="private")
    assert await ids(votes, surface="public") == ["channel"]
    assert await ids(votes, surface="private") == ["session"]


async def test_raters_by_their_status(votes: VotesFile) -> None:
    image = votes.image("a")
    valid, plain = votes.rater(status="validated"), votes.rater()
    ended = votes.rater(status="validated", until=VOTED - timedelta(days=1))
    votes.vote(valid, image)
    votes.vote(plain, image, account=ACCOUNT)
    votes.vote(ended, image)
    frame = await exported(votes, replace(DIFFUSIONDB, raters="validated"))
    assert list(frame["user_id"]) == [KEY.digest("rater", valid)]
    assert frame["validated"].all()
    frame = await exported(votes, replace(DIFFUSIONDB, linked=True))
    assert list(frame["user_id"]) == [KEY.digest("rater", plain)]
    assert list(frame["kudos"]) == [300]
    assert await ids(votes, raters="validated", linked=True) == []
    votes.vote(valid, votes.image("b"), account=ACCOUNT)
    assert await ids(votes, raters="validated", linked=True) == ["b"]


async def test_the_least_reliability_of_a_rater_counts(votes: VotesFile) -> None:
    image = votes.image("a")
    sure, doubted, unknown = (votes.rater() for _ in range(3))
    for rater in (sure, doubted, unknown):
        votes.vote(rater, image)
    for rater, artifacts in ((sure, 0.5), (doubted, 0.49)):
        votes.reliability(rater, "aesthetic", 0.9)
        votes.reliability(rater, "artifacts", artifacts)
    for least, expected in ((0.5, {sure}), (0.4, {sure, doubted}), (0.0, {sure, doubted, unknown})):
        frame = await exported(votes, replace(DIFFUSIONDB, minimum_reliability=least))
        assert set(frame["user_id"]) == {KEY.digest("rater", rater) for rater in expected}


async def test_safe_images_and_the_others(votes: VotesFile) -> None:
    rater = votes.rater()
    votes.vote(rater, votes.image("harmless", safe=True))
    votes.vote(rater, votes.image("unknown", safe=False))
    assert await ids(votes, safety="safe") == ["harmless"]
    assert await ids(votes, safety="unsafe") == ["unknown"]
    assert await ids(votes) == ["harmless", "unknown"]


async def test_votes_that_moderators_took_out_only_where_they_are_asked_for(
    votes: VotesFile,
) -> None:
    image = votes.image("a")
    for rating, state in ((1, "given"), (2, "void"), (3, "undone")):
        votes.vote(votes.rater(), image, rating, state=state)
    frame = await exported(votes, replace(DIFFUSIONDB, void=True))
    assert sorted(frame["rating"]) == [1, 2]


async def test_several_data_sets_and_all_of_them(votes: VotesFile) -> None:
    rater = votes.rater()
    for number, name in enumerate(("cats", "dogs"), 2):
        votes.vote(rater, votes.image(f"{name} 1", votes.data_set(name)))
        assert number == len(await exported(votes, Selection())) + 1
    done = await votes.service().export("horde", Selection(("cats", "dogs")))
    assert done.path.name == "export.parquet"
    assert list(pd.read_parquet(done.path)["id"]) == ["cats 1", "dogs 1"]
    with pytest.raises(UnknownDataSetError) as caught:
        await votes.service().export("horde", Selection(("cats", "birds")))
    assert caught.value.values == {"name": "birds"}


async def test_a_key_that_names_two_images_is_refused(votes: VotesFile) -> None:
    rater, cats, dogs = votes.rater(), votes.data_set("cats"), votes.data_set("dogs")
    votes.vote(rater, votes.image("0001", cats, safe=True))
    unsafe = votes.image("0001", dogs, safe=False)
    # Nobody voted on it, so it is in no export.
    assert len(await exported(votes, Selection())) == 1
    votes.vote(rater, unsafe)
    with pytest.raises(ExportFailedError) as caught:
        await votes.service().export("horde", Selection())
    assert "an image 0001" in str(caught.value.values["reason"])
    for selection in (Selection(("cats",)), Selection(("dogs",)), Selection(safety="safe")):
        assert list((await exported(votes, selection))["id"]) == ["0001"]
