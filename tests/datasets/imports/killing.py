"""Imports in processes of their own, which are killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = """
import asyncio, sys
from importlib import import_module
from pathlib import Path
from storage.database import Database
bring = getattr(import_module(sys.argv[3]), sys.argv[4])
async def main():
    database = await Database.open(Path(sys.argv[1]))
    await bring(database, Path(sys.argv[2]), progress=lambda *done: print(*done, flush=True))
    await database.close()
asyncio.run(main())
"""


def kill_after(
    database: Path, source: Path, bring: Callable[..., object], *, reports: int, seconds: float
) -> None:
    """Start an import in a process of its own and kill it so long after so many reports."""
    arguments = [str(database), str(source), bring.__module__, bring.__name__]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", SCRIPT, *arguments], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        for _ in range(reports):
            process.stdout.readline()
        time.sleep(seconds)
    finally:
        process.kill()
        process.communicate()
