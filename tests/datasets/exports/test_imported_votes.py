"""Imported votes beside those of our own raters: a collection goes on as one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.exports.selection import Selection
from bot.datasets.exports.streams import side_by_side
from bot.datasets.imports.votes.formats import HORDE
from bot.errors import ExportFailedError
from bot.keyed_hash import KeyedHash
from storage.database import Database
from storage.times import to_microseconds
from tests.datasets.exports.imported import ALL, import_into
from tests.datasets.exports.votes_file import KEY, VOTED, VotesFile
from tests.datasets.imports.votes.bringing import FIRST, bring, row, write


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    opened = VotesFile(tmp_path / "jury.db")
    opened.data_set("mine")
    yield opened
    opened.close()


async def exported(
    votes: VotesFile, selection: Selection = ALL, *, key: KeyedHash = KEY
) -> pa.Table:
    done = await votes.service(key=key).export("horde", selection)
    table = pq.read_table(done.path)
    assert (done.rows, done.images) == (len(table), len(table["id"].unique()))
    return table


def in_order(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas().sort_values(["id", "user_id", "created_at"], ignore_index=True)


def cast_votes(votes: VotesFile, raters: int = 30, images: int = 12) -> None:
    """Let a crowd vote, with all that a row can tell."""
    agents = [1, votes.agent("other:2:someone")]
    people = [
        votes.rater(status="validated" if number % 4 == 0 else "normal") for number in range(raters)
    ]
    for image in [votes.image(f"picture-{number}") for number in range(images)]:
        for rater in people[image % 3 :: 3]:
            account = (308_873, 2_828_698, 2_883, True) if rater % 5 == 0 else (None,) * 4
            votes.vote(
                rater,
                image,
                1 + (rater + image) % 10,
                None if rater % 7 == 0 else (rater * image) % 6,
                agent=agents[rater % 2],
                account=account,
                captchas=-(rater % 4),
            )


async def test_an_export_comes_back_whole_from_another_database(
    votes: VotesFile, tmp_path: Path
) -> None:
    cast_votes(votes)
    first = await votes.service().export("horde", Selection(("mine",)))
    other = VotesFile(tmp_path / "other" / "jury.db")
    await import_into(other, first.path)
    again = await exported(other, key=KeyedHash(b"o" * 32))
    assert again.equals(pq.read_table(first.path))
    assert again.schema == pq.read_schema(first.path)
    third = VotesFile(tmp_path / "third" / "jury.db")
    file = tmp_path / "again.parquet"
    pq.write_table(again, file)
    await import_into(third, first.path, file)
    assert (await exported(third)).equals(again)
    other.close()
    third.close()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
async def test_a_published_file_comes_back_whole(
    votes: VotesFile, tmp_path: Path, kind: str
) -> None:
    rows = [row(n, ratings_count=3) for n in range(30)]
    rows += [row(30, id="alone", ratings_count=1, user_id="=HYPERLINK(1)", country="'-1")]
    path = write(tmp_path / "theirs.parquet", rows)
    await import_into(votes, path)
    if kind == "csv":
        done = await votes.service().export("horde", ALL, "csv")
        votes = VotesFile(tmp_path / "other" / "jury.db")
        votes.data_set("mine")
        database = await Database.open(votes.path)
        await bring(database, done.path, HORDE)
        await database.close()
    pd.testing.assert_frame_equal(in_order(await exported(votes)), in_order(pq.read_table(path)))


async def test_a_collection_goes_on_in_one_file(votes: VotesFile, tmp_path: Path) -> None:
    ours = votes.rater()
    known, new = votes.image("image-1"), votes.image("new")
    votes.vote(ours, known, 9)
    votes.vote(ours, new, 3)
    await import_into(votes, write(tmp_path / "theirs.parquet", (row(n) for n in range(7))))
    frame = (await exported(votes)).to_pandas()
    assert list(frame["id"]) == ["image-1"] * 4 + ["new"] + ["image-0"] * 3 + ["image-2"]
    assert list(frame["ratings_count"]) == [4] * 4 + [1] + [3] * 3 + [1]
    of_known = frame[frame["id"] == "image-1"]
    assert KEY.digest("rater", ours) in set(of_known["user_id"])
    assert list(of_known["user_id"]) == sorted(of_known["user_id"])
    assert len(await exported(votes, replace(ALL, imported=False))) == 2


async def test_what_a_file_did_not_tell_is_filled_as_for_our_own(
    votes: VotesFile, tmp_path: Path
) -> None:
    columns = [name for name in row(0) if name not in {"user_id", "validated", "captchas_failed"}]
    await import_into(
        votes, write(tmp_path / "theirs.parquet", (row(n) for n in range(3)), columns=columns)
    )
    frame = (await exported(votes)).to_pandas()
    assert set(frame["user_id"]) == {""}
    assert not frame["validated"].any()
    assert set(frame["captchas_failed"]) == {0}
    assert frame["validated"].dtype == bool


async def test_times_and_numbers_of_votes_select(votes: VotesFile, tmp_path: Path) -> None:
    votes.vote(votes.rater(), votes.image("image-0"), at=VOTED)
    await import_into(votes, write(tmp_path / "theirs.parquet", (row(n) for n in range(7))))
    begin = to_microseconds(pd.Timestamp(FIRST, tz="UTC").to_pydatetime())
    late = replace(ALL, since=begin + 2_000_000, until=begin + 5_000_000)
    assert list((await exported(votes, late)).to_pandas()["rating"]) == [3, 4, 5]
    many = await exported(votes, replace(ALL, minimum_votes=4))
    assert set(many.to_pandas()["id"]) == {"image-0"}
    assert len(many) == 4


async def test_a_stored_time_that_no_row_can_have_blocks_no_export(
    votes: VotesFile, tmp_path: Path
) -> None:
    most = (2**63 - 1) // 1000
    await import_into(votes, write(tmp_path / "theirs.parquet", (row(n) for n in range(4))))
    for rating, moment in ((1, -most - 1), (2, -most), (3, most), (4, most + 1)):
        votes.connection.execute(
            "UPDATE imported_votes SET created_at = ? WHERE rating = ?", (moment, rating)
        )
    votes.connection.commit()
    assert sorted((await exported(votes)).to_pandas()["rating"]) == [2, 3]
    endless = replace(ALL, since=-(2**63), until=2**63 - 1)
    assert sorted((await exported(votes, endless)).to_pandas()["rating"]) == [2, 3]


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (replace(ALL, minimum_reliability=0.5), "who gave imported votes has no such number"),
        (replace(ALL, surface="private"), "so none is private: leave out either the surface"),
    ],
)
async def test_a_selection_that_imported_votes_cannot_answer_is_refused(
    votes: VotesFile, selection: Selection, said: str
) -> None:
    with pytest.raises(ExportFailedError) as refused:
        await exported(votes, selection)
    assert said in str(refused.value.values["reason"])


async def test_validated_raters_are_those_of_the_file_too(votes: VotesFile, tmp_path: Path) -> None:
    cast_votes(votes)
    votes.image("image-1")
    rows = [row(n, id=f"image-{n % 3}") for n in range(9)]
    unsaid = [name for name in row(0) if name != "validated"]
    await import_into(votes, write(tmp_path / "theirs.parquet", rows))
    await import_into(
        votes, write(tmp_path / "older.parquet", [row(50)], columns=unsaid), collection="older"
    )
    every = in_order(await exported(votes)).drop(columns="ratings_count")
    found = in_order(await exported(votes, replace(ALL, raters="validated")))
    assert set(found["id"]) > {"image-0", "picture-4"}
    assert list(found["ratings_count"]) == list(found.groupby("id")["id"].transform("count"))
    expected = every[every["validated"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.drop(columns="ratings_count"), expected)
    both = in_order(await exported(votes, replace(ALL, raters="validated", linked=True)))
    expected = expected[expected["kudos"] != -50].reset_index(drop=True)
    assert 0 < len(expected) < len(found)
    pd.testing.assert_frame_equal(both.drop(columns="ratings_count"), expected)


async def test_images_that_are_not_here_are_not_known_to_be_safe(
    votes: VotesFile, tmp_path: Path
) -> None:
    for key, safe in (("image-0", True), ("image-1", False), ("ours", True)):
        votes.vote(votes.rater(), votes.image(key, safe=safe))
    await import_into(votes, write(tmp_path / "theirs.parquet", (row(n) for n in range(7))))
    safe = await exported(votes, replace(ALL, safety="safe"))
    assert safe["id"].to_pylist() == ["image-0"] * 4 + ["ours"]
    others = await exported(votes, replace(ALL, safety="unsafe"))
    assert others["id"].to_pylist() == ["image-1"] * 4 + ["image-2"]


async def test_other_collections_and_data_sets_stay_out(votes: VotesFile, tmp_path: Path) -> None:
    database = await Database.open(votes.path)
    path = write(tmp_path / "theirs.parquet", [row(1)])
    await bring(database, path, data_set="other")
    await database.close()
    assert len(await exported(votes)) == 0
    assert len(await exported(votes, replace(ALL, data_sets=("other",)))) == 1


STREAM = st.lists(st.integers(0, 9), max_size=12).map(sorted)
CUTS = st.lists(st.integers(0, 12), max_size=4).map(sorted)


def cut(ids: Sequence[int], cuts: Sequence[int], name: int) -> Iterator[pa.RecordBatch]:
    for begin, end in zip([0, *cuts], [*cuts, len(ids)], strict=True):
        part = ids[begin:end]
        sides = pa.array([name] * len(part), pa.int64())
        yield pa.record_batch({"image_id": pa.array(part, pa.int64()), "side": sides})


@given(STREAM, CUTS, STREAM, CUTS)
def test_streams_are_merged_image_by_image(
    first: list[int], first_cuts: list[int], second: list[int], second_cuts: list[int]
) -> None:
    merged = list(side_by_side([cut(first, first_cuts, 1), cut(second, second_cuts, 2)]))
    seen: set[int] = set()
    for batch in merged:
        images = set(batch["image_id"].to_pylist())
        assert not images & seen
        assert all(image > each for image in images for each in seen)
        seen |= images
    rows = [(row["image_id"], row["side"]) for batch in merged for row in batch.to_pylist()]
    assert rows == sorted([(image, 1) for image in first] + [(image, 2) for image in second])
