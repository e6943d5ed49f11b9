"""What the demo's tests share: drawn pictures, running demos, a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from bot.demo.folder import claim
from bot.demo.pictures.folder import write_samples
from tests.demo.running import JURY, Demo, RunDemo
from tests.demo.visitor import WIDE, open_page

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


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw the sample pictures once for all tests."""
    folder = tmp_path_factory.mktemp("pictures")
    write_samples(folder)
    return folder


@contextmanager
def _running(folder: Path, options: tuple[str, ...]) -> Iterator[Demo]:
    command = [*JURY, "demo", "--folder", str(folder), *options]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, text=True
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


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a wide page in English."""
    page = open_page(browser, WIDE)
    yield page
    page.context.close()


@pytest.fixture
def quiet_demo(browser: Browser, run_demo: RunDemo) -> Demo:
    """Start a demo without a crowd, so that nothing moves but what a test presses."""
    del browser  # asked for first: without one there is nothing to start
    return run_demo("--raters", "0")
