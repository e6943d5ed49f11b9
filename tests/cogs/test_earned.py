"""What presses say that they earned, and what they leave unsaid."""

from __future__ import annotations

from functools import partial
from typing import Final

import pytest

from storage import horde_links
from tests.cogs.stage import Stage, answer, find, score, text

ON: Final = {"horde_api_key": "k" * 22}


@pytest.fixture
def settings_changes() -> dict[str, object]:
    return dict(ON)


@pytest.mark.parametrize(
    ("language", "first", "second", "changed"),
    [
        ("en", "**+5 kudos**", "1 rated today · 10 kudos today", "10 kudos today"),
        ("de", "**+5 Kudos**", "1 heute bewertet · 10 Kudos heute", "10 Kudos heute"),
    ],
)
async def test_a_public_press_says_what_it_earned(
    stage: Stage, language: str, first: str, second: str, changed: str
) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await stage.bot.languages.set_for_rater(ada.id, language)
    half = text(answer(await score(ada, post, "aesthetic", 7)))
    assert first in half
    whole = text(answer(await score(ada, post, "artifacts", 2)))
    assert first in whole
    assert second in whole
    again = text(answer(await score(ada, post, "artifacts", 3)))
    assert "+" not in again
    assert changed in again


async def test_the_press_that_consents_earns_too(stage: Stage) -> None:
    post = await stage.open_post()
    ada = stage.member("ada")
    asked = answer(await score(ada, post, "aesthetic", 7))
    assert "+5" not in text(asked)
    agreed = await ada.click(asked, custom_id="agree:aesthetic:7:1")
    assert "**+5 kudos**" in text(answer(agreed))


@pytest.mark.parametrize(
    ("language", "taken", "given"),
    [
        ("en", "The 10 kudos it earned are taken back too", "**+10 kudos**"),
        ("de", "Die 10 Kudos dafür sind auch zurückgenommen", "**+10 Kudos**"),
    ],
)
async def test_an_undo_says_that_kudos_went_and_a_keep_that_they_are_back(
    stage: Stage, language: str, taken: str, given: str
) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await stage.bot.languages.set_for_rater(ada.id, language)
    await score(ada, post, "aesthetic", 7)
    receipt = answer(await score(ada, post, "artifacts", 2))
    undone = answer(await ada.click(receipt, custom_id="undo:1"))
    assert taken in text(undone)
    assert "+" not in text(undone)
    assert given in text(answer(await ada.click(undone, custom_id="keep:1")))


@pytest.mark.parametrize(
    ("settings_changes", "said"),
    [
        ({**ON, "kudos_daily_cap": 7}, "Today's limit of 7 kudos has no room for more"),
        ({**ON, "kudos_daily_budget": 7}, "Today's kudos for everybody are used up"),
    ],
)
async def test_a_press_that_earns_nothing_says_why(stage: Stage, said: str) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    assert said not in text(answer(await score(ada, post, "aesthetic", 7)))
    full = text(answer(await score(ada, post, "artifacts", 2)))
    assert said in full
    assert "Recorded. Thank you!" in full
    assert "+" not in full


async def test_a_session_says_it_in_its_progress(stage: Stage) -> None:
    await stage.add_images(2)
    ada = await stage.member_who_agreed("ada")
    first = answer(await ada.slash(stage.channel, "rate"))
    assert "samples · 0 today\n" in text(first)
    half = answer(await score(ada, first, "aesthetic", 7))
    assert "**+5 kudos** · samples · 0 today, 5 kudos" in text(half)
    second = answer(await score(ada, half, "artifacts", 1))
    assert "**+5 kudos** · samples · 1 today, 10 kudos" in text(second)
    back = answer(await ada.click(second, custom_id=find(second, "back:")))
    assert "The 10 kudos it earned are taken back too" in text(back)
    kept = answer(await ada.click(back, custom_id=find(back, "keep:")))
    assert "**+10 kudos** · samples · 1 today, 10 kudos" in text(kept)
    await score(ada, kept, "aesthetic", 7)
    end = text(answer(await score(ada, kept, "artifacts", 1)))
    assert "**+5 kudos** · 20 kudos today" in end


async def test_the_days_first_kudos_say_how_to_get_them_until_an_account_is_linked(
    stage: Stage,
) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    hint = "Tell me with `/horde link`"
    assert hint in text(answer(await score(ada, post, "aesthetic", 7)))
    assert hint not in text(answer(await score(ada, post, "artifacts", 2)))
    await stage.add_images(1)
    stage.clock.turn(86_400)
    link = partial(horde_links.put, rater=1, horde_id=7, name="ada", now=stage.clock.now())
    await stage.services.database.write(link)
    first = answer(await ada.slash(stage.channel, "rate"))
    assert hint not in text(answer(await score(ada, first, "aesthetic", 7)))


async def test_whose_account_was_proved_by_somebody_else_is_told_with_the_days_first_kudos(
    stage: Stage,
) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    now = stage.clock.now()
    link = partial(horde_links.put, rater=1, horde_id=7, name="ada", now=now)
    await stage.services.database.write(link)
    await stage.services.database.write(lambda c: horde_links.displace(c, 7, keep=2, now=now))
    first = text(answer(await score(ada, post, "aesthetic", 7)))
    assert "its owner has proved it" in first
    assert "Tell me with" not in first
    assert "its owner" not in text(answer(await score(ada, post, "artifacts", 2)))


async def test_me_shows_what_the_last_ratings_earned(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    assert "(still open, +5 kudos)" in text(answer(await ada.slash(stage.channel, "me")))


@pytest.mark.parametrize(
    "settings_changes",
    [{}, {**ON, "kudos_per_aesthetic": 0, "kudos_per_artifacts": 0}],
    ids=["rewards are off", "everything is free"],
)
async def test_nothing_is_said_where_nothing_can_be_earned(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    receipt = answer(await score(ada, post, "artifacts", 2))
    undone = answer(await ada.click(receipt, custom_id="undo:1"))
    kept = answer(await ada.click(undone, custom_id="keep:1"))
    session = answer(await ada.slash(stage.channel, "rate"))
    me = answer(await ada.slash(stage.channel, "me"))
    for message in (receipt, undone, kept, session, me):
        assert "kudos" not in text(message).lower()
