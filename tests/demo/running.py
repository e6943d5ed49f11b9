"""A demo as a process of its own."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

JURY = (sys.executable, "-c", "from bot.cli import main; main()")
STOP_SECONDS = 60


@dataclass
class Demo:
    """A running `jury demo`."""

    process: subprocess.Popen[str]
    folder: Path
    lines: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the start page is: the first thing that a demo says."""
        return next(word for word in self.lines[0].split() if word.startswith("http"))

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Have the demo end as a terminal does, and read the rest of what it says."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=STOP_SECONDS)
        self.lines += rest.splitlines()

    def stop_by_itself(self) -> None:
        """Read all that a demo says whose time is limited."""
        rest, _ = self.process.communicate(timeout=STOP_SECONDS)
        self.lines += rest.splitlines()

    def wait_for_votes(self, count: int) -> None:
        """Wait until the crowd has given so many votes."""
        deadline = time.monotonic() + STOP_SECONDS
        while self._votes() < count:
            assert time.monotonic() < deadline, "the crowd does not rate"
            time.sleep(0.1)

    def _votes(self) -> int:
        path = self.folder / "jury.db"
        if not path.exists():
            return 0
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            try:
                (number,) = connection.execute("SELECT count(*) FROM votes").fetchone()
            except sqlite3.OperationalError:  # not migrated yet
                return 0
        return int(number)

    def said(self, title: str) -> list[Path]:
        """Return the paths in the lines that begin with `title`."""
        return [Path(line.split()[1]) for line in self.lines if line.startswith(title)]

    def export(self, *options: str) -> pd.DataFrame:
        """Export the gallery of a demo that has stopped, as the demo's last line says how."""
        path = self.folder / "votes.parquet"
        command = [*JURY, "export", "horde", str(path), "--demo", "--folder", str(self.folder)]
        subprocess.run([*command, *options], check=True, capture_output=True)  # noqa: S603 - ours
        return pd.read_parquet(path)


RunDemo = Callable[..., Demo]
