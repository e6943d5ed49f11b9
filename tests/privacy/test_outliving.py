"""What outlives an erasure beside the ban itself: holds, and what a ban means for an account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.errors import JuryError, LessonsOverError
from bot.rewards.planning import terms_of
from bot.services import Services
from bot.trust.review import Idle
from storage import alerts, audit, captchas, holds, horde_links, payout_due, raters
from storage.backup import backup
from storage.captchas import CaptchaRecord
from storage.erasure_file import Erasure, ErasureFile
from tests.privacy.kudos import PRICE, come_back, link, open_paying, plan, send, settle
from tests.privacy.test_erasure import restored
from tests.rating.world import NOON
from tests.trust.home import Home, caller, open_home


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with open_paying(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("placed", "stay"),
    [
        (("review", "risk"), ("operators_before_erasure",)),
        (("contradicted",), ("operators_before_erasure",)),
        (("reliability", "same_button"), ("before_erasure",)),
        (("few_values", "review"), ("before_erasure", "operators_before_erasure")),
    ],
)
async def test_a_hold_outlives_erasures_and_backups_until_it_is_lifted(
    home: Home, tmp_path: Path, placed: tuple[str, ...], stay: tuple[str, ...]
) -> None:
    """Whose it was is all that is kept of the reason: what operators held they alone lift."""
    await home.raters(1)
    service = home.services.holds
    await hold(home, *placed)
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    for _ in range(2):
        await home.services.erasure.erase(caller(1))
        number = await come_back(home, 1)
        assert await service.of_rater(1) == stay
    entries = await home.world.database.read(lambda c: audit.latest(c, len(stay)))
    assert [entry.details for entry in reversed(entries)] == [{"reason": each} for each in stay]
    assert {(entry.actor, entry.action, entry.subject) for entry in entries} == {
        ("program", "hold.placed", f"rater:{number}")
    }
    async with restored(home, tmp_path / "copy.db") as services:
        await services.erasure.replay()
        await services.voting.agree(caller(1))
        assert await services.holds.of_rater(1) == stay
        await services.holds.lift(1)
        await services.erasure.erase(caller(1))
        await services.voting.agree(caller(1))
        assert await services.holds.of_rater(1) == ()
        (line,) = ErasureFile(services.database.path).read().values()
        assert not line.held
        assert not line.held_by_operators


async def hold(home: Home, *reasons: str) -> None:
    """Hold the kudos of rater 1, by the program for reasons of its own."""
    number, now = await home.world.number(1), home.world.clock.now()
    for reason in reasons:
        await home.world.database.write(partial(holds.place, rater=number, reason=reason, now=now))


@pytest.mark.parametrize("placed", ["review", "reliability"])
async def test_moderators_lift_what_the_program_held_before_an_erasure_and_nothing_else(
    home: Home, placed: str
) -> None:
    await home.raters(1)
    await hold(home, placed)
    await home.services.erasure.erase(caller(1))
    await come_back(home, 1)
    await home.services.validation.validate(home.moderator, 1)
    left = ("operators_before_erasure",) if placed == "review" else ()
    assert await home.services.holds.of_rater(1) == left


async def test_a_hold_of_which_an_earlier_version_did_not_keep_whose_it_was_is_for_moderators(
    home: Home,
) -> None:
    await home.raters(1)
    await home.services.erasure.erase(caller(1))
    file = ErasureFile(home.world.database.path)
    (line,) = file.read().values()
    at = line.erased_at.isoformat()
    with file.path.open("a", encoding="utf-8") as lines:
        lines.write(f'{{"hash": "{line.discord_hash}", "at": "{at}", "banned": false, ')
        lines.write('"held": true}\n')
    await home.services.erasure.replay()
    await come_back(home, 1)
    assert await home.services.holds.of_rater(1) == ("before_erasure",)


async def test_nobody_is_asked_about_whoever_comes_back_held_and_has_not_rated(home: Home) -> None:
    await home.raters(1)
    await hold(home, "reliability")
    await home.services.erasure.erase(caller(1))
    await come_back(home, 1)
    await home.services.scores.refresh()
    assert await home.services.holds.of_rater(1) == ("before_erasure",)
    assert await home.world.database.read(alerts.undelivered) == []
    assert isinstance(await home.services.review.next_case(home.moderator), Idle)


async def test_operators_leave_that_hold_to_the_program(home: Home) -> None:
    with pytest.raises(JuryError, match="before_erasure is the name of a hold"):
        await home.services.holds.place(1, "before_erasure")


async def test_a_ban_after_the_erasure_leaves_the_hold(home: Home) -> None:
    await home.raters(1)
    await home.services.holds.place(1, "review")
    await home.services.erasure.erase(caller(1))
    await home.services.bans.ban(home.moderator, 1, "spam")
    await home.services.bans.unban(home.moderator, 1)
    await home.services.erasure.replay()
    await come_back(home, 1)
    assert await home.services.holds.of_rater(1) == ("operators_before_erasure",)


async def test_who_was_not_held_is_not_held_on_return(home: Home) -> None:
    await home.raters(1)
    await home.services.erasure.erase(caller(1))
    await come_back(home, 1)
    assert await home.services.holds.of_rater(1) == ()


def test_a_line_without_the_hold_is_read_as_one_that_had_none() -> None:
    line = '{"hash": "ab", "at": "2026-03-01T12:00:00+00:00", "banned": true}'
    assert Erasure.parse(line) == Erasure("ab", NOON, banned=True, held=False)
    for held in (
        Erasure("ab", NOON, banned=False, held=True),
        Erasure("ab", NOON, banned=False, held_by_operators=True),
    ):
        assert Erasure.parse(held.line()) == held
    paused = Erasure("ab", NOON, banned=False, captcha_fails=2, captcha_not_before=NOON)
    assert Erasure.parse(paused.line()) == paused


async def test_a_pause_after_captchas_outlives_a_restored_backup(
    home: Home, tmp_path: Path
) -> None:
    await home.raters(1)
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    number = await home.world.number(1)
    until = NOON + timedelta(minutes=8)
    failed = CaptchaRecord(failed=3, fails_in_a_row=3, not_before=until)
    await home.world.database.write(lambda c: captchas.save(c, number, failed))
    await home.services.erasure.erase(caller(1))
    async with restored(home, tmp_path / "copy.db") as services:
        await services.erasure.replay()
        await services.voting.agree(caller(1))
        kept = await services.database.read(
            lambda c: captchas.record(c, raters.get_or_create(c, 1, NOON).number)
        )
        assert kept == CaptchaRecord(fails_in_a_row=3, not_before=until)


async def test_a_ban_after_the_erasure_ends_whatever_links_the_account(
    home: Home, tmp_path: Path
) -> None:
    async def linked(services: Services) -> list[tuple[int, int]]:
        return await services.database.read(horde_links.accounts)

    await home.raters(1)
    await link(home, 1, 7, verified=True)
    await home.services.erasure.erase(caller(1))
    await home.raters(2, 3)
    two, three = [await home.world.number(person) for person in (2, 3)]
    await link(home, 2, 7, verified=False)
    await link(home, 3, 9, verified=True)
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    await home.services.erasure.replay()
    assert await linked(home.services) == [(two, 7), (three, 9)]
    await home.services.bans.ban(home.moderator, 1, "spam")
    assert await linked(home.services) == [(three, 9)]
    entries = await home.world.database.read(lambda c: audit.latest(c, 2))
    assert ("program", "horde.bar", f"rater:{two}") in [
        (entry.actor, entry.action, entry.subject) for entry in entries
    ]
    async with restored(home, tmp_path / "copy.db") as services:
        assert await linked(services) == [(two, 7), (three, 9)]
        await services.erasure.replay()
        assert await linked(services) == [(three, 9)]


async def test_who_is_paid_and_erased_and_comes_back_gets_no_second_day(tmp_path: Path) -> None:
    limits = {"kudos_daily_cap": 2 * PRICE, "payout_minimum": 1, "hold_hours": 1}
    async with open_paying(tmp_path, **limits, payout_period_hours=0) as home:
        database, clock = home.world.database, home.world.clock
        paid = 0
        for _ in range(3):
            await come_back(home, 1)
            for _ in range(2):
                await home.world.vote(1, await home.post())
            await link(home, 1, 7, verified=True)
            clock.turn(3600)
            number, now = await home.world.number(1), clock.now()
            look = partial(payout_due.pick, rater=number, terms=terms_of(home.world.settings))
            picked = await database.read(partial(look, now=now))
            tomorrow = await database.read(partial(look, now=now + timedelta(days=1)))
            assert tomorrow is not None
            assert tomorrow.amount == 2 * PRICE
            if picked is not None:
                payout = await plan(home, number)
                assert payout is not None
                assert await send(home, payout)
                await settle(home, payout, paid=True)
                paid += payout.amount
            await home.services.erasure.erase(caller(1))
        assert paid == 2 * PRICE


async def test_who_is_erased_and_comes_back_is_taught_nothing_more(tmp_path: Path) -> None:
    async with open_home(tmp_path) as home:
        await home.world.data_set(60)
        await home.world.mark_gold(*range(1, 26))
        taught = []
        for _ in range(3):
            await home.raters(1)
            showing = await home.services.sessions.start(caller(1))
            with suppress(LessonsOverError):
                while showing.lesson is not None:
                    await home.world.vote(1, showing.post_id)
                    taught.append(showing.image.id)
                    showing = await home.services.sessions.next_lesson(caller(1), showing.post_id)
            await home.services.erasure.erase(caller(1))
            home.world.clock.turn(120)
        assert len(taught) == home.services.settings.lessons
        # Nor is it enough to leave in the middle of it.
        await home.raters(2)
        assert (await home.services.sessions.start(caller(2))).lesson is not None
        await home.services.erasure.erase(caller(2))
        home.world.clock.turn(120)
        assert (await home.services.sessions.start(caller(2))).lesson is None
