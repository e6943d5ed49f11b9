"""The format of votes: every column that may leave, as other readers see it."""

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bot.datasets.exports.formats.votes import TABLE
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.splits import split_of
from storage.times import from_microseconds
from tests.datasets.exports.votes_file import DIFFUSIONDB, KEY, VOTED, VotesFile

WEEK = 7 * 86_400
ACCOUNT = (308_873, 2_828_698, 2_883, True)


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    file = VotesFile(tmp_path / "jury.db")
    file.data_set()
    yield file
    file.close()


async def exported(
    votes: VotesFile, selection: Selection = DIFFUSIONDB, *, exact_signals: bool = False
) -> list[dict[str, Any]]:
    done = await votes.service(exact_signals=exact_signals).export("votes", selection)
    rows: list[dict[str, Any]] = pq.read_table(done.path).to_pylist()
    assert done.rows == len(rows)
    return rows


def plain(votes: VotesFile) -> Iterator[dict[str, Any]]:
    """Read the rows by the plain meaning of the words, with Python's SQLite."""
    with closing(sqlite3.connect(votes.path)) as connection:
        connection.row_factory = sqlite3.Row
        for row in connection.execute(
            "SELECT v.*, i.key, i.prompt, d.name AS data_set, r.status FROM votes v"
            " JOIN images i ON i.id = image_id JOIN data_sets d ON d.id = data_set_id"
            " JOIN raters r ON r.number = rater WHERE state = 'given' AND gold = 0"
        ):
            moments = {
                name: row[name] and from_microseconds(row[name]).replace(tzinfo=None)
                for name in TABLE.names
                if name.endswith("_at")
            }
            yield {
                "row_id": row["row_id"] and row["row_id"].hex(),
                "data_set": row["data_set"],
                "id": row["key"],
                "split": split_of(row["prompt"], row["key"]),
                "user_id": KEY.digest("rater", row["rater"]),
                **{name: row[name] for name in ("aesthetic", "artifacts", "state", "surface")},
                "gold": False,
                "after_reveal": bool(row["after_reveal"]),
                **moments,
                "kudos": row["horde_kudos"],
                "account_age": row["horde_account_age"],
                "usage_requests": row["horde_usage_requests"],
                "trusted": None if row["horde_trusted"] is None else bool(row["horde_trusted"]),
                "captchas_failed": row["captchas_failed"],
                "validated": row["status"] == "validated",
            }


async def test_every_column_is_what_the_tables_say(votes: VotesFile) -> None:
    other = votes.data_set("other")
    raters = [votes.rater(status=status) for status in ("normal", "validated", "banned")]
    for number in range(12):
        prompt = f"prompt {number}" if number % 3 else None
        image = votes.image(f"{number}", 1 + number % 2, prompt=prompt)
        for place, rater in enumerate(raters):
            votes.vote(
                rater, image,
                None if number == place else 1 + (number + place) % 10,
                number % 6 if number % 4 or number == place else None,
                at=VOTED + timedelta(seconds=number * 61),
                account=ACCOUNT if place else (None,) * 4,
                captchas=number - 3 if number % 2 else None,
                surface="private" if number % 2 else "public",
                state="undone" if number == 9 else "given",
            )  # fmt: skip
    votes.connection.execute("UPDATE votes SET row_id = randomblob(16) WHERE id % 5 > 0")
    votes.connection.execute("UPDATE votes SET after_reveal = id % 2, changed_at = changed_at + id")
    assert other == 2
    rows = await exported(votes, Selection(), exact_signals=True)
    figures = {"client_agent", *(name for name in TABLE.names if name.endswith(("lity", "weight")))}
    found = [{name: value for name, value in row.items() if name not in figures} for row in rows]
    order = itemgetter("data_set", "id", "user_id")
    assert sorted(found, key=order) == sorted(plain(votes), key=order)
    assert len(found) == 33


async def test_what_could_identify_a_rater_is_coarse(votes: VotesFile) -> None:
    votes.vote(votes.rater(), votes.image("a"), account=ACCOUNT)
    (row,) = await exported(votes)
    times = {row[name] for name in TABLE.names if name.endswith("_at")}
    assert times == {datetime(2026, 1, 13, 5, 45)}  # noqa: DTZ001 - the file has naive UTC
    signals = [row[name] for name in ("kudos", "account_age", "usage_requests", "trusted")]
    assert signals == [300_000, 3 * WEEK, 2_800, True]


