"""What the demo's tests share: drawn pictures, running demos, a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from bot.demo.folder import claim
from bot.demo.pictures.folder import write_samples

STOP_SECONDS = 60
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


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


RunDemo = Callable[..., Demo]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw the sample pictures once for all tests."""
    folder = tmp_path_factory.mktemp("pictures")
    write_samples(folder)
    return folder


@contextmanager
def _running(folder: Path, options: tuple[str, ...]) -> Iterator[Demo]:
    command = [sys.executable, "-c", "from bot.cli import main; main()", "demo", "--folder"]
    with subprocess.Popen(  # noqa: S603 - our own program
        [*command, str(folder), *options], stdout=subprocess.PIPE, text=True
    ) as process:
        demo = Demo(process, folder)
        try:
            assert process.stdout is not None
            demo.lines.append(process.stdout.readline().rstrip())
            yield demo
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def run_demo(pictures: Path, tmp_path: Path) -> Iterator[RunDemo]:
    """Return a function that starts `jury demo` with options, in a folder of its own."""
    with ExitStack() as stack:

        def run(*options: str) -> Demo:
            folder = tmp_path / "demo"
            if not folder.exists():
                claim(folder)
                shutil.copytree(pictures, folder / "pictures")
            return stack.enter_context(_running(folder, options))

        yield run


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium; a test without one is skipped, unless it is required.

    Playwright keeps an event loop running meanwhile, so asynchronous tests need a module without.
    """
    if CHROMIUM is None:
        reason = "no chromium or chromium-browser is installed"
        if os.environ.get("JURY_REQUIRE_BROWSER") == "1":
            pytest.fail(f"JURY_REQUIRE_BROWSER=1, but {reason}")
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()
