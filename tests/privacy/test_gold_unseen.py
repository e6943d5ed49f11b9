"""What is kept about gold and repeats: erased like the rest, and no way to recognise gold."""

from __future__ import annotations

import json
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from bot.rating.sessions import Showing
from storage import check_presses
from storage.check_presses import CheckPress
from tests.rating.world import NOON
from tests.trust.home import Home, caller, open_home

Tables = dict[str, list[dict[str, Any]]]


async def shown(home: Home, rater: int, data_set: str) -> Showing:
    """Have a rater judge one image of a data set in a private session."""
    await home.raters(rater)
    showing = await home.services.sessions.start(caller(rater), data_set)
    await home.world.vote(rater, showing.post_id, aesthetic=2, artifacts=5)
    return showing


async def download(home: Home, rater: int) -> Tables:
    found = await home.services.personal_data.download(caller(rater), 10**7)
    assert found is not None
    document: Tables = json.loads(found.content)
    return document


def plain(tables: Tables) -> Tables:
    """Take out what differs between any two people."""
    own = {"discord_id", "number", "image", "data_set", "post_id", "interaction_id"}
    return {
        table: [{k: v for k, v in row.items() if k not in own} for row in rows]
        for table, rows in tables.items()
        if table != "written_at"
    }


async def test_nobody_sees_by_their_data_what_was_gold(tmp_path: Path) -> None:
    async with open_home(tmp_path, gold_percent=100) as home:
        await home.world.data_set(2, name="golden")
        await home.world.mark_gold(1, 2)
        await home.world.data_set(2, name="plain")
        await shown(home, 1, "golden")
        await shown(home, 2, "plain")
        assert await home.world.value("SELECT count(*) FROM votes WHERE gold = 1") == 1
        await home.services.rules.settle()
        assert await home.world.value("SELECT count(*) FROM rule_records") == 2
        ours, theirs = [plain(await download(home, rater)) for rater in (1, 2)]
        assert ours == theirs
        counts = [
            (await home.services.personal_data.overview(caller(rater))).rows for rater in (1, 2)
        ]
        assert counts[0] == counts[1]
        pasts = [await home.services.personal_data.past(caller(rater)) for rater in (1, 2)]
        assert pasts[0].activity == pasts[1].activity
        assert pasts[0].votes[0].open == pasts[1].votes[0].open is True

        home.world.clock.turn(7 * 86_400 + 1)
        told = await download(home, 1)
        assert told["gold_answers"] == [{"lesson": 0, "asked": 2, "wrong": 2}]
        overview = await home.services.personal_data.overview(caller(1))
        assert overview.rows["gold_answers"] == 1
        assert (await download(home, 2))["gold_answers"] == []


@pytest.mark.parametrize(
    "table", ["gold_answers", "repeat_answers", "onboardings", "check_presses"]
)
async def test_an_erasure_takes_all_answers(tmp_path: Path, table: str) -> None:
    async with open_home(tmp_path, gold_percent=100) as home:
        await home.world.data_set(2, name="golden")
        await home.world.mark_gold(1, 2)
        showing = await shown(home, 1, "golden")
        number = await home.world.number(1)

        def more(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO repeat_answers (rater, image_id, post_id, shown_at, changed_at)"
                " VALUES (?, ?, ?, 0, 0)",
                (number, showing.image.id, showing.post_id),
            )
            connection.execute(
                "INSERT INTO onboardings (rater, lessons, begun_at) VALUES (?, 5, 0)", (number,)
            )
            outcome = CheckPress(
                number, showing.post_id, {}, "given", changed=False, completed=True
            )
            check_presses.append(connection, 1, outcome, NOON)

        await home.world.database.write(more)
        rows = f"SELECT count(*) FROM {table}"  # noqa: S608 - the names above
        assert await home.world.value(rows) == 1
        image = await home.world.image(showing.post_id)
        erased = await home.services.erasure.erase(caller(1))
        assert erased.votes == 1
        assert await home.world.value(rows) == 0
        assert await home.world.value("SELECT count(*) FROM votes") == 0
        assert await home.world.image(showing.post_id) == image
        assert image.imported_at == NOON
