"""The demo as its visitor meets it: a real browser, real presses, and the votes in the export."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot.texts import Texts
from tests.demo.conftest import Demo, RunDemo
from tests.trust.captcha_solver import solve

pytestmark = [pytest.mark.browser, pytest.mark.process]

WIDE = 1200
NARROW = 390
PATIENCE_MS = 20_000
NONCE = re.compile(r"^\s*jury(-[A-Z0-9]{4}){3}\s*$")


@pytest.fixture
def demo(browser: Browser, run_demo: RunDemo) -> Demo:
    """Start a demo without a crowd, so that nothing moves but what a test presses."""
    del browser  # asked for first: without one there is nothing to start
    return run_demo("--raters", "0")


def _page(browser: Browser, width: int, locale: str = "en-US") -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale=locale)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    return context.new_page()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = _page(browser, WIDE)
    yield page
    page.context.close()


def _channels(page: Page, demo: Demo) -> list[str]:
    """Open the start page and return the addresses that it leads to."""
    page.goto(demo.address)
    links = page.locator(".channels a")
    return [links.nth(index).get_attribute("href") or "" for index in range(links.count())]


def _enter(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#preview-app")).to_have_attribute("aria-busy", "false")


def _press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).last.click()


def _reads(page: Page, text: str) -> None:
    """Wait until the channel says so."""
    messages = page.locator("#channel-message-list")
    expect(messages.get_by_text(text).last).to_be_visible(timeout=PATIENCE_MS)


def _has_overflow(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth") is True


def test_a_picture_is_rated_undone_and_rated_again_and_the_export_tells(
    page: Page, demo: Demo
) -> None:
    _enter(page, _channels(page, demo)[0])
    _press(page, "7")
    _press(page, "I agree")
    _reads(page, "Still missing")
    _press(page, "1 barely")
    _reads(page, "Recorded. Thank you!")
    _press(page, "Undo")
    _reads(page, "Taken back")
    _press(page, "3")
    _reads(page, "Changed. Thank you!")

    demo.stop()
    votes = pd.concat([pd.read_parquet(path) for path in demo.said("Export:")])
    assert votes[["rating", "artifacts"]].to_numpy().tolist() == [[3, 1]]
    assert votes["user_id"].nunique() == 1


def _in_sight(page: Page, found: Locator, at_least: str = "bottom") -> None:
    """Wait until it is between the channel's header and the composer, or its top at least."""
    looking = """(element, end) => {
        const card = element.getBoundingClientRect();
        const view = document.getElementById("channel-timeline").getBoundingClientRect();
        return card.top >= view.top - 1 && card[end] <= view.bottom + 1;
    }"""
    for _ in range(PATIENCE_MS // 100):
        if found.evaluate(looking, at_least):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"out of sight: {found}")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_what_a_visitor_came_for_is_in_sight(browser: Browser, demo: Demo, width: int) -> None:
    page = _page(browser, width)
    _enter(page, _channels(page, demo)[0])
    articles = page.get_by_role("article")
    newest = articles.last
    _in_sight(page, newest, at_least="top")
    newest.get_by_role("button", name="7", exact=True).click()
    _in_sight(page, page.get_by_role("button", name="I agree", exact=True))
    page.get_by_role("button", name="I agree", exact=True).click()
    _reads(page, "Flaws")
    _in_sight(page, page.get_by_role("button", name="Undo", exact=True))
    _run(page, "/me")
    _in_sight(page, page.get_by_text("What you did").last)
    _run(page, "/privacy show")
    _in_sight(page, page.get_by_text("What I keep about you").last)
    page.context.close()


def test_every_page_loads_and_fits_a_phone(browser: Browser, demo: Demo) -> None:
    for width in (WIDE, NARROW):
        page = _page(browser, width)
        channels = _channels(page, demo)
        assert len(channels) == 3
        expect(page.get_by_role("heading", level=1)).to_have_text("Horde Jury, live")
        expect(page.locator("#progress")).to_contain_text("0 of 44")
        assert not _has_overflow(page), "start page"
        for address, name in zip(
            channels, ("rate-pictures", "age-restricted", "moderators"), strict=True
        ):
            _enter(page, address)
            expect(page.locator("#channel-name")).to_have_text(name)
            assert not _has_overflow(page), name
        page.context.close()


def test_the_start_page_speaks_german(browser: Browser, demo: Demo) -> None:
    page = _page(browser, NARROW, "de-DE")
    _channels(page, demo)
    expect(page.get_by_role("heading", level=2).first).to_have_text("Vier Dinge zum Ausprobieren")
    assert not _has_overflow(page)
    page.context.close()


def test_a_visitor_can_be_rater_moderator_and_operator(page: Page, demo: Demo) -> None:
    raters, _, moderators = _channels(page, demo)
    _enter(page, raters)
    expect(page.locator("#viewer-picker option")).to_have_text(
        [re.compile("rater"), re.compile("moderator"), re.compile("operator")]
    )
    _enter(page, moderators)
    expect(page.locator("#viewer-picker option")).to_have_text(
        [re.compile("moderator"), re.compile("operator")]
    )
    _run(page, "/rater review")
    _reads(page, "Nothing waits for you")
    page.locator("#viewer-picker").select_option(index=1)
    expect(page.locator("#channel-message-list")).not_to_contain_text("Nothing waits for you")
    _run(page, "/jury status")
    _reads(page, "gallery")


