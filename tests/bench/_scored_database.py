"""What a run of the estimator over a database costs, and how long it keeps a press waiting."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from bot.children.asking import KEEPS_FREED_MEMORY, ask
from bot.trust.scoring.request import ScoreRequest
from bot.trust.scoring.service import CHILD
from storage import remembered
from storage.connections import connect
from storage.database import Database
from tests.bench.exports import make_database
from tests.bench.rows import Row

QUIET_SECONDS: Final = 4.0
BETWEEN_SECONDS: Final = 0.003


def database_run(votes: int) -> list[Row]:
    """Measure the first run, which writes every row, beside writes; then one as each hour has."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "jury.db")
        make_database(path, votes)
        with closing(connect(path)) as connection:
            (given,) = connection.execute(
                "SELECT count(aesthetic) + count(artifacts) FROM votes"
            ).fetchone()
        quiet, beside = asyncio.run(delays(path))
        found = run_scores(path)
    name = f"database of {votes:,} votes ({given / 1e6:.1f} M scores on both scales)"
    return [
        Row(f"{name}: estimating", found["estimating"], 5, "s", at_most=True),
        Row("  the whole hourly run", found["seconds"], None, "s"),
        Row("  of it the processor's", found["processor_seconds"], None, "s"),
        Row("  its peak memory", found["mebibytes"], 600, "MiB", at_most=True),
        Row("  a small write without a run, 99 %", percentile(quiet, 99), None, "ms"),
        Row("  a small write without a run, longest", max(quiet), None, "ms"),
        Row("  beside a first run, 99 %", percentile(beside, 99), None, "ms"),
        Row("  beside a first run, longest", max(beside), None, "ms"),
    ]


def large_run(votes: int) -> list[Row]:
    """Measure a first run, which writes every row, while nobody else writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "jury.db")
        make_database(path, votes)
        found = run_scores(path)
    return [
        Row(f"first scores of {votes:,} votes", found["seconds"], 60, "s", at_most=True),
        Row("  of them the processor's", found["processor_seconds"], None, "s"),
        Row("  peak memory", found["mebibytes"], 4096, "MiB", at_most=True),
    ]


def run_scores(path: Path) -> dict[str, float]:
    """Score a database as the child process does, in one of our own; return its figures."""
    command = [sys.executable, "-m", "tests.bench._database_run", str(path)]
    environment = {**os.environ, **KEEPS_FREED_MEMORY}
    answer = subprocess.run(command, check=True, capture_output=True, env=environment)  # noqa: S603 - our own code
    found: dict[str, float] = json.loads(answer.stdout)
    return found


async def delays(path: Path) -> tuple[list[float], list[float]]:
    """Return how many milliseconds small writes took before a run and during one."""
    database = await Database.open(path)
    try:
        end = time.monotonic() + QUIET_SECONDS
        quiet = await _write_while(database, lambda: time.monotonic() < end)
        request = ScoreRequest(str(path), time.time_ns() // 1000, beside=True)
        running = asyncio.create_task(ask(CHILD, asdict(request), environment=KEEPS_FREED_MEMORY))
        beside = await _write_while(database, lambda: not running.done())
        await running
        return quiet, beside
    finally:
        await database.close()


async def _write_while(database: Database, go_on: Callable[[], bool]) -> list[float]:
    taken: list[float] = []
    while go_on():
        begun = time.perf_counter()
        await database.write(partial(remembered.remember, name="bench", value=str(len(taken))))
        taken.append(1000 * (time.perf_counter() - begun))
        await asyncio.sleep(BETWEEN_SECONDS)
    return taken


def percentile(values: list[float], share: float) -> float:
    return float(np.percentile(values, share))
