"""Exports while votes are taken: each is one moment of the database, and nobody waits for it."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from pathlib import Path

from bot.datasets.exports.selection import Selection
from tests.rating.world import caller
from tests.trust.home import open_home

RATERS = range(1, 9)
EXPORTS = 3


async def test_an_export_is_one_moment_while_votes_are_taken(tmp_path: Path) -> None:
    async with open_home(tmp_path) as home:
        world, sessions = home.world, home.services.sessions
        await world.data_set(1_000, target=len(RATERS))
        await home.raters(*RATERS)
        order: dict[int, list[str]] = defaultdict(list)

        async def rate(rater: int) -> None:
            showing = await sessions.start(caller(rater))
            while not enough.is_set():
                order[rater].append(showing.image.key)
                await world.vote(rater, showing.post_id)
                showing = await sessions.advance(caller(rater), showing.post_id)

        enough = asyncio.Event()
        rating = asyncio.gather(*(rate(rater) for rater in RATERS))
        sizes: list[int] = []
        while len(sizes) < EXPORTS:
            before = await world.value("SELECT count(*) FROM votes")
            exported = await home.services.exports.export(
                "horde", Selection(("set",)), "jsonl", out=tmp_path
            )
            after = await world.value("SELECT count(*) FROM votes")
            rows = [json.loads(line) for line in exported.path.read_text().splitlines()]
            assert before <= len(rows) <= after
            sizes.append(len(rows))
            seen: dict[str, set[str]] = defaultdict(set)
            for row in rows:
                seen[row["user_id"]].add(row["id"])
            # What a rater gave first is never missing where a later one is there.
            begun = [{*keys[: len(rated)]} for rated in seen.values() for keys in order.values()]
            assert all(rated in begun for rated in seen.values())
        enough.set()
        await rating
        assert sizes == sorted(set(sizes)), "votes were taken all the while"
