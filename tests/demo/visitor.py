"""What a visitor of the demo does at a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot.demo.gold import LESSONS
from bot.texts import Texts
from tests.demo.running import Demo
from tests.trust.captcha_solver import solve

WIDE = 1200
NARROW = 390
PATIENCE_MS = 20_000


def open_page(browser: Browser, width: int, locale: str = "en-US") -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale=locale)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    return context.new_page()


def channels(page: Page, demo: Demo) -> list[str]:
    """Open the start page and return the addresses that it leads to."""
    page.goto(demo.address)
    links = page.locator(".channels a")
    return [links.nth(index).get_attribute("href") or "" for index in range(links.count())]


def enter(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#preview-app")).to_have_attribute("aria-busy", "false")


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).last.click()


def give(page: Page, card: Locator, label: str) -> None:
    """Press a button of one card and wait for the bot's answer.

    Without a mouse: pictures that load move the card away under one.
    """
    button = card.get_by_role("button", name=label, exact=True)
    expect(button).to_be_enabled()
    button.dispatch_event("click")
    answered(page)


def answered(page: Page) -> None:
    """Wait for the bot's answer to the last press."""
    expect(page.locator("#action-status")).to_have_text("Callback completed")


def messages(page: Page) -> Locator:
    """Return all that the channel shows."""
    return page.locator("#channel-message-list")


def session_card(page: Page) -> Locator:
    """Return the picture of the private session that is to be rated."""
    return page.get_by_role("article").filter(has_text=" today").last


def lesson_card(page: Page, number: int) -> Locator:
    """Return the lesson of that number, or its explanation."""
    title = f"Introduction: picture {number} of {LESSONS}"
    return page.get_by_role("article").filter(has_text=title).last


def begin_session(page: Page) -> None:
    """Have a private session begin. A press before the page is done with that would be lost."""
    run(page, "/rate")
    expect(page.locator("#action-status")).to_have_text("Action completed")


def take_lessons(page: Page) -> None:
    """Begin a private session as a newcomer, learn, and go on to what counts."""
    begin_session(page)
    for number in range(1, LESSONS + 1):
        card = lesson_card(page, number)
        give(page, card, "8")
        if number == 1:
            give(page, messages(page), "I agree")
        give(page, card, "0 flawless")
        give(page, card, "Next picture" if number < LESSONS else "How did I do?")
    give(page, messages(page), "Start rating")


def reads(page: Page, text: str) -> None:
    """Wait until the channel says so."""
    expect(messages(page).get_by_text(text).last).to_be_visible(timeout=PATIENCE_MS)


def has_overflow(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth") is True


def is_in_sight(page: Page, found: Locator, at_least: str = "bottom") -> None:
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


def run(page: Page, command: str, **options: str) -> None:
    """Choose a command in the picker, fill its options, and run it."""
    box = page.locator("#channel-composer-input")
    box.click()
    box.press_sequentially(command)
    page.get_by_role("listbox", name="Application commands").get_by_role("option").first.click()
    expect(page.locator(".command-chip")).to_be_visible()
    for name, value in options.items():
        page.locator(f'.command-option-input[data-option="{name}"]').fill(value)
    page.locator("#send-message").click()


def answer_in_text(page: Page) -> None:
    """Answer the captcha that is shown as somebody does who cannot see its picture."""
    press(page, "Ask in text")
    reads(page, "Answer in a word or in digits")
    question = messages(page).get_by_role("heading", level=3).last
    answer = solve(Texts.load(), question.inner_text().strip(), "en")
    press(page, "Answer")
    page.get_by_role("dialog").get_by_role("textbox").fill(answer)
    page.get_by_role("dialog").get_by_role("button", name="Submit").click()
