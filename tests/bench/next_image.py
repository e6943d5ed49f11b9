"""Choosing the next image: flat from 10 thousand to 1 million images, 14 million with `--full`.

Each data set has full images, a pool of begun ones and a rater who judged half of the pool. An
image of a pool that is full and a fresh one for a pool with room are measured apart.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import median

from bot.rating.choosing import choose
from storage.choosing import Seeker
from storage.connections import connect
from storage.images import RANDOM_KEY_BITS
from storage.migrations import upgrade
from tests.bench.rows import Row
from tests.rating.world import NOON

POOL = 200
ROUNDS = 4000
RATER = 1
JUDGED = 4000

FILL = """
    INSERT INTO images (id, data_set_id, key, source_id, member, safe, stage, random_key,
        complete_votes, imported_at)
    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :images)
    SELECT n, 1, n, 1, n || '.png', n % 2,
        CASE WHEN n <= :pool THEN 'begun' WHEN n <= :touched THEN 'full' ELSE 'waiting' END,
        (n * 2654435761 * 40503) & ((1 << :bits) - 1), 2, 0
    FROM number
"""


def fill(path: Path, images: int) -> None:
    """Make a database with so many images; a half of them safe, seven tenths touched."""
    upgrade(path)
    touched = images * 7 // 10
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO data_sets (id, name, target, begun_images, full_images, created_at)"
            " VALUES (1, 'bench', 5, ?, ?, 0)",
            (POOL, touched - POOL),
        )
        connection.execute(
            "INSERT INTO sources (id, data_set_id, kind, path) VALUES (1, 1, 'folder', '/')"
        )
        connection.execute(
            "INSERT INTO raters (number, discord_id, first_seen_at) VALUES (1, 1, 0)"
        )
        connection.execute("INSERT INTO client_agents (id, name) VALUES (1, 'bench')")
        connection.execute(
            FILL,
            {"images": images, "pool": POOL, "touched": touched, "bits": RANDOM_KEY_BITS},
        )
        connection.execute(
            "INSERT INTO posts (id, image_id, surface, rater, state, shown_at)"
            " VALUES (1, 1, 'private', 1, 'open', 0)"
        )
        judge(connection, touched)
        connection.execute("COMMIT")


def judge(connection: sqlite3.Connection, touched: int) -> None:
    """Give the rater votes on half of the pool and on full images."""
    ids = [*range(1, POOL // 2), *range(POOL + 1, min(touched, POOL + JUDGED))]
    connection.executemany(
        "INSERT INTO votes (rater, image_id, aesthetic, artifacts, aesthetic_at, artifacts_at,"
        " post_id, surface, locale, client_agent_id, shown_at, created_at, changed_at,"
        " completed_at) VALUES (1, ?, 5, 0, 0, 0, 1, 'private', 'en-US', 1, 0, 0, 0, 0)",
        [(number,) for number in ids],
    )


def measure(path: Path, pool_size: int) -> float:
    """Return the median seconds of one choice."""
    random = Random(5)
    seconds = []
    with closing(connect(path, query_only=True)) as connection:
        for number in range(ROUNDS):
            seeker = Seeker(1, safe_only=number % 2 == 0, rater=RATER)
            start = random.getrandbits(RANDOM_KEY_BITS)
            begun = time.perf_counter()
            found = choose(connection, seeker, start, NOON, pool_size)
            seconds.append(time.perf_counter() - begun)
            assert found is not None
    return median(seconds)


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the harness calls every benchmark so
    """Compare the small data set with the big one."""
    large, name = (14_000_000, "14 million") if full else (1_000_000, "1 million")
    with tempfile.TemporaryDirectory() as folder:
        small_path, large_path = Path(folder) / "small.db", Path(folder) / "large.db"
        fill(small_path, 10_000)
        fill(large_path, large)
        rows = []
        for what, pool_size in {"begun": POOL, "fresh": POOL + 1}.items():
            small, big = measure(small_path, pool_size), measure(large_path, pool_size)
            rows += [
                Row(f"next image, {what}, {name} / 10 thousand", big / small, 2, "x", at_most=True),
                Row(f"next image, {what}, median at {name}", big * 1000, 1, "ms", at_most=True),
            ]
    return rows
