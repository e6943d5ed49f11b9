"""Captchas as raters meet them: below public posts and in private sessions."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import Any

import discord
import pytest
from PIL import Image
from simcord import InteractionResult, MemberActor

from bot.services import Services, build_services
from bot.settings import Settings
from bot.trust.captcha.pictures import PictureMaker
from storage import captchas, raters, votes
from storage.captchas import CaptchaKind, CaptchaRecord
from storage.database import Database
from tests.cogs.stage import (
    Stage,
    TurnedClock,
    answer,
    components,
    custom_ids,
    find,
    score,
    text,
)
from tests.trust.captcha_solver import solve
from tests.trust.captchas import WRONG, Noted, noted_makers, with_captchas


@pytest.fixture
def settings_changes() -> dict[str, object]:
    return {"captcha_every": 50}


@pytest.fixture
async def services(settings: Settings, clock: TurnedClock) -> AsyncIterator[Services]:
    database = await Database.open(settings.database_path)
    built = build_services(settings, database, clock, Random(7))
    yield with_captchas(built, noted_makers(built))
    await built.images.close()
    await built.horde.close()
    await database.close()


class Reader:
    """A member who can read, or not."""

    def __init__(self, stage: Stage, member: MemberActor) -> None:
        self.stage = stage
        self.member = member

    @property
    def makers(self) -> dict[CaptchaKind, Noted]:
        workshop = self.stage.services.captchas._offering.workshop  # noqa: SLF001 - the answers are there
        found: Any = workshop._makers  # noqa: SLF001
        return dict(found)

    def right(self, kind: CaptchaKind = "picture") -> str:
        return self.makers[kind].made[-1].answer

    async def asked(
        self, message: discord.Message, value: int = 7, scale: str = "aesthetic"
    ) -> discord.Message:
        asked = answer(await score(self.member, message, scale, value))
        assert asked.flags.ephemeral
        return asked

    async def open(self, card: discord.Message) -> InteractionResult:
        return await self.member.click(card, custom_id=find(card, "captcha:answer:"))

    async def type(self, card: discord.Message, typed: str) -> InteractionResult:
        return await self.member.submit_modal(await self.open(card), {"answer": typed})

    async def switch(self, card: discord.Message, kind: CaptchaKind) -> discord.Message:
        return answer(await self.member.click(card, custom_id=find(card, f"captcha:kind:{kind}:")))

    async def record(self) -> CaptchaRecord:
        def query(connection: Connection) -> CaptchaRecord:
            rater = raters.find(connection, self.member.id)
            assert rater is not None
            return captchas.record(connection, rater.number)

        return await self.stage.services.database.read(query)

    async def vote(self, image_id: int = 1) -> votes.Vote | None:
        def query(connection: Connection) -> votes.Vote | None:
            rater = raters.find(connection, self.member.id)
            return None if rater is None else votes.find(connection, rater.number, image_id)

        return await self.stage.services.database.read(query)


@pytest.fixture
async def ada(stage: Stage) -> Reader:
    return Reader(stage, await stage.member_who_agreed("ada"))


def names(message: discord.Message) -> list[str]:
    return [attachment.filename for attachment in message.attachments]


async def test_consent_comes_first_then_the_captcha_in_its_place_then_the_receipt(
    stage: Stage,
) -> None:
    post = await stage.open_post()
    reader = Reader(stage, stage.member("newcomer"))
    consent = await reader.asked(post)
    card = answer(await reader.member.click(consent, custom_id="agree:aesthetic:7:1"))
    assert card.id == consent.id
    assert "Your score **7** (Liking) is kept and counts once you answer" in text(card)
    assert names(card) == ["captcha.png"]
    assert await reader.vote() is None
    receipt = answer(await reader.type(card, reader.right().lower()))
    assert receipt.id == card.id
    assert "Recorded. Still missing at this moment: **Flaws**" in text(receipt)
    assert receipt.attachments == []
    vote = await reader.vote()
    assert vote is not None
    assert (vote.scores, vote.captchas_failed) == ({"aesthetic": 7}, -1)
    done = answer(await score(reader.member, post, "artifacts", 2))
    assert "Recorded. Thank you!" in text(done)


async def test_the_picture_comes_with_every_way_to_answer(stage: Stage, ada: Reader) -> None:
    card = await ada.asked(await stage.open_post())
    assert custom_ids(card) == [
        "captcha:answer:1",
        "captcha:kind:audio:1",
        "captcha:kind:question:1",
        "captcha:kind:picture:1",
    ]
    labels = [c["label"] for c in components(card) if c["type"] == 2]
    assert labels == ["Answer", "Listen instead", "Ask in text", "Another one"]
    assert "3 tries left" in text(card)
    (attachment,) = card.attachments
    assert "Ask in text" in (attachment.description or "")
    with Image.open(BytesIO(await attachment.read())) as picture:
        assert picture.size == (420, 120)
    shown = await ada.open(card)
    assert shown.modal is not None
    assert shown.modal["custom_id"] == "captcha:typed:1"
    assert "characters in the picture" in json.dumps(shown.modal)


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_question_is_plain_text_and_needs_no_eyes(
    stage: Stage, ada: Reader, language: str
) -> None:
    await stage.bot.languages.set_for_rater(ada.member.id, language)
    post = await stage.open_post()
    card = await ada.switch(await ada.asked(post), "question")
    assert card.attachments == []
    assert [c["type"] for c in components(card) if c["type"] not in {1, 2, 10, 17}] == []
    _, question = re.findall(r"^### (.+)$", text(card), re.MULTILINE)
    receipt = answer(await ada.type(card, solve(stage.services.texts, question, language)))
    said = {"en": "Recorded. Still missing", "de": "Gespeichert. In diesem Moment"}[language]
    assert said in text(receipt)
    assert (await ada.record()).kind == "question"


async def test_sound_comes_in_a_plain_message_that_plays_it(stage: Stage, ada: Reader) -> None:
    post = await stage.open_post()
    card = await ada.asked(post)
    sound = await ada.switch(card, "audio")
    assert sound.id != card.id
    assert sound.flags.ephemeral
    assert not sound.flags.components_v2
    assert names(sound) == ["captcha.wav"]
    assert "five digits" in sound.content
    assert (await sound.attachments[0].read())[:4] == b"RIFF"
    again = await ada.switch(sound, "audio")
    assert (again.id, names(again)) == (sound.id, ["captcha.wav"])
    assert find(again, "captcha:answer:") != find(card, "captcha:answer:")
    receipt = answer(await ada.type(again, " ".join(ada.right("audio"))))
    assert receipt.id == sound.id
    assert (receipt.content, receipt.attachments) == ("", [])
    assert "Recorded. Still missing" in text(receipt)
    over = answer(await ada.open(card))
    assert "This question is over" in over.content
    assert "nothing is left to do" in over.content, "it was answered, and the score is recorded"


async def test_from_sound_back_to_a_question_in_the_same_place(stage: Stage, ada: Reader) -> None:
    sound = await ada.switch(await ada.asked(await stage.open_post()), "audio")
    card = await ada.switch(sound, "question")
    assert card.id == sound.id
    assert card.flags.components_v2
    assert "Answer in a word or in digits" in text(card)


async def test_wrong_answers_say_how_many_tries_are_left_then_how_long_to_wait(
    stage: Stage, ada: Reader
) -> None:
    post = await stage.open_post()
    card = await ada.asked(post)
    for left in ("2 tries left", "1 try left"):
        card = answer(await ada.type(card, WRONG))
        assert "That was not it. Here is a new one." in text(card)
        assert left in text(card)
        assert names(card) == ["captcha.png"]
    failed = answer(await ada.type(card, WRONG))
    assert failed.id == card.id
    assert "nothing was recorded" in text(failed)
    assert custom_ids(failed) == []
    until = int(stage.clock.now().timestamp()) + 30
    paused = answer(await score(ada.member, post, "aesthetic", 7))
    assert f"<t:{until}:R>" in paused.content
    assert await ada.vote() is None
    stage.clock.turn(30)
    receipt = answer(await ada.type(await ada.asked(post, value=2), ada.right()))
    assert "Recorded" in text(receipt)
    record = await ada.record()
    assert (record.failed, record.passed) == (1, 1)


async def test_one_that_ran_out_is_replaced_kindly(stage: Stage, ada: Reader) -> None:
    card = await ada.asked(await stage.open_post())
    shown = await ada.open(card)
    stage.clock.turn(301)
    late = answer(await ada.member.submit_modal(shown, {"answer": ada.right()}))
    assert "ran out of time, which does no harm" in text(late)
    assert "3 tries left" in text(late)
    stage.clock.turn(301)
    opened = await ada.open(late)
    assert opened.modal is None
    assert "ran out of time" in text(answer(opened))
    assert (await ada.record()).failed == 0


async def test_a_session_goes_on_after_its_captcha(stage: Stage, ada: Reader) -> None:
    await stage.add_images(3)
    shown = answer(await ada.member.slash(stage.channel, "rate"))
    card = await ada.asked(shown)
    assert card.id == shown.id
    assert names(card) == ["captcha.png"]
    assert [each for each in custom_ids(card) if not each.startswith("captcha:")] == []
    back = answer(await ada.type(card, ada.right()))
    assert back.id == shown.id
    assert [each for each in custom_ids(back) if each.startswith("captcha:")] == []
    assert names(back) != ["captcha.png"]
    post = find(back, "vote:aesthetic:7:").rpartition(":")[2]
    assert post == find(shown, "vote:aesthetic:7:").rpartition(":")[2]
    following = answer(await score(ada.member, back, "artifacts", 1))
    assert following.id == shown.id
    assert find(following, "vote:aesthetic:7:").rpartition(":")[2] != post


async def test_a_session_is_found_again_after_a_fail(stage: Stage, ada: Reader) -> None:
    await stage.add_images(1)
    shown = answer(await ada.member.slash(stage.channel, "rate"))
    card = await ada.asked(shown)
    for _ in range(3):
        card = answer(await ada.type(card, WRONG))
    assert custom_ids(card) == ["more:1"]
    back = answer(await ada.member.click(card, custom_id="more:1"))
    paused = answer(await score(ada.member, back, "aesthetic", 7))
    assert "wrong too often" in paused.content


async def test_a_captcha_heard_in_a_session_leads_back_into_it(stage: Stage, ada: Reader) -> None:
    await stage.add_images(2)
    shown = answer(await ada.member.slash(stage.channel, "rate"))
    sound = await ada.switch(await ada.asked(shown), "audio")
    back = answer(await ada.type(sound, ada.right("audio")))
    assert back.id == sound.id
    assert back.flags.components_v2
    assert find(back, "vote:artifacts:1:")
    assert names(back) not in ([], ["captcha.wav"])


async def test_a_post_that_closed_meanwhile_leads_to_others(stage: Stage, ada: Reader) -> None:
    card = await ada.asked(await stage.open_post())
    await stage.services.posts.lost(1, "for the test")
    refused = answer(await ada.type(card, ada.right()))
    assert refused.id == card.id
    assert "no longer open" in text(refused)
    assert custom_ids(refused) == ["more:1"]
    assert (await ada.record()).passed == 1


async def test_answering_twice_shows_the_same_receipt(stage: Stage, ada: Reader) -> None:
    card = await ada.asked(await stage.open_post())
    modals = [await ada.open(card) for _ in range(2)]
    first, again = [
        answer(await ada.member.submit_modal(each, {"answer": ada.right()})) for each in modals
    ]
    assert text(again) == text(first)
    assert again.id == card.id
    assert (await ada.record()).passed == 1


async def test_a_restarted_bot_takes_an_answer_to_an_old_modal(stage: Stage, ada: Reader) -> None:
    card = await ada.asked(await stage.open_post())
    shown = await ada.open(card)
    await stage.restart()
    receipt = answer(await ada.member.submit_modal(shown, {"answer": ada.right()}))
    assert "Recorded" in text(receipt)


async def test_nobody_else_gets_through_with_it(stage: Stage, ada: Reader) -> None:
    post = await stage.open_post()
    card = await ada.asked(post)
    eve = await stage.member_who_agreed("eve")
    for custom_id in custom_ids(card):
        refused = answer(await stage.press_absent(eve, post, custom_id))
        assert "for somebody else" in refused.content
    unknown = await stage.press_absent(eve, post, "captcha:answer:77")
    assert "I do not know this question" in answer(unknown).content
    forged = await stage.press_absent(eve, post, "captcha:kind:riddle:1")
    assert "I do not know this button" in answer(forged).content


async def test_what_discord_does_not_take_is_no_fault_of_the_rater(
    stage: Stage, ada: Reader
) -> None:
    post = await stage.open_post()
    stage.env.inject_error("POST", "/interactions/*/callback", status=413, code=40005)
    receipt = await ada.asked(post)
    assert "Recorded. Still missing" in text(receipt)
    record = await ada.record()
    assert (record.unavailable, record.failed, record.passed) == (1, 0, 0)
    vote = await ada.vote()
    assert vote is not None
    assert vote.captchas_failed == 0
    reason = await stage.services.database.read(
        lambda c: c.execute("SELECT kind, latest FROM alerts").fetchall()
    )
    assert reason == [("captcha_unavailable", '{"reason": "picture: HTTP 413"}')]


@pytest.mark.parametrize("kind", ["picture", "audio"])
async def test_a_message_that_was_dismissed_is_answered_with_a_new_one(
    stage: Stage, ada: Reader, kind: CaptchaKind
) -> None:
    card = await ada.asked(await stage.open_post())
    if kind == "audio":
        card = await ada.switch(card, kind)
    stage.env.inject_error("POST", "/interactions/*/callback", status=404, code=10008)
    fresh = await ada.switch(card, kind)
    assert fresh.id != card.id
    assert fresh.flags.ephemeral
    assert len(names(fresh)) == 1
    record = await ada.record()
    assert (record.unavailable, await ada.vote()) == (0, None)
    assert "Recorded" in text(answer(await ada.type(fresh, ada.right(kind))))


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 50035), (403, 50013)])
async def test_what_a_rater_may_have_brought_about_opens_no_way_past(
    stage: Stage, ada: Reader, status: int, code: int
) -> None:
    card = await ada.asked(await stage.open_post())
    stage.env.inject_error("POST", "/interactions/*/callback", status=status, code=code)
    await ada.member.click(card, custom_id=find(card, "captcha:kind:picture:"))
    record = await ada.record()
    assert (record.unavailable, await ada.vote()) == (0, None)
    kinds = await stage.services.database.read(
        lambda c: c.execute("SELECT kind FROM alerts").fetchall()
    )
    assert ("captcha_unavailable",) not in kinds


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [(503, 0, "HTTP 503"), (400, 50045, "HTTP 400"), (400, 50046, "HTTP 400")],
)
async def test_discord_out_of_order_lets_the_rater_go_on(
    stage: Stage, ada: Reader, status: int, code: int, reason: str
) -> None:
    post = await stage.open_post()
    stage.env.inject_error("POST", "/interactions/*/callback", status=status, code=code)
    assert "Recorded. Still missing" in text(await ada.asked(post))
    assert (await ada.record()).unavailable == 1
    latest = await stage.services.database.read(
        lambda c: c.execute("SELECT kind, latest FROM alerts").fetchall()
    )
    assert latest == [("captcha_unavailable", json.dumps({"reason": f"picture: {reason}"}))]


async def test_a_time_out_lets_the_rater_go_on(
    stage: Stage, ada: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = await stage.open_post()
    send: Any = discord.InteractionResponse.send_message
    first = iter([True])

    async def slow(response: object, *content: object, **named: object) -> object:
        if next(first, False):
            raise TimeoutError
        return await send(response, *content, **named)

    monkeypatch.setattr(discord.InteractionResponse, "send_message", slow)
    assert "Recorded. Still missing" in text(await ada.asked(post))
    assert (await ada.record()).unavailable == 1


@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_score_that_waits_is_named_and_counts(
    stage: Stage, ada: Reader, language: str
) -> None:
    await stage.bot.languages.set_for_rater(ada.member.id, language)
    post = await stage.open_post()
    await ada.asked(post, 7, "aesthetic")
    card = await ada.asked(post, 2, "artifacts")
    said = {
        "en": "Your scores are kept and count once you answer: **7** (Liking) · **",
        "de": "Deine Noten sind aufgehoben und zählen, sobald du antwortest: **7** (",
    }[language]
    assert said in text(card)
    receipt = answer(await ada.type(card, ada.right()))
    assert {"en": "Recorded. Thank you!", "de": "Gespeichert. Danke!"}[language] in text(receipt)
    vote = await ada.vote()
    assert vote is not None
    assert vote.scores == {"aesthetic": 7, "artifacts": 2}


async def posts_in_two_channels(stage: Stage) -> tuple[discord.Message, discord.Message]:
    other = stage.home.create_text_channel("elsewhere")
    first = await stage.open_post()
    await stage.add_images(1)
    await stage.set_up(other)
    await stage.publish()
    (second,) = stage.posts(other)
    return first, second


async def test_a_score_of_another_channel_counts_too(stage: Stage, ada: Reader) -> None:
    first, second = await posts_in_two_channels(stage)
    await ada.asked(first, 3)
    card = await ada.asked(second, 8)
    assert "**8** (Liking) · one for another picture" in text(card)
    receipt = answer(await ada.type(card, ada.right()))
    assert "Your score for another picture, which had waited too, is recorded" in text(receipt)
    given = [await ada.vote(image) for image in (1, 2)]
    assert [vote and vote.scores["aesthetic"] for vote in given] == [3, 8]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            ["no longer open", "Another score of yours had waited too, and that one is"],
        ),
        ("de", ["nicht mehr bewertet", "Eine andere Note von dir hat auch gewartet, und die ist"]),
    ],
)
async def test_a_refused_score_says_that_another_one_is_recorded(
    stage: Stage, ada: Reader, language: str, said: list[str]
) -> None:
    await stage.bot.languages.set_for_rater(ada.member.id, language)
    first, second = await posts_in_two_channels(stage)
    await ada.asked(first, 3)
    card = await ada.asked(second, 8)
    await stage.services.posts.lost(2, "for the test")
    refused = text(answer(await ada.type(card, ada.right())))
    assert [each for each in said if each not in refused] == []
    assert await ada.vote(1) is not None
    assert await ada.vote(2) is None


async def test_a_refusal_of_another_kind_says_so_too(stage: Stage, ada: Reader) -> None:
    first, second = await posts_in_two_channels(stage)
    await ada.asked(first, 3)
    card = await ada.asked(second, 8)
    await stage.services.database.write(
        lambda c: c.execute("UPDATE images SET safe = 0 WHERE id = 2")
    )
    refused = answer(await ada.type(card, ada.right()))
    assert "age-restricted" in refused.content
    assert "that one is recorded" in refused.content


@pytest.mark.parametrize(
    "settings_changes", [{"captcha_every": 50, "horde_api_key": "k" * 22}], ids=["paid"]
)
async def test_a_refused_score_says_what_the_others_earned(stage: Stage, ada: Reader) -> None:
    first, second = await posts_in_two_channels(stage)
    await ada.asked(first, 3)
    card = await ada.asked(second, 8)
    await stage.services.posts.lost(2, "for the test")
    refused = text(answer(await ada.type(card, ada.right())))
    assert "that one is recorded.\n**+5 kudos** · 5 kudos today\n-# Tell me with" in refused


@pytest.mark.parametrize("closed", [False, True])
async def test_scores_that_wait_no_more_are_told_with_the_question_and_after_it(
    stage: Stage, ada: Reader, *, closed: bool
) -> None:
    said = "An older score waits no more: I keep at most 6, for an hour."
    first, second = await posts_in_two_channels(stage)
    await ada.asked(first, 3)
    stage.clock.turn(3600)
    card = await ada.asked(second, 8)
    assert said in text(card)
    if closed:
        await stage.services.posts.lost(2, "for the test")
    assert said in text(answer(await ada.type(card, ada.right())))
    assert await ada.vote(1) is None


async def test_a_session_says_what_became_of_a_score_that_waited(stage: Stage, ada: Reader) -> None:
    first = await stage.open_post()
    await stage.add_images(2)
    shown = answer(await ada.member.slash(stage.channel, "rate"))
    await ada.asked(first, 3)
    card = await ada.asked(shown, 8)
    back = answer(await ada.type(card, ada.right()))
    assert "Your score for another picture, which had waited too, is recorded" in text(back)
    assert find(back, "vote:artifacts:1:")


async def test_a_wrong_answer_is_called_wrong_where_the_next_question_has_to_wait(
    stage: Stage, ada: Reader
) -> None:
    card = await ada.asked(await stage.open_post())
    for _ in range(5):
        card = await ada.switch(card, "picture")
    wrong = answer(await ada.type(card, WRONG))
    assert "That answer was wrong." in wrong.content
    assert "press **Answer** in 10 s" in wrong.content
    stage.clock.turn(10)
    assert "That was not it" in text(answer(await ada.open(card)))


async def test_without_its_font_the_rater_goes_on_and_the_operators_hear(
    stage: Stage, ada: Reader
) -> None:
    post = await stage.open_post()
    broken = PictureMaker(Random(1), [Path("/nowhere/font.ttf")])
    stage.bot.services = with_captchas(stage.services, {**ada.makers, "picture": broken})
    receipt = await ada.asked(post)
    assert "Recorded. Still missing" in text(receipt)
    assert (await ada.record()).unavailable == 1
    kinds = await stage.services.database.read(
        lambda c: c.execute("SELECT kind FROM alerts").fetchall()
    )
    assert kinds == [("captcha_unavailable",)]


async def test_many_captchas_in_a_minute_are_refused(stage: Stage, ada: Reader) -> None:
    card = await ada.asked(await stage.open_post())
    for _ in range(5):
        card = await ada.switch(card, "picture")
    custom_id = find(card, "captcha:kind:picture:")
    refused = answer(await ada.member.click(card, custom_id=custom_id))
    assert "please press again in" in refused.content
    assert "Recorded" in text(answer(await ada.type(card, ada.right())))


async def test_an_answer_is_nowhere_but_in_the_picture(
    stage: Stage, ada: Reader, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    card = await ada.asked(await stage.open_post())
    sound = await ada.switch(card, "audio")
    for shown in (card, sound):
        right = ada.right("audio" if shown is sound else "picture")
        described = [attachment.description for attachment in shown.attachments]
        told = (text(shown), custom_ids(shown), names(shown), described)
        assert not re.search(rf"(?<!\d){right}(?!\d)", str(told))
    question = await ada.switch(sound, "question")
    await ada.type(question, f"{ada.right('question')} and more")
    logged = caplog.text + "".join(capsys.readouterr())
    sent = json.dumps([request.json for request in stage.env.http_requests], default=str)
    assert "captcha:typed" in logged
    assert "captcha.wav" in sent
    for kind in ("picture", "audio"):
        for made in ada.makers[kind].made:
            assert not re.search(rf"(?<!\d){made.answer}(?!\d)", logged + sent)
    for made in ada.makers["question"].made:
        assert made.question is not None
        assert made.question not in logged
