"""200 raters at once, 50 complete votes each, some leaving in the middle: what gets finished.

Real services and a turned clock; in each turn every rater who is still there gives one score.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bot.errors import NothingLeftError, UserError
from bot.rating.sessions import Showing
from tests.bench.rows import Row
from tests.rating.world import World, caller

RATERS = 200
VOTES = 50
TARGET = 5
IMAGES = 10_000
SECONDS_A_PRESS = 3


@dataclass
class Visitor:
    """A rater who leaves after so many presses, complete votes or not."""

    discord_id: int
    presses: int
    showing: Showing | None = None

    async def press(self, world: World, value: int) -> None:
        """Give one score, and go on after the second."""
        if self.showing is None:
            self.showing = await world.start(self.discord_id)
        self.presses -= 1
        scale = "artifacts" if "aesthetic" in self.showing.scores else "aesthetic"
        try:
            receipt = await world.press(self.discord_id, self.showing.post_id, scale, value)
        except UserError:
            self.showing = None
            return
        leaves = receipt.completed_now and self.presses <= 0
        if not leaves:
            self.showing = await world.sessions.advance(
                caller(self.discord_id), self.showing.post_id
            )


async def visit(world: World, random: Random, *, leavers: int) -> None:
    """Let everybody rate; `leavers` go at a random moment, often after half a vote."""
    visitors = [
        Visitor(number, random.randrange(1, 2 * VOTES) if number <= leavers else 2 * VOTES)
        for number in range(1, RATERS + 1)
    ]
    await world.agree(*range(1, RATERS + 1))
    while visitors:
        random.shuffle(visitors)
        outcomes = await asyncio.gather(
            *(visitor.press(world, random.randrange(1, 6)) for visitor in visitors),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if outcome is not None and not isinstance(outcome, NothingLeftError):
                raise outcome
        visitors = [visitor for visitor in visitors if visitor.presses > 0]
        world.clock.turn(SECONDS_A_PRESS)


async def simulate(path: Path, leavers: int) -> tuple[float, float]:
    """Return the shares of touched images that are at their target, and above it."""
    world = await World.open(path)
    try:
        await world.data_set(IMAGES, target=TARGET)
        await visit(world, Random(11), leavers=leavers)
        touched = await world.value("SELECT count(DISTINCT image_id) FROM posts")
        counts = "SELECT count(*) FROM images WHERE complete_votes"
        full = await world.value(f"{counts} = ?", TARGET)
        above = await world.value(f"{counts} > ?", TARGET)
    finally:
        await world.database.close()
    return full / touched, above / touched


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the harness calls every benchmark so
    """Simulate with a tenth of the raters leaving; with `full` also with a quarter of them."""
    rows = []
    for leavers in (20, 50) if full else (20,):
        with tempfile.TemporaryDirectory() as folder:
            at, above = asyncio.run(simulate(Path(folder) / "jury.db", leavers))
        who = f"{RATERS} raters, {leavers} leave"
        rows += [
            Row(f"touched images at their target, {who}", at, 0.95, "of touched"),
            Row(
                f"touched images above their target, {who}", above, 0.0, "of touched", at_most=True
            ),
        ]
    return rows
