"""AVA.txt and the SQLite file of Simulacra Aesthetic Captions, read as their users read them."""

import json
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bot.datasets.exports.request import ExportRequest
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.service import Exported
from bot.errors import ExportFailedError
from tests.datasets.exports.votes_file import DIFFUSIONDB, KEY, VotesFile

PROMPT = 'a "red" fox,\nrunning'


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    """Three raters on a lone image, a set of two, and an image of another data set."""
    file = VotesFile(tmp_path / "jury.db")
    file.data_set()
    file.data_set("other set")
    file.connection.execute(
        "INSERT INTO sets (id, data_set_id, key, prompt) VALUES (1, 1, 'set', 'a hare')"
    )
    file.image("fox", prompt=PROMPT, number=10)
    file.image("hare 1", number=20)
    file.image("hare 2", number=30)
    file.image("=../owl", 2, prompt="=1+1", number=40)
    file.connection.execute("UPDATE images SET set_id = 1 WHERE id IN (20, 30)")
    for number, status in ((1, "normal"), (2, "validated"), (3, "normal")):
        file.rater(number, status=status)
    for rater, image, aesthetic in (
        (1, 10, 1), (2, 10, 10), (3, 10, 10), (1, 20, 5), (2, 30, 6), (3, 40, 7),
    ):  # fmt: skip
        file.vote(rater, image, aesthetic)
    file.vote(1, 40, None)
    file.vote(2, 40, 9, state="void")
    yield file
    file.close()


async def export(votes: VotesFile, name: str, selection: Selection | None = None) -> Exported:
    return await votes.service().export(name, selection or Selection())


async def test_ava_is_read_as_training_scripts_read_it(votes: VotesFile) -> None:
    done = await export(votes, "ava")
    assert (done.path.name, done.rows, done.images) == ("ava", 4, 4)
    table = np.loadtxt(done.path / "AVA.txt", dtype=int)
    assert list(table[:, 0]) == [1, 2, 3, 4]
    assert list(table[:, 1]) == [10, 20, 30, 40]
    assert list(table[0, 2:12]) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    means = table[:, 2:12] @ np.arange(1, 11) / table[:, 2:12].sum(1)
    assert list(means) == [7, 5, 6, 7]
    assert table[:, 12:].tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 2]]


async def test_every_number_of_ava_is_explained(votes: VotesFile) -> None:
    done = await export(votes, "ava")
    frame = pd.read_csv(done.path / "images.csv", keep_default_na=False)
    assert list(frame["image_id"]) == [10, 20, 30, 40]
    assert list(frame["id"]) == ["fox", "hare 1", "hare 2", "'=../owl"]
    assert list(frame["data_set"]) == ["diffusiondb"] * 3 + ["other set"]
    assert list(frame["prompt"]) == [PROMPT, "a hare", "a hare", "'=1+1"]


async def test_a_selection_holds_for_ava(votes: VotesFile) -> None:
    done = await export(votes, "ava", Selection(("diffusiondb",), minimum_votes=3))
    assert (done.path / "AVA.txt").read_text() == "1 10 1 0 0 0 0 0 0 0 0 2 0 0 1\n"


async def test_a_collection_without_votes_is_empty(votes: VotesFile) -> None:
    selection = Selection(minimum_votes=100)
    done = await export(votes, "ava", selection)
    assert (done.rows, (done.path / "AVA.txt").read_bytes()) == (0, b"")
    assert pd.read_csv(done.path / "images.csv").empty
    done = await export(votes, "sac", selection)
    assert (done.rows, done.images) == (0, 0)
    assert rows(done.path, "SELECT * FROM ratings") == []


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def test_sac_answers_the_queries_of_training_scripts(votes: VotesFile) -> None:
    done = await export(votes, "sac")
    assert (done.path.name, done.rows, done.images) == ("sac.sqlite", 6, 4)
    assert done.bytes == done.path.stat().st_size
    assert rows(
        done.path,
        "SELECT path, avg(rating) FROM ratings JOIN paths ON paths.iid = ratings.iid"
        " GROUP BY ratings.iid ORDER BY ratings.iid",
    ) == [
        ("diffusiondb/fox.webp", 7.0),
        ("diffusiondb/hare%201.webp", 5.0),
        ("diffusiondb/hare%202.webp", 6.0),
        ("other%20set/%3D..%2Fowl.webp", 7.0),
    ]
    assert rows(
        done.path,
        "SELECT prompt, method, idx FROM images JOIN generations ON generations.id = gid"
        " ORDER BY images.id",
    ) == [
        (PROMPT, "diffusiondb", 0),
        ("a hare", "diffusiondb", 0),
        ("a hare", "diffusiondb", 1),
        ("=1+1", "other set", 0),
    ]


async def test_sac_names_raters_as_the_other_formats_do(votes: VotesFile) -> None:
    done = await export(votes, "sac", DIFFUSIONDB)
    assert done.path.name == "diffusiondb_sac.sqlite"
    assert set(rows(done.path, "SELECT sid, verified FROM ratings")) == {
        (KEY.digest("rater", number), int(number == 2)) for number in (1, 2, 3)
    }
    assert rows(done.path, "SELECT id FROM survey UNION SELECT method FROM upscales") == []
    assert rows(done.path, "PRAGMA integrity_check") == [("ok",)]


async def test_only_an_earlier_export_is_replaced(votes: VotesFile, tmp_path: Path) -> None:
    first = await export(votes, "sac")
    votes.vote(2, 20, 8)
    assert (await export(votes, "sac")).rows == first.rows + 1
    other = tmp_path / "sac_public.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE ratings (sid TEXT, iid INTEGER, rating INTEGER)")
    before = other.read_bytes()
    with pytest.raises(ExportFailedError) as caught:
        await votes.service().export("sac", Selection(), out=other)
    assert "no earlier export" in str(caught.value.values["reason"])
    assert other.read_bytes() == before


def answer_of_a_small_disk(request: ExportRequest) -> dict[str, object]:
    """Return what the child says that may write no file of more than a page."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    with subprocess.Popen(
        [sys.executable, "-m", "bot.datasets.exports.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=limit,  # noqa: PLW1509 - a limit of the child's own
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(asdict(request)).encode() + b"\n")
        child.stdin.flush()
        answer: dict[str, object] = json.loads(child.stdout.read().splitlines()[-1])
    assert child.returncode == 1
    return answer


async def test_a_disk_that_takes_no_more_is_told_and_the_earlier_file_stays(
    votes: VotesFile, tmp_path: Path
) -> None:
    out = tmp_path / "out" / "votes.sqlite"
    await votes.service().export("sac", Selection(), out=out)
    before = out.read_bytes()
    request = ExportRequest(
        str(votes.path), str(out), "sac", "sqlite", Selection(), KEY.key.hex(), 0,
        exact_signals=False,
    )  # fmt: skip
    answer = answer_of_a_small_disk(request)
    assert answer == {"kind": "failed", "reason": f"{out}: Input/output error"}
    assert os.listdir(out.parent) == [out.name]  # noqa: PTH208 - nothing else is left
    assert out.read_bytes() == before


async def test_sac_is_no_other_type_of_file(votes: VotesFile) -> None:
    with pytest.raises(ExportFailedError) as caught:
        await votes.service().export("sac", Selection(), "parquet")
    assert "which is sqlite" in str(caught.value.values["reason"])
