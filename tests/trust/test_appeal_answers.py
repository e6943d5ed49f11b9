"""The answer's way to the rater: by direct message, or when they next come, once."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import NotLimitedError
from bot.services import build_services
from bot.trust.appeal_answers import RETRY_SECONDS
from tests.trust import appealing
from tests.trust.appealing import LIMITED, Letters, appeal, ban, latest
from tests.trust.home import Home, caller

DAY = 24 * 3600.0


@pytest.fixture
def letters(home: Home) -> Letters:
    letters = Letters()
    home.services.answers.connect(letters)
    return letters


async def answered(home: Home, *, grant: bool = True, words: str = "we looked *again*") -> None:
    await ban(home)
    await appeal(home)
    await appealing.answer(home, grant=grant, words=words)


async def test_the_answer_is_sent_once(home: Home, letters: Letters) -> None:
    await answered(home)
    for _ in range(3):
        await home.services.answers.settle()
    ((whom, text),) = letters.sent
    assert whom == LIMITED
    assert "was granted" in text
    assert "> we looked \\*again\\*" in text
    found = await latest(home)
    assert found is not None
    assert found.delivered_at == home.world.clock.now()
    assert not home.services.answers.waits_for(LIMITED)


async def test_nothing_is_sent_before_an_answer(home: Home, letters: Letters) -> None:
    await ban(home)
    await appeal(home)
    await home.services.answers.settle()
    assert letters.tried == 0


@pytest.mark.parametrize(("chosen", "said"), [(None, "wurde abgelehnt"), ("en", "was refused")])
async def test_the_answer_is_in_the_raters_language(
    home: Home, letters: Letters, chosen: str | None, said: str
) -> None:
    await ban(home)
    await home.services.appeals.open(caller(LIMITED), 1, "bitte", "de")
    await home.world.database.write(
        lambda c: (
            c.execute(
                "UPDATE raters SET locale = ? WHERE discord_id = ?", (chosen, LIMITED)
            ).rowcount
        )
    )
    await appealing.answer(home, grant=False)
    await home.services.answers.settle()
    ((_, text),) = letters.sent
    assert said in text


async def test_whom_nobody_can_write_to_is_told_when_they_come_once(
    home: Home, letters: Letters
) -> None:
    letters.refused = True
    await answered(home)
    answers = home.services.answers
    await answers.settle()
    await answers.settle()
    assert letters.tried == 1
    assert answers.waits_for(LIMITED)
    assert not answers.waits_for(LIMITED + 1)
    told = await asyncio.gather(*(answers.take(LIMITED, "de") for _ in range(3)))
    (text,) = [each for each in told if each is not None]
    assert "wurde stattgegeben" in text
    assert not answers.waits_for(LIMITED)
    await answers.settle()
    assert not answers.waits_for(LIMITED)


async def test_who_waits_is_known_after_a_restart(home: Home, letters: Letters) -> None:
    letters.refused = True
    await answered(home)
    await home.services.answers.settle()
    world = home.world
    again = build_services(world.settings, world.database, world.clock, world.random)
    again.answers.connect(letters)
    await again.answers.settle()
    assert letters.tried == 1
    assert again.answers.waits_for(LIMITED)
    assert await again.answers.take(LIMITED, "en") is not None


async def test_an_answer_from_before_a_restart_is_sent(home: Home) -> None:
    await answered(home)
    world, letters = home.world, Letters()
    again = build_services(world.settings, world.database, world.clock, world.random)
    again.answers.connect(letters)
    await again.answers.settle()
    assert len(letters.sent) == 1


async def test_what_discord_does_not_take_for_now_is_sent_later(
    home: Home, letters: Letters
) -> None:
    letters.failing = True
    await answered(home)
    await home.services.answers.settle()
    assert not home.services.answers.waits_for(LIMITED)
    home.world.clock.turn(RETRY_SECONDS)
    letters.failing = False
    await home.services.answers.settle()
    assert len(letters.sent) == 1


async def test_after_a_day_it_waits_for_the_rater(home: Home, letters: Letters) -> None:
    letters.failing = True
    await answered(home)
    home.world.clock.turn(DAY)
    await home.services.answers.settle()
    assert home.services.answers.waits_for(LIMITED)
    await home.services.answers.settle()
    assert letters.tried == 1


async def test_an_answer_of_a_clock_that_was_ahead_waits_for_the_rater(
    home: Home, letters: Letters
) -> None:
    letters.failing = True
    home.world.clock.turn(30 * DAY)
    await answered(home)
    home.world.clock.turn(-30 * DAY)
    await home.services.answers.settle()
    assert home.services.answers.waits_for(LIMITED)


async def test_an_answer_that_the_rater_has_read_is_sent_no_more(
    home: Home, letters: Letters
) -> None:
    await answered(home)
    standing = await home.services.appeals.standing(caller(LIMITED))
    assert standing.latest is not None
    assert standing.latest.answer == "we looked *again*"
    await home.services.answers.settle()
    assert letters.tried == 0


async def test_an_answer_that_was_not_shown_is_not_taken_for_read(
    home: Home, letters: Letters
) -> None:
    """The button of an older card looks at how its presser stands, and shows nothing of it."""
    await answered(home)
    with pytest.raises(NotLimitedError):
        await home.services.appeals.require_cause(caller(LIMITED))
    await home.services.answers.settle()
    assert len(letters.sent) == 1


async def test_an_erased_rater_is_sent_nothing(home: Home, letters: Letters) -> None:
    letters.refused = True
    await answered(home)
    await home.services.answers.settle()
    await home.services.erasure.erase(caller(LIMITED))
    assert await home.services.answers.take(LIMITED, "en") is None
    await home.services.answers.settle()
    assert not home.services.answers.waits_for(LIMITED)
    assert letters.tried == 1


async def test_one_whom_nothing_reaches_keeps_nobody_waiting(home: Home, letters: Letters) -> None:
    await ban(home, 1)
    await ban(home, 2)
    await appeal(home, 1)
    await appeal(home, 2)
    await appealing.answer(home, grant=False)
    await appealing.answer(home, grant=False)
    letters.refused = True
    await home.services.answers.settle()
    assert letters.tried == 2


async def test_a_decision_wakes_the_worker(home: Home, letters: Letters) -> None:
    running = asyncio.create_task(home.services.answers.run())
    await answered(home)
    async with asyncio.timeout(10):
        while not letters.sent:  # noqa: ASYNC110 - it tells nobody that it sent
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])
