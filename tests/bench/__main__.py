"""Runs the benchmarks and prints a table; exit code 1 where one falls short.

A benchmark is a module of this folder with `run(full: bool) -> list[Row]`. `--full` builds the
big tables, `--only NAME` takes one module (may be given again).
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.rows import Row

Bench = Callable[[bool], list[Row]]


def find_benches(only: list[str]) -> dict[str, Bench]:
    """Return the benchmarks by the name of their module, those of `only` where it is not empty."""
    benches: dict[str, Bench] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("_") or (only and module.name not in only):
            continue
        run = getattr(importlib.import_module(f"tests.bench.{module.name}"), "run", None)
        if run is not None:
            benches[module.name] = run
    return benches


def show(rows: list[Row]) -> Table:
    """Return the table of what was measured, what is required, and whether it holds."""
    table = Table("what", "measured", "required", "unit", "")
    for row in rows:
        bound = "at most" if row.at_most else "at least"
        required = "" if row.required is None else f"{bound} {row.required:g}"
        verdict = "" if row.required is None else "ok" if row.holds else "SHORT"
        table.add_row(row.name, f"{row.figure:.3g}", required, row.unit, verdict)
    return table


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="build the big tables too")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    arguments = parser.parse_args()
    benches = find_benches(arguments.only)
    if unknown := set(arguments.only) - set(benches):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    rows = []
    for name, run in benches.items():
        started = time.perf_counter()
        found = run(arguments.full)
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)  # noqa: T201 - progress of a command
        rows += found
    Console(width=None if sys.stdout.isatty() else 120).print(show(rows))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
