from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import BannedError, BannedForNowError, BarredError
from bot.rating.voting import ScorePress
from bot.trust import void_orders
from bot.trust.banning import Place, Sentence
from storage import raters, votes
from storage.raters import Rater
from storage.votes import VoteState
from tests.rating.world import NOON
from tests.trust.home import Home, caller, visitor

DAY = timedelta(days=1)
PAUSE = Sentence(DAY)
KEEP = Sentence(votes="keep")
DAY_WITHOUT_VOTES = Sentence(DAY, votes="void")
HERE = Sentence(place="here")
HERE_WITHOUT_VOTES = Sentence(place="here", votes="void")


async def rater(home: Home, discord_id: int = 1) -> Rater:
    found = await home.world.database.read(lambda c: raters.find(c, discord_id))
    assert found is not None
    return found


async def state(home: Home, post: int, discord_id: int = 1) -> VoteState:
    image = await home.world.image(post)
    number = await home.world.number(discord_id)
    vote = await home.world.database.read(lambda c: votes.find(c, number, image.id))
    assert vote is not None
    return vote.state


async def rows(home: Home, query: str) -> list[tuple[Any, ...]]:
    return await home.world.database.read(lambda c: c.execute(query).fetchall())


@pytest.fixture
async def post(home: Home) -> int:
    """A post with a complete vote of person 1 and one of person 2."""
    opened = await home.post(target=3)
    await home.raters(1, 2)
    await home.world.vote(1, opened)
    await home.world.vote(2, opened)
    return opened


@pytest.mark.parametrize(
    ("sentence", "takes"),
    [
        (Sentence(), True),
        (KEEP, False),
        (PAUSE, False),
        (DAY_WITHOUT_VOTES, True),
        (HERE, False),
        (HERE_WITHOUT_VOTES, True),
    ],
)
async def test_votes_go_with_a_ban_for_good_or_when_asked(
    home: Home, post: int, sentence: Sentence, *, takes: bool
) -> None:
    verdict = await home.services.bans.ban(home.moderator, 1, "spam", sentence)
    assert verdict.changed
    assert verdict.void == takes
    assert await state(home, post) == ("void" if takes else "given")
    assert (await home.world.image(post)).complete_votes == (1 if takes else 2)
    assert await state(home, post, 2) == "given"


async def test_a_ban_that_keeps_the_votes_only_keeps_the_rater_away(home: Home, post: int) -> None:
    await home.services.bans.ban(home.moderator, 1, "spam", KEEP)
    with pytest.raises(BannedError):
        await home.world.press(1, post, "aesthetic", 3)
    assert await rows(home, "SELECT * FROM removed_rows") == []
    assert await rows(home, "SELECT action FROM vote_history WHERE action = 'voided'") == []


async def test_votes_that_a_ban_took_out_stay_out_when_it_ends(home: Home, post: int) -> None:
    """What was judged bad is not better tomorrow; an unban brings it back even then."""
    verdict = await home.services.bans.ban(home.moderator, 1, "spam", DAY_WITHOUT_VOTES)
    assert verdict.until == NOON + DAY
    with pytest.raises(BannedForNowError) as refused:
        await home.world.press(1, post, "aesthetic", 3)
    assert refused.value.values == {"until": int((NOON + DAY).timestamp())}
    home.world.clock.turn(DAY.total_seconds())
    other = await home.post()
    await home.world.vote(1, other)
    assert await state(home, post) == "void"
    assert (await home.services.bans.unban(home.moderator, 1)).changed
    assert [await state(home, each) for each in (post, other)] == ["given", "given"]
    assert not (await home.services.bans.unban(home.moderator, 1)).changed


async def test_a_second_ban_takes_out_what_came_after_the_first_ended(
    home: Home,
) -> None:
    other, post = await home.post(), await home.post()
    await home.raters(1)
    await home.world.vote(1, post)
    await home.services.bans.ban(home.moderator, 1, "spam", DAY_WITHOUT_VOTES)
    home.world.clock.turn(DAY.total_seconds())
    await home.world.vote(1, other)
    verdict = await home.services.bans.ban(home.moderator, 1, "again")
    assert (verdict.changed, verdict.until, verdict.void) == (True, None, 2)
    assert await state(home, other) == "void"
    assert len(await rows(home, "SELECT id FROM void_orders")) == 1
    await home.services.bans.unban(home.moderator, 1)
    assert [await state(home, each) for each in (post, other)] == ["given", "given"]


async def test_the_later_decision_replaces_the_one_before(home: Home, post: int) -> None:
    await home.services.bans.ban(home.moderator, 1, "spam")
    milder = await home.services.bans.ban(home.moderator, 1, "not that bad", PAUSE)
    assert (milder.changed, milder.until) == (False, NOON + DAY)
    found = await rater(home)
    assert (found.status_reason, found.status_until) == ("not that bad", NOON + DAY)
    assert await state(home, post) == "given"
    await home.services.bans.ban(home.moderator, 1, "it is")
    assert await state(home, post) == "void"
    assert (await rater(home)).banned_for_good


async def test_here_is_the_home_server_alone(home: Home, post: int) -> None:
    """There the rater may do nothing, elsewhere everything; only votes from here are out."""
    there = await home.post_elsewhere()
    press = ScorePress(901, there, "aesthetic", 5)
    await home.services.voting.take(visitor(1), press)
    verdict = await home.services.bans.ban(home.moderator, 1, "spam", HERE_WITHOUT_VOTES)
    assert verdict.void == 1
    assert [await state(home, each) for each in (post, there)] == ["void", "given"]
    with pytest.raises(BarredError):
        await home.world.press(1, post, "aesthetic", 3)
    assert (await rater(home)).status == "normal"
    again = replace(press, interaction_id=902, scale="artifacts", value=0)
    assert (await home.services.voting.take(visitor(1), again)).missing == ()
    assert (await home.services.bans.unban(home.moderator, 1)).changed
    assert await state(home, post) == "given"
    await home.world.press(1, post, "aesthetic", 3)


