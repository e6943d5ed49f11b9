"""Votes of AI Horde Ratings a second, against a loop that only reads and inserts; and memory."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bot.clock import SystemClock
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.votes.formats import HORDE
from bot.datasets.imports.votes.importing import import_votes
from bot.keyed_hash import KeyedHash
from storage.connections import connect
from storage.database import Database
from storage.migrations import upgrade
from tests.bench.imports import measure
from tests.bench.rows import Row

VOTES, VOTES_FULL = 200_000, 4_000_000
VOTES_AN_IMAGE, VOTES_A_RATER = 3, 100
BASELINE_BATCH = 50_000

PLAIN = """
CREATE TABLE plain (id TEXT, ratings_count INTEGER, rating INTEGER, kudos INTEGER,
    account_age INTEGER, usage_requests INTEGER, created_at INTEGER, client_agent TEXT,
    artifacts REAL, user_id TEXT, trusted INTEGER, validated INTEGER, captchas_failed INTEGER,
    country TEXT, UNIQUE (id, user_id, created_at))
"""


def make_file(path: Path, votes: int) -> None:
    """Write a file of the published shape: votes in the order of time, images in none."""
    random = np.random.default_rng(1)
    images = pa.array([random.bytes(16).hex() for _ in range(votes // VOTES_AN_IMAGE)])
    raters = pa.array([random.bytes(32).hex() for _ in range(votes // VOTES_A_RATER)])
    agents = pa.array(["ArtBot:v.1:(discord)someone", "unknown:0:unknown"])

    def some(low: int, high: int) -> pa.Array:
        return pa.array(random.integers(low, high, votes))

    moments = pa.array(1_673_588_738_000_000_000 + 1_000_003_000 * np.arange(votes))
    table = pa.table(
        {
            "id": images.take(some(0, len(images))),
            "ratings_count": some(1, 8),
            "rating": some(1, 11),
            "kudos": some(-50, 100_000),
            "account_age": some(0, 3_000_000),
            "usage_requests": some(0, 3_000),
            "created_at": moments.cast(pa.timestamp("ns")),
            "client_agent": agents.take(some(0, 2)),
            "artifacts": some(0, 6).cast(pa.float64()),
            "user_id": raters.take(some(0, len(raters))),
            "trusted": some(0, 2).cast(pa.bool_()),
            "validated": some(0, 2).cast(pa.bool_()),
            "captchas_failed": some(-30, 3),
            "country": pa.repeat("NL", votes),
        }
    )
    pq.write_table(table, path, row_group_size=2**17)


def run_import(folder: Path, path: Path, *, file: str) -> None:
    """Import as `jury import votes` does."""

    async def work() -> None:
        database = await Database.open(path)
        sink = Sink(database, "votes", 5, SystemClock(), Random(1))
        key = KeyedHash(b"k" * 32)
        summary = await import_votes(sink, folder / file, HORDE, collection="horde", keyed_hash=key)
        await database.close()
        assert summary.added == summary.read, summary

    asyncio.run(work())


def run_baseline(folder: Path, path: Path, *, file: str) -> None:
    """Read with pyarrow and insert each batch by one executemany, checking nothing."""
    upgrade(path, create=True)
    with closing(connect(path)) as connection, pq.ParquetFile(folder / file) as votes:
        connection.execute(PLAIN)
        for batch in votes.iter_batches(BASELINE_BATCH):
            at = batch.schema.get_field_index("created_at")
            plain = batch.set_column(at, "created_at", batch["created_at"].cast(pa.int64()))
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                f"INSERT INTO plain VALUES ({', '.join('?' * plain.num_columns)})",  # noqa: S608 - marks
                zip(*plain.to_pydict().values(), strict=True),
            )
            connection.execute("COMMIT")


def run(full: bool) -> list[Row]:  # noqa: FBT001 - how the harness calls every benchmark
    """Measure both, each in a process of its own so that each has its own peak of memory."""
    votes = VOTES_FULL if full else VOTES
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make_file(folder / "votes.parquet", votes)
        make_file(folder / "few.parquet", votes // 4)
        whole, few = (partial(run_import, file=f"{name}.parquet") for name in ("votes", "few"))
        baseline = partial(run_baseline, file="votes.parquet")
        plain, _ = measure(baseline, folder, folder / "baseline.db")
        seconds, peak = measure(whole, folder, folder / "jury.db")
        _, peak_of_few = measure(few, folder, folder / "few.db")
    name = f"import of {votes:,} votes"
    return [
        Row(name, plain / seconds, 1 / 3, "x read + executemany"),
        Row(name, votes / seconds, None, "rows/s"),
        Row(f"{name}, peak memory", peak / 1024, 500, "MiB", at_most=True),
        # A hash of each vote is kept, to tell equal ones of a file apart.
        Row(f"{name}, peak memory", peak / peak_of_few, 1.5, "x of a quarter", at_most=True),
    ]
