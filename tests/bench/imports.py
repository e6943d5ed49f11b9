"""Rows of DiffusionDB's metadata a second, against a loop that only reads and inserts."""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.queues import Queue
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bot.clock import SystemClock
from bot.datasets.imports.diffusiondb import Thresholds, import_diffusiondb
from bot.datasets.imports.sink import Sink
from storage import data_sets, images, sources
from storage.connections import connect
from storage.database import Database
from storage.images import NewImage
from storage.migrations import upgrade
from tests.bench.rows import Row

ROWS, ROWS_FULL = 100_000, 2_000_000
IN_A_PART = 1000
BASELINE_BATCH = 50_000

Figures = tuple[float, int]
"""Seconds, and the peak of memory in KiB."""


def make_set(folder: Path, rows: int) -> None:
    """Write metadata of the published shape, and archives with a name for each row."""
    random = np.random.default_rng(1)
    parts = []
    for number in range(1, rows // IN_A_PART + 1):
        names = [f"{random.bytes(16).hex()}-{at:04}.png" for at in range(IN_A_PART)]
        with zipfile.ZipFile(folder / f"part-{number:06}.zip", "w") as archive:
            for name in names:
                archive.writestr(zipfile.ZipInfo(name), b"")
        parts.append(_table(names, number, random))
    pq.write_table(pa.concat_tables(parts), folder / "metadata.parquet")


def _table(names: list[str], number: int, random: np.random.Generator) -> pa.Table:
    count = len(names)
    words = "a portrait of a castle in the mist, highly detailed, by "
    return pa.table(
        {
            "image_name": names,
            "prompt": [words * 2 + str(number) for _ in names],
            "part_id": pa.array([number] * count, pa.uint16()),
            "seed": pa.array(random.integers(0, 2**32, count), pa.uint32()),
            "step": pa.array([50] * count, pa.uint16()),
            "cfg": pa.array([7.0] * count, pa.float32()),
            "sampler": pa.array([8] * count, pa.uint8()),
            "width": pa.array([512] * count, pa.uint16()),
            "height": pa.array([512] * count, pa.uint16()),
            "user_name": ["0" * 64] * count,
            "timestamp": pa.array([datetime(2022, 8, 7, tzinfo=UTC)] * count, pa.timestamp("us")),
            "image_nsfw": pa.array(random.random(count), pa.float32()),
            "prompt_nsfw": pa.array(random.random(count) / 10, pa.float32()),
        }
    )


def run_import(folder: Path, path: Path) -> None:
    """Import the set as `jury import diffusiondb` does."""

    async def work() -> None:
        database = await Database.open(path)
        sink = Sink(database, "diffusiondb", 5, SystemClock(), Random(1))
        summary = await import_diffusiondb(sink, folder, thresholds=Thresholds(0.5, 0.5))
        await database.close()
        assert summary.added == summary.read, summary

    asyncio.run(work())


def run_baseline(folder: Path, path: Path) -> None:
    """Read with pyarrow and insert each batch by one executemany, checking nothing."""
    upgrade(path, create=True)
    now = datetime.now(UTC)
    random = Random(1)
    connection = connect(path)
    data_set = data_sets.create(connection, "diffusiondb", target=5, now=now)
    source = sources.create(connection, data_set.id, "zip", str(folder))
    columns = ["image_name", "prompt", "seed", "width", "height"]
    with pq.ParquetFile(folder / "metadata.parquet") as file:
        for batch in file.iter_batches(BASELINE_BATCH, columns=columns):
            rows = [
                NewImage(
                    data_set.id, name[:-4], source.id, name, False, random.getrandbits(47),  # noqa: FBT003 - a row
                    prompt=prompt, parameters=str(seed), width=width, height=height,
                )
                for name, prompt, seed, width, height in zip(
                    *batch.to_pydict().values(), strict=True
                )
            ]  # fmt: skip
            connection.execute("BEGIN IMMEDIATE")
            images.insert_new(connection, rows, now)
            connection.execute("COMMIT")
    connection.close()


def run(full: bool) -> list[Row]:  # noqa: FBT001 - how the harness calls every benchmark
    """Measure both, each in a process of its own so that each has its own peak of memory."""
    rows = ROWS_FULL if full else ROWS
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make_set(folder, rows)
        baseline, _ = measure(run_baseline, folder, folder / "baseline.db")
        seconds, peak = measure(run_import, folder, folder / "jury.db")
    name = f"metadata import, {rows:,} rows"
    return [
        Row(name, baseline / seconds, 1 / 3, "x read + executemany"),
        Row(name, rows / seconds, 2_000_000 / 600, "rows/s"),
        Row(f"{name}, peak memory", peak / 1024, 500, "MiB", at_most=True),
    ]


def measure(work: Callable[[Path, Path], None], folder: Path, path: Path) -> Figures:
    """Run `work` in a fresh process and return its figures."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[Figures] = context.Queue()
    process = context.Process(target=_measured, args=(work, folder, path, queue))
    process.start()
    figures = queue.get()
    process.join()
    return figures


def _measured(
    work: Callable[[Path, Path], None], folder: Path, path: Path, queue: Queue[Figures]
) -> None:
    started = time.perf_counter()
    work(folder, path)
    seconds = time.perf_counter() - started
    queue.put((seconds, _peak_memory()))


def _peak_memory() -> int:
    """Return this process's peak in KiB; `ru_maxrss` would count what its parent had, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0])