async def test_a_ban_here_ends_by_itself(home: Home, post: int) -> None:
    await home.services.bans.ban(home.moderator, 1, "spam", Sentence(DAY, "here"))
    home.world.clock.turn(DAY.total_seconds() - 1)
    with pytest.raises(BarredError):
        await home.world.press(1, post, "aesthetic", 3)
    home.world.clock.turn(1)
    await home.world.press(1, post, "aesthetic", 3)
    assert not (await home.services.bans.unban(home.moderator, 1)).changed


async def test_both_bans_are_lifted_at_once(home: Home, post: int) -> None:
    await home.services.bans.ban(home.moderator, 1, "spam", HERE_WITHOUT_VOTES)
    await home.services.bans.ban(home.moderator, 1, "spam")
    assert len(await rows(home, "SELECT * FROM voids")) == 2
    assert (await home.services.bans.unban(home.moderator, 1)).void == 0
    assert await state(home, post) == "given"
    await home.world.press(1, post, "aesthetic", 3)


async def test_what_was_decided_is_logged(home: Home, post: int) -> None:
    del post
    await home.services.bans.ban(home.moderator, 1, "calls himself Bob", Sentence(DAY, "here"))
    (entry, *_) = await home.log()
    assert entry.details == {"hours": 24, "place": "here", "votes": "keep"}
    assert "Bob" not in str(entry)


@pytest.fixture
async def many(home: Home, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Posts with votes of person 1, too many for one batch, after which the program rests."""
    posts = [await home.post(target=1) for _ in range(7)]
    await home.raters(1)
    for post in posts:
        await home.world.vote(1, post)
    monkeypatch.setattr(void_orders, "BATCH", 2)
    return posts


async def stopped_after_two(
    home: Home, monkeypatch: pytest.MonkeyPatch, act: Coroutine[None, None, object], done: str
) -> None:
    """Begin something and stop after its first batch."""
    with monkeypatch.context() as patch:
        patch.setattr(void_orders, "PAUSE_SECONDS", 10_000)
        task = asyncio.create_task(act)
        while not await rows(home, f"SELECT 1 FROM vote_history WHERE action = '{done}'"):  # noqa: S608 - a constant; each look waits
            assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_stop_in_the_middle_of_many_votes_is_made_up_for_at_the_start(
    home: Home, many: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    await stopped_after_two(
        home, monkeypatch, home.services.bans.ban(home.moderator, 1, "spam"), "voided"
    )
    assert sorted([await state(home, post) for post in many]) == ["given"] * 5 + ["void"] * 2
    assert (await rater(home)).banned_for_good, "in force at once"
    await home.services.bans.resume()
    assert {await state(home, post) for post in many} == {"void"}
    assert {(await home.world.image(post)).stage for post in many} == {"begun"}
    voided = await rows(home, "SELECT count(*) FROM vote_history WHERE action = 'voided'")
    assert voided == [(7,)]
    await stopped_after_two(
        home, monkeypatch, home.services.bans.unban(home.moderator, 1), "restored"
    )
    assert sorted([await state(home, post) for post in many]) == ["given"] * 2 + ["void"] * 5
    await home.services.bans.resume()
    assert {await state(home, post) for post in many} == {"given"}


async def test_a_ban_may_be_lifted_before_it_took_everything_out(
    home: Home, many: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    await stopped_after_two(
        home, monkeypatch, home.services.bans.ban(home.moderator, 1, "spam"), "voided"
    )
    await home.services.bans.unban(home.moderator, 1)
    assert {await state(home, post) for post in many} == {"given"}
    assert {(await home.world.image(post)).stage for post in many} == {"full"}
    assert await rows(home, "SELECT * FROM voids") == []
    assert await rows(home, "SELECT * FROM removed_rows") == []


async def test_a_ban_for_a_time_is_no_longer_after_an_erasure(home: Home, post: int) -> None:
    await home.services.bans.ban(home.moderator, 1, "spam", PAUSE)
    await home.services.erasure.erase(caller(1))
    home.world.clock.turn(DAY.total_seconds() - 60)
    await home.raters(1)
    with pytest.raises(BannedForNowError):
        await home.world.press(1, post, "aesthetic", 3)
    home.world.clock.turn(60)
    await home.world.press(1, post, "aesthetic", 3)


@pytest.mark.parametrize("place", ["here", "everywhere"])
async def test_somebody_erased_is_banned_and_unbanned_without_being_linked(
    home: Home, post: int, place: Place
) -> None:
    number = (await rater(home)).number
    await home.services.erasure.erase(caller(1))
    bans = home.services.bans
    sentence = Sentence(place=place)
    assert (await bans.ban(home.moderator, 1, "spam", sentence)).subject.startswith("erased:")
    assert not (await bans.ban(home.moderator, 1, "spam", sentence)).changed
    (_, entry, *_) = await home.log()
    assert entry.details == {"hours": None, "place": place}, "of no votes: there are none"
    assert await rows(home, "SELECT number FROM raters WHERE discord_id = 1") == []
    home.world.clock.turn(60)
    await home.raters(1)
    assert (await rater(home)).number != number
    with pytest.raises(BarredError if place == "here" else BannedError):
        await home.world.press(1, post, "aesthetic", 3)
    assert (await bans.unban(home.moderator, 1)).changed
    await home.world.press(1, post, "aesthetic", 3)
