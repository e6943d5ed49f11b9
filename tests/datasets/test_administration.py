"""Targets: set at once, followed by the images in batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from sqlite3 import Connection

import pytest

from bot.trust.recounting import Recounting
from storage import data_sets, image_stages
from storage.data_sets import DataSet
from tests.trust.home import Home, open_home


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with open_home(tmp_path) as opened:
        yield opened


async def filled(home: Home, number: int, votes: int = 2) -> DataSet:
    """Return a data set, all of whose images are full with that many votes."""
    data_set = await home.world.data_set(number, target=votes)

    def unit(connection: Connection) -> None:
        connection.execute("UPDATE images SET stage = 'full', complete_votes = ?", (votes,))
        connection.execute("UPDATE data_sets SET full_images = ?", (number,))

    await home.world.database.write(unit)
    return data_set


async def stages(home: Home) -> dict[str, int]:
    def query(connection: Connection) -> dict[str, int]:
        rows = connection.execute("SELECT stage, count(*) FROM images GROUP BY stage")
        return dict(rows.fetchall())

    counted = await home.world.database.read(query)
    (data_set,) = await home.world.database.read(data_sets.every)
    assert data_set.full_images == counted.get("full", 0)
    assert data_set.begun_images == counted.get("begun", 0)
    return counted


async def test_more_images_than_a_batch_follow_there_and_back(home: Home) -> None:
    await filled(home, 4_500)
    await home.services.data_sets.set_target("set", 3)
    assert await stages(home) == {"begun": 4_500}
    closing = "SELECT count(*) FROM images WHERE closes_at IS NOT NULL"
    assert await home.world.value(closing) == 0
    await home.services.data_sets.set_target("set", 2)
    assert await stages(home) == {"full": 4_500}
    assert await home.world.value(closing) == 4_500
    assert await home.world.value("SELECT count(*) FROM remembered WHERE name = 'recount'") == 0


async def test_units_between_two_batches_are_not_kept_waiting(home: Home) -> None:
    """Somebody who writes all the while gets their turn after every single batch."""
    await filled(home, 20_000)
    setting = asyncio.create_task(home.services.data_sets.set_target("set", 3))
    seen = set()
    while not setting.done():
        seen.add(
            await home.world.database.write(
                lambda c: c.execute("SELECT begun_images FROM data_sets").fetchone()[0]
            )
        )
        await asyncio.sleep(0)
    await setting
    assert {0, 2_000, 10_000, 18_000} <= seen


async def test_a_stop_between_is_made_good_at_the_next_start(home: Home) -> None:
    data_set = await filled(home, 4_500)

    def set_and_die(connection: Connection) -> None:
        data_sets.set_target(connection, data_set.id, 3)
        Recounting.owe(connection, data_set.id)

    await home.world.database.write(set_and_die)
    first = partial(
        image_stages.follow_target,
        data_set_id=data_set.id,
        now=home.world.clock.now(),
        close_delay=home.world.clock.now() - home.world.clock.now(),
    )
    assert await home.world.database.write(first) == 2_000
    assert await stages(home) == {"full": 2_500, "begun": 2_000}
    await home.services.bans.resume()
    assert await stages(home) == {"begun": 4_500}


async def test_other_data_sets_stay_as_they_are(home: Home) -> None:
    await filled(home, 3)
    await home.world.data_set(3, name="other", target=2)
    await home.services.data_sets.set_target("other", 9)
    assert await home.world.value("SELECT count(*) FROM images WHERE stage = 'full'") == 3
