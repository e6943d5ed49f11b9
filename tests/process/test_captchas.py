"""A captcha over the death of the process that asked it: the real `jury run`, and kill -9."""

from __future__ import annotations

import re

import pytest

from bot.texts import Texts
from tests.loopback.messages import button_ids, texts_of
from tests.loopback.server import LoopbackDiscord
from tests.loopback.world import Json, Person
from tests.process.jury import CHANNEL, HOME_GUILD, Home, running
from tests.process.seed import seed
from tests.trust.captcha_solver import solve

pytestmark = pytest.mark.process

RATER = Person(4242)


@pytest.fixture
def asking(home: Home) -> Home:
    seed(home.database, home.folder / "pictures", guild_id=HOME_GUILD, channel_ids=(CHANNEL,))
    home.settings["CAPTCHA_EVERY"] = "50"
    return home


async def press(discord: LoopbackDiscord, message: Json, start: str) -> Json:
    """Press a button and return the message that answers it."""
    custom_id = next(each for each in button_ids(message) if each.startswith(start))
    pressed = await discord.press(RATER, message, custom_id)
    if pressed.response is not None:
        return pressed.response
    assert pressed.callback is not None
    return dict(pressed.callback["data"])


async def type_answer(discord: LoopbackDiscord, card: Json, modal: Json, answer: str) -> Json:
    typed = await discord.submit(RATER, card, modal, {"answer": answer})
    assert typed.response is not None
    return typed.response


async def test_an_answer_after_a_kill_takes_the_score_that_was_pressed_before(
    asking: Home, discord: LoopbackDiscord
) -> None:
    async with running(asking) as jury:
        (post,) = await discord.wait_for_posts(CHANNEL, 1)
        consent = await press(discord, post, "vote:aesthetic:7:")
        picture = await press(discord, consent, "agree:")
        assert [each["filename"] for each in picture["attachments"]] == ["captcha.png"]
        card = await press(discord, picture, "captcha:kind:question:")
        _, question = re.findall(r"^### (.+)$", texts_of(card), re.MULTILINE)
        modal = await press(discord, card, "captcha:answer:")
        jury.kill()
    assert asking.rows("SELECT count(*) FROM votes") == [(0,)]
    kept = "SELECT state, scale, value FROM captchas ORDER BY id"
    assert asking.rows(kept) == [("replaced", "aesthetic", 7), ("open", "aesthetic", 7)]

    answer = solve(Texts.load(), question, "en")
    async with running(asking) as jury:
        await discord.gateway.wait_for_shards(1, 20)
        receipt = await type_answer(discord, card, modal, answer)
        told = texts_of(receipt)
        assert "Recorded. Still missing" in told
        jury.kill()
    votes = asking.rows("SELECT aesthetic, artifacts, captchas_failed FROM votes")
    assert votes == [(7, None, -1)]
    assert asking.rows("SELECT passed, failed FROM captcha_records") == [(1, 0)]

    async with running(asking) as jury:
        await discord.gateway.wait_for_shards(1, 20)
        again = await type_answer(discord, card, modal, answer)
        assert texts_of(again) == told
        assert await jury.stop() == 0
    assert asking.rows("SELECT count(*) FROM vote_history") == [(1,)]
    assert question not in "".join(jury.log)