def _run(page: Page, command: str, **options: str) -> None:
    """Choose a command in the picker, fill its options, and run it."""
    box = page.locator("#channel-composer-input")
    box.click()
    box.press_sequentially(command)
    page.get_by_role("listbox", name="Application commands").get_by_role("option").first.click()
    expect(page.locator(".command-chip")).to_be_visible()
    for name, value in options.items():
        page.locator(f'.command-option-input[data-option="{name}"]').fill(value)
    page.locator("#send-message").click()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_visitor_links_an_account_and_proves_it_by_hand(
    browser: Browser, demo: Demo, width: int
) -> None:
    page = _page(browser, width)
    raters = _channels(page, demo)[0]
    client = page.locator(".kudos a").get_attribute("href") or ""
    _enter(page, raters)
    _run(page, "/horde link", account="robin#2")
    _reads(page, "Linked: robin#2")
    _run(page, "/horde verify")
    _reads(page, "Prove that an AI Horde account is yours")
    nonce = page.locator("#channel-message-list").get_by_text(NONCE).last.inner_text().strip()

    settings = page.context.new_page()
    settings.goto(client)
    expect(settings.locator("#who")).to_have_text("robin#2 · 250 kudos")
    settings.get_by_label("Name of the new shared key").fill(nonce)
    settings.get_by_role("button", name="Create shared key").click()
    shared_key = settings.locator("#keys code").inner_text()
    assert not _has_overflow(settings)

    _press(page, "Enter the shared key")
    page.get_by_role("dialog").get_by_role("textbox").fill(shared_key)
    page.get_by_role("dialog").get_by_role("button", name="Submit").click()
    _reads(page, "Verified: robin#2")
    settings.get_by_role("button", name="Delete").click()
    expect(settings.locator("#none")).to_be_visible()
    _run(page, "/horde status")
    _reads(page, "robin#2, verified")
    assert not _has_overflow(page)
    page.context.close()


def test_a_visitor_is_paid_and_the_operator_sees_it(page: Page, demo: Demo) -> None:
    raters, _, moderators = _channels(page, demo)
    expect(page.locator("#paid")).to_have_text("The bot has paid nobody yet.")
    _enter(page, raters)
    _run(page, "/horde link", account="robin#2")
    _reads(page, "Linked: robin#2")
    _run(page, "/rate")
    card = page.get_by_role("article").filter(has_text=" today").last
    for score in ("8", "2"):
        card.get_by_role("button", name=score, exact=True).click()
        if score == "8":
            page.get_by_role("button", name="I agree", exact=True).last.click()
        expect(page.locator("#action-status")).to_have_text("Callback completed")
        card.get_by_role("button", name="0 flawless", exact=True).click()
        expect(page.locator("#action-status")).to_have_text("Callback completed")
    _reads(page, "2 today")

    page.goto(demo.address)
    expect(page.locator("#paid")).to_have_text("The bot has paid 20 kudos in 1 payout.")
    expect(page.locator("#last li")).to_have_text(["20 kudos to robin#2"])
    _enter(page, moderators)
    page.locator("#viewer-picker").select_option(index=1)
    _run(page, "/kudos")
    _reads(page, "Paid so far: 20")
    demo.stop()
    assert "Kudos:    20 paid (payouts: 1)" in demo.lines


def _answer_in_text(page: Page) -> None:
    """Answer the captcha that is shown as somebody does who cannot see its picture."""
    _press(page, "Ask in text")
    _reads(page, "Answer in a word or in digits")
    question = page.locator("#channel-message-list").get_by_role("heading", level=3).last
    answer = solve(Texts.load(), question.inner_text().strip(), "en")
    _press(page, "Answer")
    page.get_by_role("dialog").get_by_role("textbox").fill(answer)
    page.get_by_role("dialog").get_by_role("button", name="Submit").click()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_visitor_is_asked_at_the_third_picture_and_the_export_tells(
    browser: Browser, demo: Demo, width: int
) -> None:
    page = _page(browser, width)
    _enter(page, _channels(page, demo)[0])
    _run(page, "/rate")
    card = page.get_by_role("article").filter(has_text=" today").last
    for score in ("8", "2", "6"):
        card.get_by_role("button", name=score, exact=True).click()
        if score == "8":
            page.get_by_role("button", name="I agree", exact=True).last.click()
        if score == "6":
            _reads(page, "Are you there?")
            expect(page.locator("#channel-message-list img").last).to_have_js_property(
                "naturalWidth", 420
            )
            assert not _has_overflow(page)
            _answer_in_text(page)
        expect(page.locator("#action-status")).to_have_text("Callback completed")
        card.get_by_role("button", name="0 flawless", exact=True).click()
        expect(page.locator("#action-status")).to_have_text("Callback completed")
    _reads(page, "3 today")
    page.context.close()
    demo.stop()
    votes = pd.concat([pd.read_parquet(path) for path in demo.said("Export:")])
    assert sorted(votes["captchas_failed"]) == [-1, 0, 0]


def test_a_press_is_never_refused_because_the_crowd_acts(
    browser: Browser, page: Page, run_demo: RunDemo
) -> None:
    del browser
    demo = run_demo("--raters", "24")
    _enter(page, _channels(page, demo)[0])
    _run(page, "/rate")
    card = page.get_by_role("article").filter(has_text=" today").last
    for score in ("8", "2", "6", "9"):
        card.get_by_role("button", name=score, exact=True).click()
        agree = page.get_by_role("button", name="I agree", exact=True)
        if score == "8":
            agree.last.click()
        if score == "6":
            _answer_in_text(page)
        expect(page.locator("#action-status")).to_have_text("Callback completed")
        card.get_by_role("button", name="0 flawless", exact=True).click()
        expect(page.locator("#action-status")).to_have_text("Callback completed")
    _reads(page, "4 today")
