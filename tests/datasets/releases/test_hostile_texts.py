"""Whatever data sets, keys, prompts and sidecars say, a release stays data that others can load."""

from __future__ import annotations

import json
import re
import warnings
from contextlib import closing
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import mlcroissant
import pandas as pd
import pytest

from bot.datasets.releases.croissant import CROISSANT
from bot.statistics.service import StatisticsService
from storage.connections import connect
from tests.datasets.exports.votes_file import KEY
from tests.datasets.releases.releasing import SMALL, Load, head, opened, problems
from tests.rating.world import TurnedClock
from tests.trust.scored import NOON, make, run

LICENCE = "CC: BY-SA & 'others' - (4.0)"

DATA_SETS = (
    "a: [b]\n---\n# \"c\" 'd' | {x} &a *b !c %TAG @e `f` \u2028- ? ",
    '<script>alert("1")</script>](javascript:alert(1))',
    '=HYPERLINK("http://example.org")',
    "\u202e\u2066right to left\u200b\ufeff\x1b[2J",
)

PROMPTS = (
    "a \"red\" fox,\nrunning; 'quick'\r\n\r\n",
    '=HYPERLINK("http://example.org","here")',
    "+1\t@SUM(A1)\u2028-2",
    "\u202eright to left\u202c \u200bzero\u200d width\ufeff",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "---\nlicense: mit\nconfigs: [{config_name: votes}]\n---\n# [x](javascript:alert(1))",
    "| a | b |\n|--|--|\n```\n`{f.votes}` {licence} %s $title",
    "'; DROP TABLE votes; --\x1b[2J\x07",
    "null",
    " ",
)
SIDECAR = {"text": PROMPTS[5], "=cmd|' /C calc'!A0": [PROMPTS[3], {"</script>": "\u0000"}]}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Return a database in which every text that comes from outside is one of these."""
    path = make(tmp_path / "jury.db", replace(SMALL, each=20, data_sets=len(DATA_SETS)))
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for number, name in enumerate(DATA_SETS, 1):
            connection.execute("UPDATE data_sets SET name = ? WHERE id = ?", (name, number))
        # Two images of a prompt in each data set, so that there are ranks and pairs.
        connection.execute(
            "UPDATE images SET data_set_id = 1 + id % 4, key = key || ?", (PROMPTS[4],)
        )
        connection.executemany(
            "UPDATE images SET prompt = ?, parameters = ? WHERE id / 8 % 10 = ?",
            [(prompt, json.dumps(SIDECAR), number) for number, prompt in enumerate(PROMPTS)],
        )
    run(path)
    return path


class Tags(HTMLParser):
    """The tags of a page, what they may do, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_a_release_of_hostile_texts_loads_and_gives_them_back(
    hostile: Path, load: Load
) -> None:
    async with opened(hostile, dataset_license=LICENCE) as desk:
        folder = (await desk.release("first")).path
    assert problems(folder) == []
    card = head(folder)
    assert card["license"] == LICENCE.lower()
    configs = {config["config_name"] for config in card["configs"]}
    assert {"votes", "horde", "scores", "laion", "imagereward", "pairs"} <= configs
    found = {name: load(folder, name) for name in configs}
    assert set(found["votes"]["train"]["data_set"]) == set(DATA_SETS)
    told = {
        column: {row for rows in found[name].values() for row in rows[column]}
        for name, column in (("laion", "TEXT"), ("imagereward", "prompt"))
    }
    assert told["TEXT"] <= {*PROMPTS}
    assert len(told["TEXT"]) > 5
    assert told["prompt"] <= {*PROMPTS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own dependencies
        described = mlcroissant.Dataset(jsonld=str(folder / CROISSANT))
        assert not described.metadata.issues.errors
        assert {row["votes/data_set"].decode() for row in described.records("votes")} == {
            *DATA_SETS
        }


async def test_nothing_that_is_shown_or_opened_does_anything(hostile: Path) -> None:
    async with opened(hostile, dataset_license=LICENCE) as desk:
        folder = (await desk.release("first")).path
    for path in folder.rglob("*"):
        assert re.fullmatch(r"[\w.-]+", path.name)
    for name in ("README.md", "CHANGES", "imagereward/README.md"):
        text = (folder / name).read_text("utf-8")
        assert not Tags(text).names
        assert "javascript:" not in text
        assert not set("\u202e\u200b\ufeff\x1b") & set(text)
    names = pd.read_csv(folder / "ava" / "images.csv", keep_default_na=False)
    assert {*names["data_set"]} == {*DATA_SETS[:2], f"'{DATA_SETS[2]}", DATA_SETS[3]}
    assert not names["prompt"].str.match(r"[=+@-]").any()
    assert names["prompt"].str.startswith("'=HYPERLINK").any()


async def test_the_page_of_statistics_is_inert(hostile: Path) -> None:
    service = StatisticsService(hostile, TurnedClock(NOON), KEY)
    page = (await service.make(hostile.parent / "page.html", "en")).path.read_text("utf-8")
    found = Tags(page)
    assert not found.names & {"script", "img", "iframe", "a", "object", "form"}
    assert not [name for name in found.attributes if name.startswith("on")]
    assert all(name in found.text for name in DATA_SETS)
