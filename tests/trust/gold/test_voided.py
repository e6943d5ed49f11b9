"""Gold votes that moderators take out and bring back: what changes with them, and what stays."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import pytest

from bot.datasets.exports.selection import Selection
from bot.errors import ClosedPostError
from bot.rating.sessions import Showing
from storage import ledger
from tests.trust.home import Home, caller, open_home

RATER, OTHER = 1, 2

COUNTERS: Final = "SELECT id, stage, complete_votes, closes_at FROM images"
RECORD: Final = "SELECT rater, image_id, aesthetic, artifacts, asked, wrong FROM gold_answers"


class Scene(NamedTuple):
    """The rater has judged a gold image in a session, and an ordinary one in public."""

    home: Home
    gold: Showing
    post: int


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_home(tmp_path, gold_percent=100, horde_api_key="k" * 22) as home:
        post = await home.post()
        await home.world.data_set(3)
        await home.world.mark_gold(2)
        await home.raters(RATER, OTHER)
        gold = await home.services.sessions.start(caller(RATER))
        assert gold.image.id == 2
        await home.world.vote(RATER, gold.post_id, aesthetic=2, artifacts=1)
        for rater in RATER, OTHER:
            await home.world.vote(rater, post)
        yield Scene(home, gold, post)


async def rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    return await home.world.database.read(lambda c: c.execute(sql).fetchall())


async def exported(home: Home, *, gold: bool) -> list[str]:
    """Return the ids of all exported images, one for each of their votes."""
    done = await home.services.exports.export("horde", Selection(gold=gold), "csv")
    with done.path.open() as file:
        return sorted(row["id"] for row in csv.DictReader(file))


Way = Literal["ban", "revert"]


async def take_out(home: Home, way: Way) -> None:
    if way == "ban":
        await home.services.bans.ban(home.moderator, RATER, "spam")
    else:
        await home.services.voiding.revert(home.moderator, RATER, "1h")


async def bring_back(home: Home, way: Way) -> None:
    if way == "ban":
        await home.services.bans.unban(home.moderator, RATER)
    else:
        await home.services.voiding.restore(home.moderator, RATER)


@pytest.mark.parametrize("way", ["ban", "revert"])
async def test_it_leaves_with_the_others_and_comes_back(scene: Scene, way: Way) -> None:
    home = scene.home
    tables = ("votes", "awards", "gold_answers", "images", "removed_rows")
    before = [await rows(home, f"SELECT * FROM {table}") for table in tables]  # noqa: S608 - above
    assert await exported(home, gold=True) == ["True-0", "True-0", "True-1"]
    await take_out(home, way)
    states = await rows(home, "SELECT image_id, state FROM votes WHERE rater = 1")
    assert sorted(states) == [(1, "void"), (2, "void")]
    assert await rows(home, "SELECT DISTINCT standing FROM awards WHERE image_id = 2") == [
        ("void",)
    ]
    assert await exported(home, gold=True) == await exported(home, gold=False) == ["True-0"]
    assert await home.world.database.read(ledger.imbalances) == []
    await bring_back(home, way)
    assert [await rows(home, f"SELECT * FROM {table}") for table in tables] == before  # noqa: S608
    assert await exported(home, gold=True) == ["True-0", "True-0", "True-1"]


@pytest.mark.parametrize("way", ["ban", "revert"])
async def test_what_was_answered_stays_in_the_record(scene: Scene, way: Way) -> None:
    """It tells of the rater, whatever becomes of the vote: moderators judge an appeal by it."""
    home = scene.home
    record = await rows(home, RECORD)
    assert record == [(await home.world.number(RATER), 2, 2, 1, 2, 1)]
    await take_out(home, way)
    assert await rows(home, RECORD) == record
    dossier = await home.services.dossiers.of(home.moderator, RATER)
    assert (dossier.gold.answers, dossier.gold.asked, dossier.gold.wrong) == (1, 2, 1)


async def test_no_counter_of_its_image_moves(scene: Scene) -> None:
    home = scene.home
    golden = f"{COUNTERS} WHERE id = 2"
    before = await rows(home, golden)
    assert before == [(2, "waiting", 0, None)]
    await take_out(home, "revert")
    assert await rows(home, golden) == before
    assert await rows(home, f"{COUNTERS} WHERE id = 1") == [(1, "begun", 1, None)]


async def test_it_takes_no_press_and_is_not_shown_as_gold_again(scene: Scene) -> None:
    home = scene.home
    await take_out(home, "revert")
    with pytest.raises(ClosedPostError):
        await home.world.press(RATER, scene.gold.post_id, "aesthetic", 9)
    assert (await home.services.sessions.start(caller(RATER))).image.id not in {1, 2}
    await bring_back(home, "revert")
    assert (await home.world.press(RATER, scene.gold.post_id, "aesthetic", 9)).changed
    assert await rows(home, RECORD) == [(await home.world.number(RATER), 2, 9, 1, 2, 0)]
