"""The introduction as a visitor goes through it: five lessons, then ratings that count."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Browser, expect

from bot.demo.gold import GOLD, LESSONS
from tests.demo.running import Demo
from tests.demo.visitor import (
    NARROW,
    WIDE,
    begin_session,
    channels,
    enter,
    give,
    has_overflow,
    is_in_sight,
    lesson_card,
    messages,
    open_page,
    reads,
    session_card,
)

pytestmark = [pytest.mark.browser, pytest.mark.process]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_visitor_learns_from_five_pictures_and_then_rates(
    browser: Browser, quiet_demo: Demo, width: int
) -> None:
    page = open_page(browser, width)
    enter(page, channels(page, quiet_demo)[0])
    begin_session(page)
    explained = set()
    for number in range(1, LESSONS + 1):
        card = lesson_card(page, number)
        is_in_sight(page, card.get_by_role("button", name="5 ruined", exact=True))
        give(page, card, "9")
        if number == 1:
            give(page, messages(page), "I agree")
        give(page, card, "0 flawless")
        explained |= {known.why for known in GOLD if known.why in card.inner_text()}
        assert len(explained) == number
        way_on = "Next picture" if number < LESSONS else "How did I do?"
        is_in_sight(page, card.get_by_role("button", name=way_on, exact=True))
        assert not has_overflow(page)
        give(page, card, way_on)
    # Fine pictures and spoilt ones come in turn, the first of either kind by chance.
    reads(page, "of 10 of your scores were right")
    give(page, messages(page), "Start rating")
    give(page, session_card(page), "7")
    give(page, session_card(page), "1 barely")
    expect(session_card(page)).to_contain_text("1 today")
    page.context.close()

    quiet_demo.stop()
    votes = quiet_demo.export("--gold")
    assert votes[["rating", "artifacts"]].to_numpy().tolist() == [[7, 1]]
    assert _lessons(quiet_demo) == ([(9, 0, 2)] * LESSONS, "finished")


def _lessons(demo: Demo) -> tuple[list[tuple[int, int, int]], str]:
    """Return the visitor's answers with how many scores of them were judged, and the end."""
    with closing(sqlite3.connect(demo.folder / "jury.db")) as connection:
        answers = connection.execute(
            "SELECT aesthetic, artifacts, asked FROM gold_answers WHERE lesson = 1"
        ).fetchall()
        (outcome,) = connection.execute("SELECT outcome FROM onboardings").fetchone()
    return answers, outcome
