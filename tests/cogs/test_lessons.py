"""Lessons in Discord: their cards, in both languages, through a restart; and gold that hides."""

from __future__ import annotations

import re
from sqlite3 import Connection
from typing import Any

import discord
import pytest
from simcord import InteractionResult, MemberActor

from storage import gold_images, raters
from storage.gold_images import GoldImage, Ranges
from tests.cogs.stage import NOON, Stage, answer, chosen, components, custom_ids, find, score, text

HIGH: Ranges = {"aesthetic": (7, 10), "artifacts": (0, 1)}
LOW: Ranges = {"aesthetic": (1, 4)}


async def mark(stage: Stage, *image_ids: int, ranges: Ranges, words: str | None = None) -> None:
    def unit(connection: Connection) -> None:
        for image_id in image_ids:
            gold = GoldImage(image_id, "accepted", ranges, words, NOON, NOON, None)
            gold_images.store(connection, gold)

    await stage.services.database.write(unit)


async def school(stage: Stage) -> list[int]:
    """Make eight images, five of them gold."""
    numbers = await stage.add_images(8)
    await mark(stage, *numbers[:3], ranges=HIGH, words="Look *closely* at <@1> the sky.")
    await mark(stage, *numbers[3:5], ranges=LOW)
    return numbers


async def rate(stage: Stage, member: MemberActor) -> discord.Message:
    return answer(await member.slash(stage.channel, "rate"))


async def learn(
    stage: Stage, member: MemberActor, shown: discord.Message, first: int = 8, second: int = 0
) -> discord.Message:
    """Give both scores of a lesson; return its explanation."""
    half = answer(await score(member, shown, "aesthetic", first))
    stage.clock.turn(1)
    return answer(await score(member, half, "artifacts", second))


async def press(member: MemberActor, message: discord.Message, start: str) -> InteractionResult:
    return await member.click(message, custom_id=find(message, start))


async def test_a_newcomer_learns_and_then_rates_in_one_message(stage: Stage) -> None:
    await school(stage)
    ada = await stage.member_who_agreed("ada")
    shown = await rate(stage, ada)
    first = shown.id
    assert "Welcome!" in text(shown)
    for number in range(1, 6):
        assert f"Introduction: picture {number} of 5" in text(shown)
        assert len(list(components(shown))) <= 40
        assert [each for each in custom_ids(shown) if each.startswith("lesson:")] == []
        explained = await learn(stage, ada, shown)
        assert explained.id == first
        assert f"Introduction: picture {number} of 5" in text(explained)
        assert "you said **8**" in text(explained)
        assert len(explained.attachments) == 1, "the picture is still there"
        assert chosen(explained) == []
        shown = answer(await press(ada, explained, "lesson:next:"))
    assert shown.id == first
    assert "That was the introduction" in text(shown)
    assert "**6** of 8 of your scores were right." in text(shown)
    assert shown.attachments == []
    rating = answer(await press(ada, shown, "lesson:begin:"))
    assert rating.id == first
    assert "samples · 0 today" in text(rating)
    assert [each for each in custom_ids(rating) if each.startswith(("lesson:", "back:"))] == []
    assert "1 today" in text(await learn(stage, ada, rating))


async def test_an_explanation_says_what_is_right_and_why(stage: Stage) -> None:
    await school(stage)
    ada = await stage.member_who_agreed("ada")
    shown = await rate(stage, ada)
    told = []
    for _ in range(2):
        explained = await learn(stage, ada, shown, first=5, second=3)
        told.append(text(explained))
        shown = answer(await press(ada, explained, "lesson:next:"))
    high, low = sorted(told, key=lambda each: "too high" in each and "7 to 10" not in each)
    assert "**Liking**: you said **5**, right is **7 to 10**. That is too low." in high
    assert "Most people like to look at this picture." in high
    assert (
        "**Flaws**: you said **3 obvious**, right is **0 flawless to 1 barely**."
        " That is too high." in high
    )
    assert r"Look \*closely\* at \<\@1\> the sky\." in high, "nobody's words are markup"
    assert "**Liking**: you said **5**, right is **1 to 4**. That is too high." in low
    assert "Most people do not like to look at this picture." in low
    assert "Flaws" not in low, "nothing is known on that scale"


async def test_lessons_speak_german(stage: Stage) -> None:
    await school(stage)
    ada = await stage.member_who_agreed("ada")
    await ada.slash(stage.channel, "language", language="de")
    shown = await rate(stage, ada)
    assert "Einführung: Bild 1 von 5" in text(shown)
    assert "Willkommen!" in text(shown)
    explained = await learn(stage, ada, shown)
    assert "Du sagst **8**, richtig ist" in text(explained)
    labels = [c.get("label") for c in components(explained)]
    assert "Nächstes Bild" in labels
    for _ in range(4):
        shown = answer(await press(ada, explained, "lesson:next:"))
        explained = await learn(stage, ada, shown)
    assert "Wie war ich?" in [c.get("label") for c in components(explained)]
    over = answer(await press(ada, explained, "lesson:next:"))
    assert "Das war die Einführung" in text(over)


async def test_lessons_survive_a_restart(stage: Stage) -> None:
    await school(stage)
    ada = await stage.member_who_agreed("ada")
    explained = await learn(stage, ada, await rate(stage, ada))
    await stage.restart()
    second = answer(await press(ada, explained, "lesson:next:"))
    assert "picture 2 of 5" in text(second)
    await stage.restart()
    assert "picture 2 of 5" in text(await rate(stage, ada))


