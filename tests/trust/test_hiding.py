"""Whose reports hide, how many may wait, and what comes back where they count no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.trust.banning import Sentence
from bot.trust.refusals import ReportsOpenError
from bot.trust.review import Case
from storage import captchas
from storage.captchas import CaptchaRecord
from tests.trust.home import Home, caller, open_home

VOTES = 2
OPEN = 3


async def report(home: Home, rater: int, post: int) -> bool:
    """Report a post; return whether that hid the image."""
    at = replace(caller(rater), channel_id=await channel_of(home, post))
    receipt = await home.services.reports.report(at, next(home.world.interactions), post, "no")
    assert receipt.new
    return receipt.hidden


async def channel_of(home: Home, post: int) -> int:
    return await home.world.value(f"SELECT channel_id FROM posts WHERE id = {post:d}")  # noqa: S608


async def give_votes(home: Home, rater: int, votes: int) -> None:
    for _ in range(votes):
        await home.world.vote(rater, await home.post())


async def stage(home: Home, post: int) -> str:
    return (await home.world.image(post)).stage


async def settle(home: Home, post: int, decision: str) -> None:
    case = await home.services.review.next_case(home.moderator)
    assert isinstance(case, Case)
    assert case.item.image_id == (await home.world.image(post)).id
    await home.services.review.decide(home.moderator, case.item.id, decision)


async def test_accounts_without_votes_hide_nothing_and_are_heard(tmp_path: Path) -> None:
    async with open_home(tmp_path, report_votes=VOTES) as home:
        await home.raters(1, 2, 3, 4)
        await give_votes(home, 4, VOTES)
        post = await home.post()
        for rater in (1, 2, 3, 4):
            assert not await report(home, rater, post)
        assert await stage(home, post) == "begun"
        case = await home.services.review.next_case(home.moderator)
        assert isinstance(case, Case)
        assert case.item.image_id == (await home.world.image(post)).id


@pytest.mark.parametrize("votes", [VOTES - 1, VOTES])
async def test_complete_votes_that_stand_make_reports_hide(tmp_path: Path, votes: int) -> None:
    async with open_home(tmp_path, report_votes=VOTES) as home:
        await home.raters(1, 2, 3)
        for rater in (1, 2, 3):
            await give_votes(home, rater, votes)
            await home.world.press(rater, await home.post(), "aesthetic", 4)
        post = await home.post()
        hid = [await report(home, rater, post) for rater in (1, 2, 3)]
        assert hid == [False, False, votes == VOTES]


async def test_votes_that_were_taken_out_are_no_standing(tmp_path: Path) -> None:
    async with open_home(tmp_path, report_votes=VOTES) as home:
        await home.raters(1, 2, 3)
        for rater in (1, 2, 3):
            await give_votes(home, rater, VOTES)
        home.world.clock.turn(60)
        await home.services.voiding.revert(home.moderator, 1, "1h")
        home.world.clock.turn(60)
        post = await home.post()
        for rater in (1, 2, 3):
            assert not await report(home, rater, post)


async def test_where_there_are_captchas_one_was_passed(tmp_path: Path) -> None:
    async with open_home(tmp_path, captcha_every=50) as home:
        await home.raters(1, 2, 3)
        posts = [await home.post(), await home.post()]
        for rater in (1, 2, 3):
            assert not await report(home, rater, posts[0])
            number = await home.world.number(rater)
            save = partial(captchas.save, rater=number, kept=CaptchaRecord(passed=1))
            await home.world.database.write(save)
        assert [await report(home, rater, posts[1]) for rater in (1, 2, 3)] == [False, False, True]


async def test_reports_of_moderators_and_validated_raters_help_at_once(tmp_path: Path) -> None:
    async with open_home(tmp_path, report_votes=VOTES, captcha_every=50) as home:
        await home.raters(1, 2, 3, home.moderator.discord_id)
        for rater in (1, 2):
            await home.services.validation.validate(home.moderator, rater)
        post = await home.post()
        assert not await report(home, 3, post)
        at = await home.services.reports.report(home.moderator, 77, post, "no")
        assert at.new
        assert [await report(home, rater, post) for rater in (1, 2)] == [False, True]


async def test_so_many_reports_of_one_rater_wait(tmp_path: Path) -> None:
    async with open_home(tmp_path, reports_open=OPEN) as home:
        await home.raters(1, 2)
        posts = [await home.post() for _ in range(3 * OPEN)]
        for post in posts[:OPEN]:
            await report(home, 1, post)
        with pytest.raises(ReportsOpenError) as refused:
            await report(home, 1, posts[OPEN])
        assert refused.value.values == {"n": OPEN}
        assert await home.world.value("SELECT count(*) FROM reports") == OPEN
        again = await home.services.reports.report(caller(1), 999, posts[0], "again")
        assert not again.new
        await report(home, 2, posts[OPEN])

        await settle(home, posts[0], "dismiss")
        await report(home, 1, posts[OPEN])
        with pytest.raises(ReportsOpenError):
            await report(home, 1, posts[OPEN + 1])
        await settle(home, posts[1], "hide")
        for post in posts[OPEN + 1 : 2 * OPEN + 2]:
            await report(home, 1, post)
        with pytest.raises(ReportsOpenError) as refused:
            await report(home, 1, posts[-1])
        assert refused.value.values == {"n": 2 * OPEN}


async def test_moderators_and_validated_raters_may_have_any_number_waiting(tmp_path: Path) -> None:
    async with open_home(tmp_path, reports_open=1) as home:
        await home.raters(1, home.moderator.discord_id)
        await home.services.validation.validate(home.moderator, 1)
        for interaction in (901, 902, 903):
            post = await home.post()
            await report(home, 1, post)
            assert (await home.services.reports.report(home.moderator, interaction, post, "")).new


@pytest.mark.parametrize("act", ["ban", "pause", "revert"])
async def test_what_a_persons_reports_alone_had_hidden_comes_back(home: Home, act: str) -> None:
    """With the act itself; what others want hidden, too, and what a person looked at stays."""
    await home.raters(1, 2, 3, 4)
    alone, wanted, kept, hidden = [await home.post() for _ in range(4)]
    for post in (alone, wanted, kept):
        for rater in (1, 2, 3):
            await report(home, rater, post)
    await report(home, 4, wanted)
    image = (await home.world.image(kept)).id
    await home.services.moderation.hide(home.moderator, image)
    for rater in (1, 2, 3):
        await report(home, rater, hidden)
    image = (await home.world.image(hidden)).id
    await home.services.moderation.restore(home.moderator, image)
    await home.services.moderation.hide(home.moderator, image)
    home.world.clock.turn(60)
    if act == "revert":
        done = await home.services.voiding.revert(home.moderator, 1, "1h")
        assert (done.reports, done.images) == (2, 1)
    else:
        length = None if act == "ban" else timedelta(hours=1)
        verdict = await home.services.bans.ban(home.moderator, 1, "vandal", Sentence(length))
        assert verdict.images == 1
    stages = [await stage(home, post) for post in (alone, wanted, kept, hidden)]
    assert stages == ["begun", "hidden", "hidden", "hidden"]
    back = next(entry for entry in await home.log() if entry.actor == "program")
    assert (back.action, back.details) == ("image.restore", {"reports": 2})
    assert back.subject == f"image:{(await home.world.image(alone)).id}"
    await home.services.bans.ban(home.moderator, 2, "vandal")
    assert await stage(home, wanted) == "begun"
    case = await home.services.review.next_case(home.moderator)
    assert isinstance(case, Case), "other reports of it still count"


async def test_a_revert_brings_back_nothing_that_it_does_not_mean(tmp_path: Path) -> None:
    """A report that is older counts still, also as the last one of three that hid the image."""
    async with open_home(tmp_path, report_votes=VOTES) as home:
        await home.raters(1, 2, 3)
        for rater in (1, 2, 3):
            await give_votes(home, rater, VOTES)
        post = await home.post()
        for rater in (1, 2, 3):
            await report(home, rater, post)
        home.world.clock.turn(120)
        for rater in (2, 3):
            await home.services.erasure.erase(caller(rater))
        done = await home.services.voiding.revert(home.moderator, 1, "1m")
        assert (done.reports, done.images) == (0, 0)
        assert await stage(home, post) == "hidden"
        done = await home.services.voiding.revert(home.moderator, 1, "1h")
        assert (done.reports, done.images) == (1, 1)


async def test_reports_without_standing_keep_hidden_what_is_hidden(tmp_path: Path) -> None:
    async with open_home(tmp_path, report_votes=VOTES) as home:
        await home.raters(*range(1, 7))
        for rater in (1, 2, 3):
            await give_votes(home, rater, VOTES)
        post = await home.post()
        for rater in range(1, 6):
            await report(home, rater, post)
        assert await stage(home, post) == "hidden"
        for rater, images in ((1, 0), (2, 0), (3, 1)):
            verdict = await home.services.bans.ban(home.moderator, rater, "vandal")
            assert verdict.images == images


async def test_a_bar_at_home_brings_nothing_back(home: Home) -> None:
    """Whoever may not rate in one server is heard in others."""
    await home.raters(1, 2, 3)
    post = await home.post()
    for rater in (1, 2, 3):
        await report(home, rater, post)
    verdict = await home.services.bans.ban(home.moderator, 1, "no", Sentence(place="here"))
    assert verdict.images == 0
    assert await stage(home, post) == "hidden"


async def test_what_a_moderator_hid_is_not_brought_back_by_reports_of_it(home: Home) -> None:
    await home.raters(1)
    post = await home.post()
    showing = await home.services.sessions.start(caller(1))
    await home.services.moderation.hide(home.moderator, showing.image.id)
    await home.services.reports.report(caller(1), 5, showing.post_id, "late")
    await home.services.bans.ban(home.moderator, 1, "vandal")
    assert post
    assert await stage(home, showing.post_id) == "hidden"
