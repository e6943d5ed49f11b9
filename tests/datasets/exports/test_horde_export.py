"""What is in an export: columns, rows, pseudonyms."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from bot.datasets.exports.catalogue import FileType
from bot.errors import ExportFailedError
from bot.keyed_hash import KeyedHash
from tests.datasets.exports.votes_file import AGENT, DIFFUSIONDB, KEY, VOTED, VotesFile

FACTS = Path(__file__).parents[4] / "shared/facts/datasets-and-peers.md"

COLUMNS = {
    "id": "str",
    "ratings_count": "int64",
    "rating": "int64",
    "kudos": "int64",
    "account_age": "int64",
    "usage_requests": "int64",
    "created_at": "datetime64[ns]",
    "client_agent": "str",
    "artifacts": "float64",
    "user_id": "str",
    "trusted": "bool",
    "validated": "bool",
    "captchas_failed": "int64",
    "country": "str",
}


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    file = VotesFile(tmp_path / "jury.db")
    file.data_set()
    yield file
    file.close()


def types(frame: pd.DataFrame) -> dict[str, str]:
    return {name: str(kind) for name, kind in frame.dtypes.items()}


async def test_pandas_sees_the_columns_of_ai_horde_ratings(votes: VotesFile) -> None:
    votes.vote(votes.rater(), votes.image("a"), artifacts=None)
    frame = await votes.export()
    assert list(types(frame).items()) == list(COLUMNS.items())
    assert frame.index.equals(pd.RangeIndex(1))


@pytest.mark.skipif(not FACTS.exists(), reason="the table of the published file is not here")
def test_the_expected_columns_are_those_of_the_published_file() -> None:
    shown = {"int": "int64", "float": "float64"}
    table = re.findall(r"^\|\d+\|(\w+)\|\**([\w\[\]]+)", FACTS.read_text(), re.MULTILINE)
    assert {name: shown.get(kind, kind) for name, kind in table} == COLUMNS


async def test_types_hold_without_a_single_vote(votes: VotesFile) -> None:
    frame = await votes.export()
    assert types(frame) == COLUMNS
    assert frame.empty


async def test_only_artifacts_and_country_may_be_missing(votes: VotesFile) -> None:
    exported = await votes.service().export("horde", DIFFUSIONDB)
    schema = pq.read_schema(exported.path)
    assert {field.name for field in schema if field.nullable} == {"artifacts", "country"}
    compression = pq.read_metadata(exported.path)
    assert compression.num_rows == exported.rows == 0


async def test_a_vote_becomes_a_row(votes: VotesFile) -> None:
    votes.vote(votes.rater(5), votes.image("a670a7a2"), 9, 0)
    (row,) = (await votes.export()).to_dict("records")
    assert np.isnan(row.pop("country"))
    assert row == {
        "id": "a670a7a2",
        "ratings_count": 1,
        "rating": 9,
        "kudos": -50,
        "account_age": 0,
        "usage_requests": 0,
        "created_at": pd.Timestamp("2026-01-13 05:45:00"),
        "client_agent": AGENT,
        "artifacts": 0.0,
        "user_id": KEY.digest("rater", 5),
        "trusted": False,
        "validated": False,
        "captchas_failed": 0,
    }


async def test_exact_signals_only_when_they_are_asked_for(votes: VotesFile) -> None:
    votes.vote(votes.rater(), votes.image("a"))
    exported = await votes.service(exact_signals=True).export("horde", DIFFUSIONDB)
    frame = pd.read_parquet(exported.path)
    assert frame["created_at"][0] == pd.Timestamp("2026-01-13 05:45:38.259477")
    assert types(frame) == COLUMNS


SIGNALS = ["kudos", "account_age", "usage_requests", "trusted"]
WEEK = 7 * 86_400


async def test_a_verified_account_is_told_coarsely(votes: VotesFile) -> None:
    image = votes.image("a")
    votes.vote(votes.rater(1), image, account=(308_873, 2_828_698, 2_883, True))
    votes.vote(votes.rater(2), image, account=(-7, WEEK - 1, 99, False))
    votes.vote(votes.rater(3), image)
    frame = (await votes.export()).set_index("user_id")[SIGNALS]
    assert frame.loc[KEY.digest("rater", 1)].to_list() == [300_000, 3 * WEEK, 2_800, True]
    assert frame.loc[KEY.digest("rater", 2)].to_list() == [-7, 0, 99, False]
    assert frame.loc[KEY.digest("rater", 3)].to_list() == [-50, 0, 0, False]


async def test_a_verified_account_is_told_exactly_where_that_is_asked_for(
    votes: VotesFile,
) -> None:
    votes.vote(votes.rater(), votes.image("a"), account=(308_873, 2_828_698, 2_883, True))
    exported = await votes.service(exact_signals=True).export("horde", DIFFUSIONDB)
    (row,) = pd.read_parquet(exported.path)[SIGNALS].to_dict("records")
    assert list(row.values()) == [308_873, 2_828_698, 2_883, True]


async def test_the_balance_of_captchas_is_that_of_each_vote(votes: VotesFile) -> None:
    rater, images = votes.rater(), [votes.image(key) for key in "abc"]
    for image, captchas in zip(images, (2, -9, None), strict=True):
        votes.vote(rater, image, captchas=captchas)
    frame = (await votes.export()).set_index("id")
    assert frame["captchas_failed"].to_dict() == {"a": 2, "b": -9, "c": 0}
    assert types(frame.reset_index()) == COLUMNS


async def test_votes_that_do_not_count_stay_at_home(votes: VotesFile) -> None:
    later = VOTED + timedelta(days=1)
    raters = {
        "kept": votes.rater(),
        "ban ended": votes.rater(status="banned", until=VOTED - timedelta(seconds=1)),
        "banned, votes kept": votes.rater(status="banned"),
        "banned for a day": votes.rater(status="banned", until=later),
        "erased": votes.rater(erased=True),
    }
    image, other = votes.image("a"), votes.image("b")
    for rater in raters.values():
        votes.vote(rater, image)
    votes.vote(raters["kept"], other, state="undone")
    votes.vote(raters["ban ended"], other, state="void")
    votes.vote(raters["banned, votes kept"], other, state="void")
    half = votes.image("c")
    votes.vote(raters["kept"], half, 3, None)
    votes.vote(raters["ban ended"], half, None, 3)

    frame = await votes.export()

    assert set(zip(frame["id"], frame["user_id"], frame["ratings_count"], strict=True)) == {
        *(
            ("a", KEY.digest("rater", number), 4)
            for who, number in raters.items()
            if who != "erased"
        ),
        ("c", KEY.digest("rater", raters["kept"]), 1),
    }


async def test_a_rater_is_validated_as_long_as_the_status_holds(votes: VotesFile) -> None:
    image = votes.image("a")
    expected = {
        votes.rater(): False,
        votes.rater(status="validated"): True,
        votes.rater(status="validated", until=VOTED + timedelta(days=1)): True,
        votes.rater(status="validated", until=VOTED - timedelta(days=1)): False,
    }
    for rater in expected:
        votes.vote(rater, image)
    frame = await votes.export()
    assert dict(zip(frame["user_id"], frame["validated"], strict=True)) == {
        KEY.digest("rater", rater): validated for rater, validated in expected.items()
    }


async def test_a_data_set_goes_out_alone(votes: VotesFile) -> None:
    other = votes.data_set("other")
    rater = votes.rater()
    for number in range(10):
        votes.vote(rater, votes.image(f"{number}", 1 + number % 2), 1 + number)
    frame = await votes.export(data_set="other")
    assert other == 2
    assert list(frame["id"]) == ["1", "3", "5", "7", "9"]
    assert list(frame["rating"]) == [2, 4, 6, 8, 10]


async def test_the_largest_numbers_pass(votes: VotesFile) -> None:
    largest = 2**63 - 1
    votes.vote(votes.rater(largest), votes.image("last", number=largest))
    votes.vote(votes.rater(1), votes.image("first", number=-largest))
    frame = await votes.export()
    assert list(frame["id"]) == ["first", "last"]
    assert list(frame["user_id"]) == [KEY.digest("rater", n) for n in (1, largest)]


async def test_a_time_that_nanoseconds_cannot_hold_is_refused(votes: VotesFile) -> None:
    votes.vote(votes.rater(), votes.image("a"), at=datetime(2300, 1, 1, tzinfo=UTC))
    with pytest.raises(ExportFailedError):
        await votes.service().export("horde", DIFFUSIONDB)


async def test_pseudonyms_follow_the_key_and_the_file_follows_the_votes(votes: VotesFile) -> None:
    image = votes.image("a")
    for rater in range(1, 20):
        votes.vote(votes.rater(rater), image)
    first, again, other = [
        (await votes.service(key=key).export("horde", DIFFUSIONDB)).path.read_bytes()
        for key in (KEY, KEY, KeyedHash(b"o" * 32))
    ]
    assert first == again
    assert first != other


async def test_the_order_of_rows_hides_who_came_first(votes: VotesFile) -> None:
    image = votes.image("a")
    for rater in range(1, 20):
        votes.vote(votes.rater(rater), image)
    pseudonyms = list((await votes.export())["user_id"])
    assert pseudonyms == sorted(pseudonyms)
    assert len(set(pseudonyms)) == 19


@pytest.mark.parametrize("export_format", ["csv", "jsonl"])
async def test_texts_hold_the_same_table(votes: VotesFile, export_format: FileType) -> None:
    agents = [1, votes.agent('quote "q", comma\nand line'), votes.agent("Zürich 😀")]
    raters = [votes.rater(status=status) for status in ("normal", "validated", "normal")]
    for number in range(6):
        image = votes.image(f"image {number}")
        for rater, agent in zip(raters, agents, strict=True):
            artifacts = None if rater == number else number
            votes.vote(rater, image, 1 + number, artifacts, agent=agent)
    table = await votes.export()
    other = await votes.export(export_format)
    pd.testing.assert_frame_equal(other, table, check_dtype=False)
    assert types(other)["artifacts"] == "float64"
    assert types(other)["rating"] == "int64"


@pytest.mark.parametrize("export_format", ["csv", "jsonl"])
async def test_texts_without_a_vote(votes: VotesFile, export_format: FileType) -> None:
    exported = await votes.service().export("horde", DIFFUSIONDB, export_format)
    header = ",".join(COLUMNS) + "\r\n"
    assert exported.path.read_bytes().decode() == (header if export_format == "csv" else "")


async def test_formulas_are_disarmed_in_csv_alone(votes: VotesFile) -> None:
    rater = votes.rater()
    signs = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
    for sign in signs:
        agent = votes.agent(f"{sign}1+1|cmd")
        votes.vote(rater, votes.image(f"{sign}HYPERLINK(1)"), agent=agent)
    armed, disarmed = await votes.export(), await votes.export("csv")
    assert "".join(armed["id"].str[0]) == signs
    for name in ("id", "client_agent"):
        assert (disarmed[name] == "'" + armed[name]).all()
    assert (disarmed["kudos"] == -50).all()


async def test_votes_on_gold_are_there_only_where_they_are_asked_for(votes: VotesFile) -> None:
    ours, theirs = votes.rater(), votes.rater()
    known, plain = votes.image("known"), votes.image("plain")
    votes.vote(ours, known, aesthetic=9)
    votes.vote(theirs, known, aesthetic=2, gold=True)
    votes.vote(theirs, plain, aesthetic=5)
    without = await votes.export()
    assert list(zip(without["id"], without["rating"], without["ratings_count"], strict=True)) == [
        ("known", 9, 1),
        ("plain", 5, 1),
    ]
    done = await votes.service().export("horde", replace(DIFFUSIONDB, gold=True))
    frame = pd.read_parquet(done.path)
    assert sorted(zip(frame["id"], frame["rating"], frame["ratings_count"], strict=True)) == [
        ("known", 2, 2),
        ("known", 9, 2),
        ("plain", 5, 1),
    ]
    assert types(frame) == COLUMNS
