"""The demo as its visitor meets it: a real browser, real presses, and the votes in the export."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo.running import Demo, RunDemo
from tests.demo.visitor import (
    NARROW,
    WIDE,
    answer_in_text,
    answered,
    channels,
    enter,
    give,
    has_overflow,
    is_in_sight,
    open_page,
    press,
    reads,
    run,
    session_card,
    take_lessons,
)

pytestmark = [pytest.mark.browser, pytest.mark.process]

NONCE = re.compile(r"^\s*jury(-[A-Z0-9]{4}){3}\s*$")


def test_a_picture_is_rated_undone_and_rated_again_and_the_export_tells(
    page: Page, quiet_demo: Demo
) -> None:
    enter(page, channels(page, quiet_demo)[0])
    press(page, "7")
    press(page, "I agree")
    reads(page, "Still missing")
    press(page, "1 barely")
    reads(page, "Recorded. Thank you!")
    press(page, "Undo")
    reads(page, "Taken back")
    press(page, "3")
    reads(page, "Changed. Thank you!")

    quiet_demo.stop()
    votes = pd.concat([pd.read_parquet(path) for path in quiet_demo.said("Export:")])
    assert votes[["rating", "artifacts"]].to_numpy().tolist() == [[3, 1]]
    assert votes["user_id"].nunique() == 1


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_what_a_visitor_came_for_is_in_sight(
    browser: Browser, quiet_demo: Demo, width: int
) -> None:
    page = open_page(browser, width)
    enter(page, channels(page, quiet_demo)[0])
    articles = page.get_by_role("article")
    newest = articles.last
    is_in_sight(page, newest, at_least="top")
    newest.get_by_role("button", name="7", exact=True).click()
    is_in_sight(page, page.get_by_role("button", name="I agree", exact=True))
    page.get_by_role("button", name="I agree", exact=True).click()
    reads(page, "Flaws")
    is_in_sight(page, page.get_by_role("button", name="Undo", exact=True))
    run(page, "/me")
    is_in_sight(page, page.get_by_text("What you did").last)
    run(page, "/privacy show")
    is_in_sight(page, page.get_by_text("What I keep about you").last)
    page.context.close()


def test_every_page_loads_and_fits_a_phone(browser: Browser, quiet_demo: Demo) -> None:
    for width in (WIDE, NARROW):
        page = open_page(browser, width)
        addresses = channels(page, quiet_demo)
        assert len(addresses) == 3
        expect(page.get_by_role("heading", level=1)).to_have_text("Horde Jury, live")
        expect(page.locator("#progress")).to_contain_text("0 of 44")
        assert not has_overflow(page), "start page"
        for address, name in zip(
            addresses, ("rate-pictures", "age-restricted", "moderators"), strict=True
        ):
            enter(page, address)
            expect(page.locator("#channel-name")).to_have_text(name)
            assert not has_overflow(page), name
        page.context.close()


def test_the_start_page_speaks_german(browser: Browser, quiet_demo: Demo) -> None:
    page = open_page(browser, NARROW, "de-DE")
    channels(page, quiet_demo)
    expect(page.get_by_role("heading", level=2).first).to_have_text("Fünf Dinge zum Ausprobieren")
    assert not has_overflow(page)
    page.context.close()


def test_a_visitor_can_be_rater_moderator_and_operator(page: Page, quiet_demo: Demo) -> None:
    raters, _, moderators = channels(page, quiet_demo)
    enter(page, raters)
    expect(page.locator("#viewer-picker option")).to_have_text(
        [re.compile("rater"), re.compile("moderator"), re.compile("operator")]
    )
    enter(page, moderators)
    expect(page.locator("#viewer-picker option")).to_have_text(
        [re.compile("moderator"), re.compile("operator")]
    )
    run(page, "/rater review")
    reads(page, "Nothing waits for you")
    page.locator("#viewer-picker").select_option(index=1)
    expect(page.locator("#channel-message-list")).not_to_contain_text("Nothing waits for you")
    run(page, "/jury status")
    reads(page, "gallery")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_visitor_links_an_account_and_proves_it_by_hand(
    browser: Browser, quiet_demo: Demo, width: int
) -> None:
    page = open_page(browser, width)
    raters = channels(page, quiet_demo)[0]
    client = page.locator(".kudos a").get_attribute("href") or ""
    enter(page, raters)
    run(page, "/horde link", account="robin#2")
    reads(page, "Linked: robin#2")
    run(page, "/horde verify")
    reads(page, "Prove that an AI Horde account is yours")
    nonce = page.locator("#channel-message-list").get_by_text(NONCE).last.inner_text().strip()

    settings = page.context.new_page()
    settings.goto(client)
    expect(settings.locator("#who")).to_have_text("robin#2 · 250 kudos")
    settings.get_by_label("Name of the new shared key").fill(nonce)
    settings.get_by_role("button", name="Create shared key").click()
    shared_key = settings.locator("#keys code").inner_text()
    assert not has_overflow(settings)

    press(page, "Enter the shared key")
    page.get_by_role("dialog").get_by_role("textbox").fill(shared_key)
    page.get_by_role("dialog").get_by_role("button", name="Submit").click()
    reads(page, "Verified: robin#2")
    settings.get_by_role("button", name="Delete").click()
    expect(settings.locator("#none")).to_be_visible()
    run(page, "/horde status")
    reads(page, "robin#2, verified")
    assert not has_overflow(page)
    page.context.close()


def test_a_visitor_is_paid_and_the_operator_sees_it(page: Page, quiet_demo: Demo) -> None:
    raters, _, moderators = channels(page, quiet_demo)
    expect(page.locator("#paid")).to_have_text("The bot has paid nobody yet.")
    enter(page, raters)
    run(page, "/horde link", account="robin#2")
    reads(page, "Linked: robin#2")
    take_lessons(page)
    for score in ("8", "2"):
        give(page, session_card(page), score)
        give(page, session_card(page), "0 flawless")
    reads(page, "2 today")

    page.goto(quiet_demo.address)
    expect(page.locator("#paid")).to_have_text("The bot has paid 20 kudos in 1 payout.")
    expect(page.locator("#last li")).to_have_text(["20 kudos to robin#2"])
    enter(page, moderators)
    page.locator("#viewer-picker").select_option(index=1)
    run(page, "/kudos")
    reads(page, "Paid so far: 20")
    quiet_demo.stop()
    assert "Kudos:    20 paid (payouts: 1)" in quiet_demo.lines


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_visitor_is_asked_at_the_third_vote_and_the_export_tells(
    browser: Browser, quiet_demo: Demo, width: int
) -> None:
    page = open_page(browser, width)
    enter(page, channels(page, quiet_demo)[0])
    take_lessons(page)
    for score in ("8", "2", "6"):
        give(page, session_card(page), score)
        if score == "6":
            reads(page, "Are you there?")
            expect(page.locator("#channel-message-list img").last).to_have_js_property(
                "naturalWidth", 420
            )
            assert not has_overflow(page)
            answer_in_text(page)
            answered(page)
        give(page, session_card(page), "0 flawless")
    reads(page, "3 today")
    page.context.close()
    quiet_demo.stop()
    assert sorted(quiet_demo.export("--gold")["captchas_failed"]) == [-1, 0, 0]


def test_a_press_is_never_refused_because_the_crowd_acts(
    browser: Browser, page: Page, run_demo: RunDemo
) -> None:
    del browser
    demo = run_demo("--raters", "24")
    enter(page, channels(page, demo)[0])
    take_lessons(page)
    for score in ("8", "2", "6", "9"):
        give(page, session_card(page), score)
        if score == "6":
            answer_in_text(page)
            answered(page)
        give(page, session_card(page), "0 flawless")
    reads(page, "4 today")
