"""The page of `jury stats` in a real browser, from a file, in both widths and colours."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.datasets.exports.votes_file import KEY
from tests.demo.running import JURY
from tests.demo.visitor import has_overflow
from tests.process.jury import Home
from tests.trust.scored import Shape, make

pytestmark = [pytest.mark.browser, pytest.mark.process]


COLOURS = """() => [
    getComputedStyle(document.body).backgroundColor,
    getComputedStyle(document.querySelector("#answers-aesthetic svg [id*=patch_3] path")).fill,
]"""
SMALLEST_LETTERS = """() => Math.min(...[...document.querySelectorAll("svg text")].map((text) => {
    const { a, b } = text.getScreenCTM();
    return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b);
}))"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> str:
    del browser  # asked for first: without one there is nothing to look at
    home = Home(tmp_path_factory.mktemp("statistics"))
    make(home.database, Shape(raters=12, each=30))
    key = home.folder / "hash.key"
    key.write_bytes(KEY.key)
    key.chmod(0o600)
    command = [*JURY, "stats", "page.html", "--data-set", "set 0"]
    subprocess.run(command, check=True, cwd=home.folder, env=home.environment())  # noqa: S603 - our own program
    return Path(home.folder, "page.html").as_uri()


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_page_fits_and_reads_alone(
    browser: Browser, address: str, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        offline=True,
    )
    page = context.new_page()
    requests: list[str] = []
    troubles: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(address)

    assert not has_overflow(page)
    plots = page.get_by_role("img")
    expect(plots).to_have_count(10)
    expect(page.get_by_role("img", name="Liking: votes by score. Highest is")).to_be_visible()
    table = page.locator("#answers-aesthetic table")
    expect(table).to_be_hidden()
    page.locator("#answers-aesthetic summary").click()
    expect(table.get_by_role("row")).to_have_count(11)
    assert not has_overflow(page)

    ground, bar = page.evaluate(COLOURS)
    assert (ground, bar) == {
        "dark": ("rgb(26, 27, 33)", "rgb(135, 144, 255)"),
        "light": ("rgb(244, 245, 248)", "rgb(78, 86, 216)"),
    }[scheme]
    assert page.evaluate(SMALLEST_LETTERS) > 10.5
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert troubles == []
    context.close()
