"""Captchas from the press to the vote, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import get_args

import pytest

from bot.errors import (
    BannedError,
    CaptchaFailedError,
    CaptchaNeededError,
    CaptchaPausedError,
    CaptchaReplacedError,
    ClosedPostError,
    ForeignCaptchaError,
    NoAnswerError,
    PlaceTakenError,
    RateLimitedError,
    UnknownCaptchaError,
    UserError,
    WrongAnswerError,
)
from bot.rating.voting import Receipt, ScorePress
from bot.trust import rate_limit
from bot.trust.captcha import expiring, keeping, policy
from bot.trust.captcha.outcomes import Challenge, Failed, Outcome, Refused
from bot.trust.captcha.pictures import PictureMaker
from bot.trust.captcha.refusals import TooManyCaptchasError
from bot.trust.captcha.service import CaptchaService
from bot.trust.captcha.sounds import SoundMaker
from storage import captchas, risks
from storage.captchas import CaptchaKind, CaptchaRecord
from tests.rating.world import NOON
from tests.trust.captcha_solver import solve
from tests.trust.captchas import WRONG, CaptchaHome, open_captchas
from tests.trust.home import caller


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[CaptchaHome]:
    async with open_captchas(tmp_path, 1, 2, 3) as opened:
        yield opened


async def fail(there: CaptchaHome, rater: int, challenge: Challenge) -> Failed:
    outcome: Outcome = challenge
    for _ in range(policy.TRIES):
        assert isinstance(outcome, Challenge)
        outcome = await there.answer(rater, outcome, WRONG)
    assert isinstance(outcome, Failed)
    return outcome


async def votes(there: CaptchaHome) -> int:
    return await there.home.world.value("SELECT count(*) FROM votes")


async def test_a_first_vote_waits_for_a_captcha_and_counts_with_it(there: CaptchaHome) -> None:
    post = await there.home.post()
    asked = await there.asked(1, post)
    assert (asked.kind, asked.tries_left, asked.told) == ("picture", 3, None)
    assert asked.data is not None
    assert await votes(there) == 0
    there.home.world.clock.turn(20)
    receipt = await there.passed(1, asked)
    assert (receipt.post_id, receipt.scores) == (post, {"aesthetic": 7})
    record = await there.record(1)
    assert (record.passed, record.failed, record.fails_in_a_row) == (1, 0, 0)
    assert 34 <= record.votes_left <= 64
    assert await there.balance_on_vote(1, receipt.image_id) == -1
    second = await there.press(1, post, "artifacts", 2)
    assert isinstance(second, Receipt)
    assert second.completed_now
    assert await there.record(1) == record


async def test_the_next_one_comes_after_as_many_votes_as_were_drawn(tmp_path: Path) -> None:
    async with open_captchas(tmp_path, 1, captcha_every=4) as there:
        for balance in (-1, -2):
            asked = await there.asked(1, await there.home.post())
            receipt = await there.passed(1, asked)
            assert await there.balance_on_vote(1, receipt.image_id) == balance
            left = (await there.record(1)).votes_left
            assert 2 <= left <= 4
            for _ in range(left):
                receipt_or = await there.press(1, await there.home.post())
                assert isinstance(receipt_or, Receipt)
                assert await there.balance_on_vote(1, receipt_or.image_id) == balance


async def test_wrong_answers_bring_new_captchas_then_a_pause(there: CaptchaHome) -> None:
    post = await there.home.post()
    first = await there.asked(1, post)
    second = await there.answer(1, first, WRONG)
    assert isinstance(second, Challenge)
    assert (second.tries_left, second.told, second.kind) == (2, "wrong", "picture")
    assert second.id != first.id
    assert second.data != first.data
    with pytest.raises(CaptchaReplacedError):
        await there.answer(1, first, there.makers["picture"].made[0].answer)
    third = await there.answer(1, second, WRONG)
    assert isinstance(third, Challenge)
    assert third.tries_left == 1
    failed = await there.answer(1, third, WRONG)
    assert failed == Failed(NOON + timedelta(seconds=30), third.press, private=False)
    assert await there.states(1) == ["replaced", "replaced", "failed"]
    assert (await there.record(1)).failed == 1
    assert await votes(there) == 0
    with pytest.raises(CaptchaFailedError):
        await there.answer(1, third)
    with pytest.raises(CaptchaPausedError) as caught:
        await there.press(1, post)
    assert caught.value.values == {"until": int(NOON.timestamp()) + 30}
    there.home.world.clock.turn(30)
    again = await there.asked(1, post)
    assert again.tries_left == policy.TRIES
    receipt = await there.passed(1, again)
    assert await there.balance_on_vote(1, receipt.image_id) == 0


async def test_one_that_was_made_while_a_pause_began_is_not_asked(there: CaptchaHome) -> None:
    post = await there.home.post()
    await fail(there, 1, await there.asked(1, post))
    press = ScorePress(next(there.home.world.interactions), post, "aesthetic", 3)
    with pytest.raises(CaptchaPausedError):
        await there.service.ask(caller(1), press, "en")
    assert "open" not in await there.states(1)


async def test_pauses_grow_until_a_pass(there: CaptchaHome) -> None:
    post, seconds = await there.home.post(), []
    for _ in range(3):
        failed = await fail(there, 1, await there.asked(1, post))
        seconds.append((failed.until - there.home.world.clock.now()).total_seconds())
        there.home.world.clock.turn(seconds[-1])
    assert seconds == [30, 120, 480]
    await there.passed(1, await there.asked(1, post))
    assert (await there.record(1)).fails_in_a_row == 0


async def test_one_that_ran_out_is_followed_by_another_and_counts_as_nothing(
    there: CaptchaHome,
) -> None:
    post = await there.home.post()
    asked = await there.asked(1, post)
    there.home.world.clock.turn(299)
    assert await there.service.open(caller(1), asked.id, "en") == "picture"
    there.home.world.clock.turn(1)
    late = await there.answer(1, asked)
    assert isinstance(late, Challenge)
    assert (late.told, late.tries_left, late.press) == ("expired", 3, asked.press)
    there.home.world.clock.turn(300)
    opened = await there.service.open(caller(1), late.id, "en")
    assert isinstance(opened, Challenge)
    record = await there.record(1)
    assert (record.expired, record.failed, record.passed) == (2, 0, 0)
    assert await there.states(1) == ["expired", "expired", "open"]
    assert (await there.passed(1, opened)).scores == {"aesthetic": 7}


@pytest.mark.parametrize(("seconds", "state"), [(299, "replaced"), (300, "expired")])
@pytest.mark.parametrize("how", ["a press", "another kind"])
async def test_what_gives_way_after_its_time_ran_out(
    there: CaptchaHome, how: str, seconds: int, state: str
) -> None:
    post = await there.home.post()
    asked = await there.asked(1, post)
    there.home.world.clock.turn(seconds)
    if how == "a press":
        await there.asked(1, post)
    else:
        other = await there.service.another(caller(1), asked.id, "question", "en")
        assert isinstance(other, Challenge)
    assert await there.states(1) == [state, "open"]
    assert (await there.record(1)).expired == (state == "expired")


async def test_what_nobody_comes_back_to_runs_out_by_itself(there: CaptchaHome) -> None:
    expiry = there.home.services.captcha_expiry
    post = await there.home.post()
    await there.asked(1, post)
    there.home.world.clock.turn(299)
    await there.asked(2, post)
    assert await expiry.settle() == 0
    there.home.world.clock.turn(1)
    assert await expiry.settle() == 1
    assert await expiry.settle() == 0
    assert (await there.states(1), await there.states(2)) == (["expired"], ["open"])
    record = await there.record(1)
    assert (record.expired, record.failed, record.votes_left) == (1, 0, 0)
    assert (await there.record(2)).expired == 0


async def test_a_captcha_of_a_clock_that_was_ahead_has_run_out(there: CaptchaHome) -> None:
    expiry = there.home.services.captcha_expiry
    post = await there.home.post()
    await there.asked(1, post)
    there.home.world.clock.turn(-86_400)
    assert await expiry.settle() == 1
    assert await there.states(1) == ["expired"]


async def test_all_that_ran_out_ends_however_many_there_are(
    there: CaptchaHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "BATCH", 2)
    post = await there.home.post()
    for rater in (1, 2, 3):
        await there.asked(rater, post)
    there.home.world.clock.turn(300)
    assert await there.home.services.captcha_expiry.settle() == 3


async def test_an_answer_to_what_ran_out_by_itself_is_followed_by_another(
    there: CaptchaHome,
) -> None:
    post = await there.home.post()
    asked = await there.asked(1, post)
    there.home.world.clock.turn(300)
    await there.home.services.captcha_expiry.settle()
    with pytest.raises(CaptchaReplacedError):
        await there.service.not_shown(caller(1), asked.id, "too late to matter")
    late = await there.answer(1, asked)
    assert isinstance(late, Challenge)
    assert (late.told, late.tries_left, late.press) == ("expired", 3, asked.press)
    assert (await there.record(1)).expired == 1, "it is counted once"
    with pytest.raises(CaptchaReplacedError):
        await there.answer(1, asked)
    assert (await there.passed(1, late)).scores == {"aesthetic": 7}
    with pytest.raises(CaptchaReplacedError):
        await there.service.open(caller(1), asked.id, "en")


async def test_an_expiry_or_a_new_press_brings_no_spent_try_back(there: CaptchaHome) -> None:
    post = await there.home.post()
    second = await there.answer(1, await there.asked(1, post), WRONG)
    assert isinstance(second, Challenge)
    there.home.world.clock.turn(300)
    opened = await there.service.open(caller(1), second.id, "en")
    assert isinstance(opened, Challenge)
    assert opened.tries_left == 2
    assert (await there.asked(1, post)).tries_left == 2
    there.home.world.clock.turn(3600)
    assert (await there.asked(1, post)).tries_left == 3


async def test_each_kind_can_be_asked_for_and_the_one_passed_comes_first_next_time(
    tmp_path: Path,
) -> None:
    async with open_captchas(tmp_path, 1, captcha_every=1) as there:
        before: CaptchaKind = "picture"
        for kind in get_args(CaptchaKind):
            there.home.world.clock.turn(60)
            asked = await there.asked(1, await there.home.post())
            assert asked.kind == before
            spent = await there.answer(1, asked, WRONG)
            assert isinstance(spent, Challenge)
            another = await there.service.another(caller(1), spent.id, kind, "en")
            assert isinstance(another, Challenge)
            assert (another.kind, another.tries_left, another.told) == (kind, 2, None)
            await there.passed(1, another)
            before = kind


async def test_a_question_is_answered_by_reading_it(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    for language in ("en", "de"):
        question = await there.service.another(caller(1), asked.id, "question", language)
        assert isinstance(question, Challenge)
        assert question.question is not None
        assert question.data is None
        asked = question
    assert asked.question is not None
    answer = solve(there.home.services.texts, asked.question, "de")
    assert isinstance(await there.answer(1, asked, answer), Receipt)


async def test_nobody_answers_for_somebody_else(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    right = there.right(asked)
    for stranger in (2, 99):
        with pytest.raises(ForeignCaptchaError):
            await there.answer(stranger, asked, right)
        with pytest.raises(ForeignCaptchaError):
            await there.service.another(caller(stranger), asked.id, "audio", "en")
        with pytest.raises(ForeignCaptchaError):
            await there.service.open(caller(stranger), asked.id, "en")
        with pytest.raises(ForeignCaptchaError):
            await there.service.not_shown(caller(stranger), asked.id, "forged")
    with pytest.raises(UnknownCaptchaError):
        await there.service.answer(caller(1), 77, right, "en")
    assert isinstance(await there.answer(1, asked, right), Receipt)


@pytest.mark.parametrize("typed", ["", "   ", "...", "\u200b"])
async def test_nothing_typed_spends_no_try(there: CaptchaHome, typed: str) -> None:
    asked = await there.asked(1, await there.home.post())
    with pytest.raises(NoAnswerError):
        await there.answer(1, asked, typed)
    assert isinstance(await there.answer(1, asked), Receipt)


async def test_answering_again_gives_the_same_receipt_and_no_second_vote(
    there: CaptchaHome,
) -> None:
    asked = await there.asked(1, await there.home.post())
    receipt = await there.passed(1, asked)
    assert await there.answer(1, asked) == receipt
    assert await there.answer(1, asked, WRONG) == receipt
    assert await there.service.open(caller(1), asked.id, "en") == receipt
    assert await there.service.another(caller(1), asked.id, "audio", "en") == receipt
    with pytest.raises(CaptchaReplacedError):
        await there.service.not_shown(caller(1), asked.id, "too late")
    record = await there.record(1)
    assert (record.passed, record.failed) == (1, 0)
    assert await there.home.world.value("SELECT count(*) FROM vote_history") == 1


async def test_of_many_right_answers_at_once_one_counts(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    outcomes = await asyncio.gather(*(there.answer(1, asked) for _ in range(8)))
    assert len({id(type(outcome)) for outcome in outcomes}) == 1
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert (await there.record(1)).passed == 1
    assert await there.home.world.value("SELECT count(*) FROM vote_history") == 1


async def test_of_many_wrong_answers_at_once_one_spends_a_try(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    outcomes = await asyncio.gather(
        *(there.answer(1, asked, WRONG) for _ in range(8)), return_exceptions=True
    )
    (follows,) = [each for each in outcomes if isinstance(each, Challenge)]
    assert follows.tries_left == 2
    assert {type(each) for each in outcomes} == {Challenge, CaptchaReplacedError}
    assert (await there.record(1)).failed == 0


async def test_a_right_and_wrong_answers_at_once_end_in_one_of_both(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    answers = [WRONG, there.right(asked), WRONG]
    await asyncio.gather(
        *(there.answer(1, asked, typed) for typed in answers), return_exceptions=True
    )
    states = await there.states(1)
    assert states[0] in {"passed", "replaced"}
    assert await votes(there) == (states[0] == "passed")
    assert (await there.record(1)).passed == (states[0] == "passed")


async def test_presses_at_once_leave_one_captcha_open(there: CaptchaHome) -> None:
    posts = [await there.home.post() for _ in range(4)]
    asked = await asyncio.gather(*(there.press(1, post) for post in posts))
    assert all(isinstance(each, Challenge) for each in asked)
    assert sorted(await there.states(1)) == ["open", "replaced", "replaced", "replaced"]


async def test_both_scores_of_a_picture_count_with_the_captcha_that_was_asked_last(
    there: CaptchaHome,
) -> None:
    post = await there.home.post()
    assert isinstance(await there.press(1, post, "aesthetic", 3), Challenge)
    assert isinstance(await there.press(1, post, "aesthetic", 7), Challenge)
    asked = await there.press(1, post, "artifacts", 2)
    assert isinstance(asked, Challenge)
    assert [(each.scale, each.value) for each in asked.presses] == [
        ("aesthetic", 7), ("artifacts", 2),
    ]  # fmt: skip
    receipt = await there.passed(1, asked)
    assert (receipt.scores, receipt.completed_now) == ({"aesthetic": 7, "artifacts": 2}, True)
    assert (receipt.others, receipt.others_refused) == (0, 0)
    assert await there.answer(1, asked) == receipt
    assert await there.home.world.value("SELECT count(*) FROM vote_history") == 2


async def test_what_all_of_them_earned_is_told_together(tmp_path: Path) -> None:
    async with open_captchas(tmp_path, 1, horde_api_key="k" * 22) as there:
        first, second = await there.home.post(), await there.home.post()
        await there.asked(1, first)
        await there.press(1, second, "aesthetic", 7)
        asked = await there.press(1, second, "artifacts", 2)
        assert isinstance(asked, Challenge)
        earned = (await there.passed(1, asked)).earned
        assert earned is not None
        assert (earned.amount, earned.today, earned.why) == (15, 15, None)


@pytest.mark.parametrize(
    ("lost", "told"), [((2,), (10, 10, None)), ((1, 2), (5, 5, None)), ((0, 1, 2), None)]
)
async def test_a_refused_score_says_what_those_that_waited_with_it_earned(
    tmp_path: Path, lost: tuple[int, ...], told: tuple[int, int, None] | None
) -> None:
    async with open_captchas(tmp_path, 1, horde_api_key="k" * 22) as there:
        posts = [await there.home.post() for _ in range(3)]
        for post in posts:
            asked = await there.asked(1, post)
        for number in lost:
            await there.home.services.posts.lost(posts[number], "for the test")
        refused = await there.answer(1, asked)
        assert isinstance(refused, Refused)
        earned = refused.earned
        assert (earned and (earned.amount, earned.today, earned.why)) == told


async def test_scores_of_other_pictures_count_too_and_those_that_cannot_are_told(
    there: CaptchaHome,
) -> None:
    open_one, closed, last = [await there.home.post() for _ in range(3)]
    for post in (open_one, closed):
        await there.asked(1, post)
    asked = await there.asked(1, last)
    await there.home.services.posts.lost(closed, "for the test")
    receipt = await there.passed(1, asked)
    assert (receipt.post_id, receipt.others, receipt.others_refused) == (last, 1, 1)
    assert await votes(there) == 2
    there.home.world.clock.turn(1)
    assert isinstance(await there.press(1, open_one, "aesthetic", 2), Receipt)
    assert isinstance(await there.answer(1, asked), Receipt)
    assert await there.home.world.value("SELECT aesthetic FROM votes ORDER BY id LIMIT 1") == 2


async def test_a_refused_score_says_what_became_of_those_that_waited_with_it(
    there: CaptchaHome,
) -> None:
    taken, lost, last = [await there.home.post() for _ in range(3)]
    await there.asked(1, taken)
    await there.asked(1, lost)
    asked = await there.asked(1, last)
    for post in (lost, last):
        await there.home.services.posts.lost(post, "for the test")
    refused = await there.answer(1, asked)
    assert isinstance(refused, Refused)
    assert isinstance(refused.refusal, ClosedPostError)
    assert (refused.press.post_id, refused.others, refused.others_refused) == (last, 1, 1)
    assert await votes(there) == 1


@pytest.mark.parametrize("closed", [False, True])
async def test_an_image_that_fills_through_a_kept_score_is_told(
    tmp_path: Path, *, closed: bool
) -> None:
    async with open_captchas(tmp_path, 1) as there:
        first, second = await there.home.post(target=1), await there.home.post()
        await there.press(1, first, "aesthetic")
        await there.press(1, first, "artifacts", 2)
        asked = await there.asked(1, second)
        if closed:
            await there.home.services.posts.lost(second, "for the test")
        outcome = await there.answer(1, asked)
        assert isinstance(outcome, Refused if closed else Receipt)
        assert outcome.image_full


@pytest.mark.parametrize(("cap", "told"), [(10, (10, None)), (5, (5, None))])
async def test_what_was_earned_is_told_although_the_last_score_met_the_cap(
    tmp_path: Path, cap: int, told: tuple[int, str | None]
) -> None:
    settings = {"horde_api_key": "k" * 22, "kudos_daily_cap": cap}
    async with open_captchas(tmp_path, 1, **settings) as there:
        posts = [await there.home.post() for _ in range(3)]
        for post in posts:
            asked = await there.asked(1, post)
        earned = (await there.passed(1, asked)).earned
        assert earned is not None
        assert (earned.amount, earned.why) == told


async def test_no_captcha_stands_between_the_scores_that_one_kept(tmp_path: Path) -> None:
    async with open_captchas(tmp_path, 1, captcha_every=1) as there:
        posts = [await there.home.post() for _ in range(3)]
        asked = [await there.asked(1, post) for post in posts]
        assert (await there.passed(1, asked[-1])).others == 2
        await there.asked(1, await there.home.post())


@pytest.mark.parametrize("how", ["no picture", "not shown"])
async def test_an_outage_lets_all_go_on_that_waited(there: CaptchaHome, how: str) -> None:
    first, second = await there.home.post(), await there.home.post()
    asked = await there.asked(1, first)
    if how == "no picture":
        broken = PictureMaker(Random(1), [Path("/nowhere/font.ttf")])
        there.restart({**there.makers, "picture": broken})
        receipt: Outcome = await there.press(1, second)
    else:
        asked = await there.asked(1, second)
        receipt = await there.service.not_shown(caller(1), asked.id, "picture: HTTP 413")
    assert isinstance(receipt, Receipt)
    assert (receipt.post_id, receipt.others) == (second, 1)
    assert await votes(there) == 2


async def test_a_fail_drops_all_that_waited_and_so_does_an_hour(there: CaptchaHome) -> None:
    posts = [await there.home.post() for _ in range(3)]
    await there.asked(1, posts[0])
    await fail(there, 1, await there.asked(1, posts[1]))
    there.home.world.clock.turn(60)
    assert len((await there.asked(1, posts[1])).presses) == 1
    there.home.world.clock.turn(301)
    assert len((await there.asked(1, posts[2])).presses) == 2, "one that ran out is kept"
    there.home.world.clock.turn(3301)
    asked = await there.asked(1, posts[2])
    assert [each.post_id for each in asked.presses] == [posts[2]]
    assert asked.dropped == 1, "of another picture, and too old"
    assert (await there.passed(1, asked)).others_dropped == 1
    assert await votes(there) == 1


async def test_a_score_that_was_given_in_another_way_since_waits_no_more(
    there: CaptchaHome,
) -> None:
    post, other = await there.home.post(), await there.home.post()
    number = await there.home.world.number(1)
    await there.asked(1, post)
    await there.home.world.database.write(
        lambda c: captchas.save(c, number, CaptchaRecord(votes_left=1))
    )
    there.home.world.clock.turn(1)
    assert isinstance(await there.press(1, post, value=2), Receipt)
    asked = await there.asked(1, other)
    assert [each.post_id for each in asked.presses] == [other]
    await there.passed(1, asked)
    assert await there.home.world.value("SELECT aesthetic FROM votes ORDER BY id LIMIT 1") == 2


@pytest.mark.parametrize("closed", [False, True])
async def test_one_captcha_keeps_only_so_many_scores_and_says_how_many_it_dropped(
    there: CaptchaHome, *, closed: bool
) -> None:
    posts = [await there.home.post() for _ in range(keeping.MOST + 2)]
    dropped = []
    for post in posts:
        there.home.world.clock.turn(20)
        asked = await there.asked(1, post)
        dropped.append(asked.dropped)
    assert [each.post_id for each in asked.presses] == posts[2:]
    assert dropped == [*([0] * keeping.MOST), 1, 2]
    if closed:
        await there.home.services.posts.lost(posts[-1], "for the test")
    outcome = await there.answer(1, asked)
    assert isinstance(outcome, Refused if closed else Receipt)
    assert (outcome.others, outcome.others_dropped) == (keeping.MOST - 1, 2)
    there.home.world.clock.turn(20)
    assert isinstance(await there.press(1, posts[0]), Receipt), "it can be given again"


async def test_a_captcha_made_while_another_one_is_passed_is_not_asked(there: CaptchaHome) -> None:
    first, second = await there.home.post(), await there.home.post()
    asked = await there.asked(1, first)
    press = ScorePress(next(there.home.world.interactions), second, "aesthetic", 3)
    with pytest.raises(CaptchaNeededError):
        await there.home.services.voting.take(caller(1), press)
    await there.passed(1, asked)
    receipt = await there.service.ask(caller(1), press, "en")
    assert isinstance(receipt, Receipt)
    assert receipt.scores == {"aesthetic": 3}
    assert (await there.record(1)).passed == 1


async def test_a_restarted_program_takes_the_answer(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    there.restart()
    assert isinstance(await there.answer(1, asked), Receipt)


async def test_a_post_that_closed_meanwhile_is_told_and_the_pass_stays(there: CaptchaHome) -> None:
    post = await there.home.post()
    asked = await there.asked(1, post)
    await there.home.services.posts.lost(post, "for the test")
    refused = await there.answer(1, asked)
    assert isinstance(refused, Refused)
    assert isinstance(refused.refusal, ClosedPostError)
    assert (refused.press, refused.private) == (asked.press, False)
    assert (await there.record(1)).passed == 1
    assert isinstance(await there.press(1, await there.home.post()), Receipt)


async def test_a_place_that_was_taken_meanwhile_is_told(there: CaptchaHome) -> None:
    post = await there.home.post(target=1)
    asked = await there.asked(1, post)
    await there.passed(2, await there.asked(2, post))
    refused = await there.answer(1, asked)
    assert isinstance(refused, Refused)
    assert isinstance(refused.refusal, PlaceTakenError)
    with pytest.raises(PlaceTakenError):
        await there.press(3, post)


async def test_a_ban_meanwhile_is_told(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    await there.home.world.database.write(
        lambda c: c.execute("UPDATE raters SET status = 'banned' WHERE discord_id = 1")
    )
    refused = await there.answer(1, asked)
    assert isinstance(refused, Refused)
    assert isinstance(refused.refusal, BannedError)
    assert await votes(there) == 0


async def test_a_picture_that_cannot_be_made_counts_against_nobody(there: CaptchaHome) -> None:
    broken = PictureMaker(Random(1), [Path("/nowhere/font.ttf")])
    there.restart({**there.makers, "picture": broken})
    receipt = await there.press(1, await there.home.post())
    assert isinstance(receipt, Receipt)
    record = await there.record(1)
    assert (record.unavailable, record.failed, record.passed) == (1, 0, 0)
    assert await there.balance_on_vote(1, receipt.image_id) == 0
    for _ in range(record.votes_left):
        assert isinstance(await there.press(1, await there.home.post()), Receipt)
    assert 3 <= record.votes_left + 1 <= 7
    assert (await there.record(1)).unavailable == 1
    assert isinstance(await there.press(1, await there.home.post()), Receipt)
    assert (await there.record(1)).unavailable == 2
    kinds = await there.home.world.database.read(
        lambda c: c.execute("SELECT kind, count, latest FROM alerts").fetchall()
    )
    assert kinds == [("captcha_unavailable", 2, '{"reason": "picture: OSError"}')]


async def test_an_outage_ends_no_pause(there: CaptchaHome) -> None:
    """Who pressed before it began, and whose next captcha could not be made."""
    post = await there.home.post()
    await fail(there, 1, await there.asked(1, post))
    there.restart({**there.makers, "picture": PictureMaker(Random(1), [Path("/nowhere/font.ttf")])})
    press = ScorePress(next(there.home.world.interactions), post, "aesthetic", 3)
    with pytest.raises(CaptchaPausedError):
        await there.service.ask(caller(1), press, "en")
    assert await votes(there) == 0
    assert (await there.record(1)).unavailable == 0
    assert await there.home.world.value("SELECT count(*) FROM alerts") == 1
    there.home.world.clock.turn(30)
    assert isinstance(await there.service.ask(caller(1), press, "en"), Receipt)


async def test_another_kind_that_cannot_be_made_lets_the_rater_go_on(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    silent = SoundMaker(Random(1), Path("/nowhere"))
    there.restart({**there.makers, "audio": silent})
    outcome = await there.service.another(caller(1), asked.id, "audio", "en")
    assert isinstance(outcome, Receipt)
    assert await there.states(1) == ["unavailable"]
    assert (await there.record(1)).unavailable == 1


async def test_one_that_discord_does_not_show_lets_the_rater_go_on(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    receipt = await there.service.not_shown(caller(1), asked.id, "picture: HTTP 413")
    assert isinstance(receipt, Receipt)
    assert await there.states(1) == ["unavailable"]
    record = await there.record(1)
    assert (record.unavailable, record.failed) == (1, 0)
    assert 1 <= record.votes_left <= 6
    assert await there.answer(1, asked) == receipt


async def test_a_rule_asks_whatever_is_left_until_the_rater_may_go_on(there: CaptchaHome) -> None:
    posts = [await there.home.post() for _ in range(4)]
    await there.passed(1, await there.asked(1, posts[0]))
    number = await there.home.world.number(1)

    async def suspect() -> None:
        await there.home.world.database.write(
            lambda c: risks.ask_captcha(c, number, "fixed_button", 20, NOON)
        )

    async def because() -> str | None:
        return await there.home.world.database.read(partial(risks.captcha_because, rater=number))

    await suspect()
    await fail(there, 1, await there.asked(1, posts[1]))
    assert await because() == "fixed_button"
    there.home.world.clock.turn(60)
    await there.passed(1, await there.asked(1, posts[1]))
    assert await because() is None
    assert isinstance(await there.press(1, posts[2]), Receipt)
    await suspect()
    asked = await there.asked(1, posts[3])
    await there.service.not_shown(caller(1), asked.id, "HTTP 500")
    assert await because() is None


async def test_only_so_many_are_made_in_a_minute(there: CaptchaHome) -> None:
    post = await there.home.post()
    asked = await there.asked(1, post)
    for _ in range(policy.PER_MINUTE - 1):
        another = await there.service.another(caller(1), asked.id, "picture", "en")
        assert isinstance(another, Challenge)
        asked = another
    with pytest.raises(TooManyCaptchasError):
        await there.service.another(caller(1), asked.id, "question", "en")
    with pytest.raises(RateLimitedError):
        await there.press(1, post)
    assert isinstance(await there.answer(1, asked), Receipt)


async def spend(there: CaptchaHome, post: int) -> Challenge:
    """Have as many made as one rater gets in a minute; return the last."""
    asked = await there.asked(1, post)
    for _ in range(policy.PER_MINUTE - 1):
        another = await there.service.another(caller(1), asked.id, "picture", "en")
        assert isinstance(another, Challenge)
        asked = another
    return asked


async def test_one_that_follows_a_wrong_answer_is_made_no_sooner(there: CaptchaHome) -> None:
    post = await there.home.post()
    asked = await spend(there, post)
    with pytest.raises(WrongAnswerError) as wrong:
        await there.answer(1, asked, WRONG)
    assert wrong.value.values == {"seconds": 10}
    assert len(there.makers["picture"].made) == policy.PER_MINUTE
    with pytest.raises(CaptchaReplacedError):
        await there.answer(1, asked)
    there.home.world.clock.turn(10)
    follows = await there.service.open(caller(1), asked.id, "en")
    assert isinstance(follows, Challenge)
    assert (follows.tries_left, follows.told) == (2, "wrong")
    assert (await there.passed(1, follows)).post_id == post


async def test_one_that_follows_an_expiry_is_made_no_sooner(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    there.home.world.clock.turn(300)
    await there.home.services.captcha_expiry.settle()
    number, now = await there.home.world.number(1), there.home.world.clock.now()
    await there.home.world.database.write(lambda c: rate_limit.spend(c, number, now))
    with pytest.raises(TooManyCaptchasError):  # nothing was wrong
        await there.answer(1, asked)
    there.home.world.clock.turn(10)
    assert isinstance(await there.answer(1, asked), Challenge)


async def test_nothing_is_asked_where_captchas_are_off(tmp_path: Path) -> None:
    async with open_captchas(tmp_path, 1, captcha_every=0) as there:
        receipt = await there.press(1, await there.home.post())
        assert isinstance(receipt, Receipt)
        assert await there.balance_on_vote(1, receipt.image_id) == 0


async def test_turning_captchas_off_lets_everybody_go_on(tmp_path: Path) -> None:
    async with open_captchas(tmp_path, 1) as there:
        asked = await there.asked(1, await there.home.post())
        services = there.home.services
        off = services.settings.model_copy(update={"captcha_every": 0})
        service = CaptchaService(
            services.database,
            services.clock,
            off,
            services.random,
            enrolment=services.enrolment,
            alerts=services.alerts,
            texts=services.texts,
            workshop=services.captchas._offering.workshop,  # noqa: SLF001 - the threads that there are
        )
        assert isinstance(await service.another(caller(1), asked.id, "picture", "en"), Receipt)


async def test_a_vote_that_was_taken_back_is_given_again_without_a_captcha(
    there: CaptchaHome,
) -> None:
    post = await there.home.post()
    await there.passed(1, await there.asked(1, post))
    number = await there.home.world.number(1)
    await there.home.services.voting.undo(caller(1), 9001, post)
    await there.home.world.database.write(
        lambda c: risks.ask_captcha(c, number, "fixed_button", 20, NOON)
    )
    assert isinstance(await there.press(1, post, value=2), Receipt)


async def test_an_ended_captcha_is_kept_for_a_day(there: CaptchaHome) -> None:
    post = await there.home.post()
    asked = await there.asked(1, post)
    await there.asked(1, post)
    there.home.world.clock.turn(policy.KEPT.total_seconds() + 1)
    await there.asked(1, post)
    assert await there.states(1) == ["expired", "open"]
    with pytest.raises(UnknownCaptchaError):
        await there.answer(1, asked)


async def test_an_erasure_takes_captchas_along(there: CaptchaHome) -> None:
    asked = await there.asked(1, await there.home.post())
    right = there.right(asked)
    await there.home.services.erasure.erase(caller(1))
    with pytest.raises(UserError):
        await there.answer(1, asked, right)
    left = await there.home.world.value(
        "SELECT (SELECT count(*) FROM captchas) + (SELECT count(*) FROM captcha_records)"
    )
    assert left == 0


async def back(there: CaptchaHome, rater: int) -> None:
    """Erase somebody, who comes back at once."""
    await there.home.services.erasure.erase(caller(rater))
    await there.home.raters(rater)


async def test_an_erasure_ends_no_pause_and_makes_none_shorter(there: CaptchaHome) -> None:
    post, clock = await there.home.post(), there.home.world.clock
    await fail(there, 1, await there.asked(1, post))
    clock.turn(30)
    failed = await fail(there, 1, await there.asked(1, post))
    await back(there, 1)
    clock.turn(61)
    with pytest.raises(CaptchaPausedError) as caught:
        await there.press(1, post)
    assert caught.value.values == {"until": int(failed.until.timestamp())}
    record = await there.record(1)
    assert (record.failed, record.fails_in_a_row) == (0, 2)
    clock.turn(59)
    again = await fail(there, 1, await there.asked(1, post))
    assert (again.until - clock.now()).total_seconds() == 480
    clock.turn(480)
    await there.passed(1, await there.asked(1, post))
    await back(there, 1)
    assert await there.record(1) == CaptchaRecord()


async def test_an_erasure_brings_no_spent_try_back(there: CaptchaHome) -> None:
    await there.answer(1, await there.asked(1, await there.home.post()), WRONG)
    await back(there, 1)
    record = await there.record(1)
    assert record.not_before == NOON + timedelta(seconds=30)
    assert (record.failed, record.fails_in_a_row) == (0, 1)


async def test_no_answer_is_in_the_database(there: CaptchaHome) -> None:
    post = await there.home.post()
    asked = await there.asked(1, post)
    for kind in get_args(CaptchaKind):
        another = await there.service.another(caller(1), asked.id, kind, "en")
        assert isinstance(another, Challenge)
        asked = another
    rows = await there.home.world.database.read(
        lambda c: c.execute("SELECT * FROM captchas").fetchall()
    )
    said = repr(rows).casefold()
    made = [made for maker in there.makers.values() for made in maker.made]
    assert len(made) == len(rows) == 4
    assert not [each for each in made if f"'{each.answer.casefold()}'" in said]
    assert not [each for each in made if each.question and each.question.casefold() in said]
    hashes = {row[3] for row in rows}
    assert {len(each) for each in hashes} == {64}
    assert "answer" not in repr(asked).replace("answer_hash", "")


async def test_the_same_answer_has_another_hash_each_time(there: CaptchaHome) -> None:
    for rater in (1, 2):
        asked = await there.asked(rater, await there.home.post())
        number = await there.home.world.number(rater)
        stored = await there.home.world.database.read(partial(captchas.last, rater=number))
        assert stored is not None
        key = there.home.services.hash_key
        assert stored.answer_hash == key.digest(
            "captcha answer", f"{asked.id} {there.right(asked)}"
        )
