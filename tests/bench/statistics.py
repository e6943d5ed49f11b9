"""The page of statistics of many votes: time against a plain count, and how memory grows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from tests.bench.exports import ROUNDS, memory_rows, two_databases
from tests.bench.rows import Row


def run_way(way: str, database: Path) -> tuple[float, float]:
    """Make a page in a process of its own; return seconds and peak memory in MiB."""
    page = database.with_suffix(".html")
    command = [sys.executable, "-m", "tests.bench._statistics_run", way, str(database), str(page)]
    answer = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own code
    figures = json.loads(answer.stdout)
    return figures["seconds"], figures["mebibytes"]


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the benchmarks' common signature
    """Compare in rounds, so that other work on the machine meets both ways alike."""
    with two_databases(full=full) as (million, more, most):
        rounds = [(run_way("ours", million), run_way("plain", million)) for _ in range(ROUNDS)]
        _, peak = run_way("ours", more)
    seconds = median(ours[0] for ours, _ in rounds)
    memory = median(ours[1] for ours, _ in rounds)
    slower = median(ours[0] / plain[0] for ours, plain in rounds)
    name = "statistics of 1 million votes"
    return [
        Row(name, seconds, None, "s"),
        Row(f"{name}, time", slower, 1, "x sqlite3 fetchmany count", at_most=True),
        *memory_rows("statistics", memory, peak, most),
    ]
