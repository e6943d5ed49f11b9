"""A process that takes votes under load until it is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain, islice
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from bot.clock import SystemClock
from bot.errors import PlaceTakenError
from bot.rating.scales import SCALES
from bot.rating.voting import ScorePress
from storage.leases import Lease
from tests.rating.world import CHANNEL, HOME, World, caller

RATERS = 40
IMAGES = 150
TARGET = 8
CALLERS = 60
LIFE = 1_000_000
"""Interaction ids that one life of the process may use."""

Press = tuple[int, ScorePress]


async def prepare(path: Path) -> None:
    """Make the database: open posts whose ids are those of their images, raters who agreed."""
    world = await World.open(path)
    await world.data_set(IMAGES, target=TARGET)
    await world.agree(*range(1, RATERS + 1))
    await world.database.write(
        lambda connection: connection.execute(
            "INSERT INTO posts (id, image_id, surface, guild_id, channel_id, message_id, state,"
            " shown_at) SELECT id, id, 'public', ?, ?, id + 5000, 'open', 0 FROM images",
            (HOME, CHANNEL),
        )
    )
    await world.database.close()


def presses_of(life: int) -> Iterator[Press]:
    """Give who presses what in this life, without end and always the same."""
    random = Random(life)
    number = life * LIFE
    while True:
        number += 1
        scale = SCALES[random.choice(sorted(SCALES))]
        value = random.choice(scale.values)
        press = ScorePress(number, random.randint(1, IMAGES), scale.name, value)
        yield random.randint(1, RATERS), press


def live(path: Path, life: int, acknowledged_before: int, acknowledgements: Connection) -> None:
    """Repeat the last presses of the life before, as Discord may, then take new ones."""
    again = islice(
        presses_of(life - 1), max(0, acknowledged_before - 50), acknowledged_before + 150
    )
    asyncio.run(_take(path, chain(again, presses_of(life)), acknowledgements))


async def _take(path: Path, presses: Iterator[Press], acknowledgements: Connection) -> None:
    world = await World.open(path)
    try:
        async with Lease(world.database, "run", SystemClock()):
            await asyncio.gather(
                *(_press_on(world, presses, acknowledgements) for _ in range(CALLERS))
            )
    finally:
        await world.database.close()


async def _press_on(world: World, presses: Iterator[Press], acknowledgements: Connection) -> None:
    for rater, press in presses:
        try:
            await world.voting.take(caller(rater), press)
        except PlaceTakenError:
            continue
        line = f"{press.interaction_id} {rater} {press.post_id} {press.scale} {press.value}"
        acknowledgements.send_bytes(line.encode())