async def test_nothing_tells_of_discord(votes: VotesFile) -> None:
    assert not {"post_id", "locale", "rater", "interaction_id"} & set(TABLE.names)
    votes.vote(votes.rater(777_777), votes.image("a"))
    assert "777777" not in json.dumps(await exported(votes), default=str)


async def test_raters_come_with_what_the_last_run_found(votes: VotesFile) -> None:
    known, unknown, image = votes.rater(), votes.rater(), votes.image("a")
    for rater in (known, unknown):
        votes.vote(rater, image)
    votes.reliability(known, "aesthetic", 0.75)
    rows = {row["user_id"]: row for row in await exported(votes)}
    names = [name for name in TABLE.names if name.endswith(("_reliability", "_weight"))]
    assert [rows[KEY.digest("rater", known)][name] for name in names] == [0.75, 1.0, None, None]
    assert [rows[KEY.digest("rater", unknown)][name] for name in names] == [None] * 4


async def test_gold_and_void_votes_are_marked_where_they_are_asked_for(votes: VotesFile) -> None:
    image = votes.image("a")
    for rating, state, gold in ((1, "given", False), (2, "void", False), (3, "given", True)):
        votes.vote(votes.rater(), image, rating, state=state, gold=gold)
    rows = await exported(votes, replace(DIFFUSIONDB, gold=True, void=True))
    assert sorted((row["aesthetic"], row["state"], row["gold"]) for row in rows) == [
        (1, "given", False),
        (2, "void", False),
        (3, "given", True),
    ]
    assert [row["aesthetic"] for row in await exported(votes)] == [1]


async def test_half_votes_are_there_on_either_scale(votes: VotesFile) -> None:
    image = votes.image("a")
    votes.vote(votes.rater(), image, 3, None)
    votes.vote(votes.rater(), image, None, 3)
    rows = await exported(votes)
    assert {(row["aesthetic"], row["artifacts"]) for row in rows} == {(3, None), (None, 3)}
    assert len(await exported(votes, replace(DIFFUSIONDB, minimum_votes=2))) == 2
    assert await exported(votes, replace(DIFFUSIONDB, minimum_votes=3)) == []


async def test_the_same_key_in_two_data_sets_is_two_images(votes: VotesFile) -> None:
    rater = votes.rater()
    for data_set in (1, votes.data_set("other")):
        votes.vote(rater, votes.image("0001", data_set))
    done = await votes.service().export("votes", Selection())
    assert (done.rows, done.images, done.path.name) == (2, 2, "votes.parquet")


async def test_texts_hold_the_same_table(votes: VotesFile) -> None:
    agent = votes.agent('=quote "q", comma\nand line')
    image = votes.image("ä 😀")
    votes.vote(votes.rater(), image, agent=agent, account=ACCOUNT)
    votes.vote(votes.rater(), image, None, 3, captchas=-2)
    table = await exported(votes)
    for row in table:
        for name in TABLE.names:
            if name.endswith("_at"):
                row[name] = row[name] and f"{row[name]:%Y-%m-%d %H:%M:%S.%f}"
    service = votes.service()
    lines = (await service.export("votes", DIFFUSIONDB, "jsonl")).path.read_text().splitlines()
    assert [json.loads(line) for line in lines] == table
    with (await service.export("votes", DIFFUSIONDB, "csv")).path.open(newline="") as file:
        cells = list(csv.DictReader(file))
    for row in table:
        row["client_agent"] = row["client_agent"].replace("=quote", "'=quote")
    assert cells == [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in table
    ]


async def test_pandas_reads_it(votes: VotesFile) -> None:
    votes.vote(votes.rater(), votes.image("a"))
    done = await votes.service().export("votes", DIFFUSIONDB)
    frame = pd.read_parquet(done.path)
    assert list(frame.columns) == TABLE.names
    assert str(frame["created_at"].dtype) == "datetime64[us]"
    votes.connection.execute("DELETE FROM votes")
    done = await votes.service().export("votes", DIFFUSIONDB)
    assert pq.read_table(done.path).schema.equals(TABLE)