async def test_consent_is_asked_for_inside_a_lesson(stage: Stage) -> None:
    await school(stage)
    ada = stage.member("ada")
    shown = await rate(stage, ada)
    asked = answer(await score(ada, shown, "aesthetic", 7))
    assert "Before your rating counts" in text(asked)
    agreed = answer(await press(ada, asked, "agree:"))
    assert "picture 1 of 5" in text(agreed)
    assert len(agreed.attachments) == 1
    assert [each.split(":")[2] for each in chosen(agreed)] == ["7"]


async def test_only_validated_raters_are_offered_to_skip(stage: Stage) -> None:
    await school(stage)
    ada = await stage.member_who_agreed("ada")
    shown = await rate(stage, ada)
    post = find(shown, "report:").removeprefix("report:")
    forged = await stage.press_absent(ada, shown, f"lesson:skip:{post}")
    assert "You cannot do that here." in answer(forged).content

    def validate(connection: Connection) -> None:
        found = raters.find(connection, ada.id)
        assert found is not None
        raters.set_status(connection, found.number, "validated")

    await stage.services.database.write(validate)
    skipped = answer(await press(ada, await rate(stage, ada), "lesson:skip:"))
    assert "samples · 0 today" in text(skipped)


async def test_a_lesson_can_be_reported_and_passed_over(stage: Stage) -> None:
    numbers = await school(stage)
    await mark(stage, numbers[5], ranges=HIGH)
    ada = await stage.member_who_agreed("ada")
    shown = await rate(stage, ada)
    form = await press(ada, shown, "report:")
    moved = answer(await ada.submit_modal(form, {"reason": "disgusting"}))
    assert "Reported, thank you" in text(moved)
    assert "picture 1 of 5" in text(moved)
    select = find(moved, "skip:")
    assert "I cannot judge it" not in repr(moved.components)
    other = answer(await ada.select(moved, ["not_loading"], custom_id=select))
    assert "picture 1 of 5" in text(other)
    assert find(other, "skip:") != select


async def test_another_persons_lesson_is_refused(stage: Stage) -> None:
    await school(stage)
    ada, bob = [await stage.member_who_agreed(name) for name in ("ada", "bob")]
    shown = await rate(stage, ada)
    post = find(shown, "report:").removeprefix("report:")
    for step in ("next", "begin", "skip"):
        forged = await stage.offer(f"lesson:{step}:{post}")
        refused = await bob.click(forged, label="press me")
        assert "not, or no longer, yours" in answer(refused).content


def look(message: discord.Message) -> str:
    """Return all of a message that can be seen or pressed, with posts and pictures taken out."""
    found: list[Any] = [component.to_dict() for component in message.components]
    shown = re.sub(r"(?<=:)\d+(?=')", "POST", repr(found))
    shown = re.sub(r"'(?:proxy_)?url': '[^']*'|'attachment_id': '?\d+'?", "PICTURE", shown)
    return shown + repr([(each.filename, each.description) for each in message.attachments])


@pytest.mark.parametrize(
    "settings_changes", [{"gold_percent": 100, "lessons": 0, "horde_api_key": "k" * 22}]
)
async def test_a_gold_showing_looks_like_any_other_through_every_press(stage: Stage) -> None:
    """Two people, the same presses: one meets gold alone, the other none."""
    golden = await stage.add_images(4, data_set="one")
    await stage.add_images(1, data_set="one")
    await stage.add_images(5, data_set="two")
    await mark(stage, *golden, ranges=HIGH)
    seen: list[list[str]] = []
    for name, data_set in (("ada", "one"), ("bob", "two")):
        member = await stage.member_who_agreed(name)
        shown = answer(await member.slash(stage.channel, "rate", dataset=data_set))
        cards = [shown]
        half = answer(await score(member, shown, "aesthetic", 2))
        second = answer(await score(member, half, "artifacts", 5))
        back = answer(await press(member, second, "back:"))
        kept = answer(await press(member, back, "keep:"))
        passed = answer(await member.select(kept, ["not_for_me"], custom_id=find(kept, "skip:")))
        me = answer(await member.slash(stage.channel, "me"))
        undone = answer(await press(member, me, "undo:"))
        cards += [half, second, back, kept, passed, me, undone]
        status = answer(await member.slash(stage.channel, "horde status"))
        privacy = answer(await member.slash(stage.channel, "privacy show"))
        cards += [status, privacy]
        seen.append([look(card).replace(f"**{data_set}**", "SET") for card in cards])
    ours, theirs = ([each.replace(" one ", " SET ") for each in cards] for cards in seen)
    changed = [each.replace("one ·", "SET ·").replace("one, in", "SET, in") for each in ours]
    expected = [each.replace("two ·", "SET ·").replace("two, in", "SET, in") for each in theirs]
    number = re.compile(r"rater number \*\*\d+\*\*")
    assert [number.sub("", each) for each in changed] == [number.sub("", each) for each in expected]
    gold = "SELECT count(*) FROM posts WHERE purpose = 'gold'"
    (shown_gold,) = await stage.services.database.read(lambda c: c.execute(gold).fetchone())
    assert shown_gold >= 3
