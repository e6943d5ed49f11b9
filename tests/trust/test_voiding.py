from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.errors import ClosedPostError, NeverSeenError, NotAllowedError, WrongValueError
from bot.rating.scales import SCALES
from bot.trust.refusals import (
    FutureMomentError,
    NothingToRestoreError,
    UnknownMomentError,
    UnknownVoteError,
)
from storage import rater_votes, void_orders, votes
from storage.votes import Vote
from tests.rating.world import NOON
from tests.trust.home import Home, caller, elsewhere
from tests.trust.released import note_release

HOUR = 3600


async def vote_on(home: Home, post: int, discord_id: int = 1) -> Vote:
    image = await home.world.image(post)
    number = await home.world.number(discord_id)
    vote = await home.world.database.read(lambda c: votes.find(c, number, image.id))
    assert vote is not None
    return vote


async def states(home: Home, posts: list[int]) -> list[str]:
    return [(await vote_on(home, post)).state for post in posts]


async def rows(home: Home, query: str) -> list[tuple[Any, ...]]:
    return await home.world.database.read(lambda c: c.execute(query).fetchall())


@pytest.fixture
async def posts(home: Home) -> list[int]:
    """Four posts with votes of person 1, an hour apart, from noon on."""
    await home.raters(1, 2)
    opened = [await home.post(target=2) for _ in range(4)]
    for post in opened:
        await home.world.vote(1, post)
        home.world.clock.turn(HOUR)
    await release(home)
    return opened


async def release(home: Home) -> None:
    """Have a release that has all rows of this moment."""
    now = home.world.clock.now()
    await home.world.database.write(lambda c: note_release(c, now))
    home.world.clock.turn(1)


async def test_all_since_a_moment_is_taken_out_and_brought_back(
    home: Home, posts: list[int]
) -> None:
    before = [await vote_on(home, post) for post in posts]
    done = await home.services.voiding.revert(home.moderator, 1, "2026-03-01 14:00", "a script")
    assert (done.since, done.votes, done.reason) == (NOON + timedelta(hours=2), 2, "a script")
    assert await states(home, posts) == ["given", "given", "void", "void"]
    assert len(await rows(home, "SELECT * FROM removed_rows WHERE reason = 'voided'")) == 2
    restored = await home.services.voiding.restore(home.moderator, 1)
    assert (restored.reverts, restored.void) == (1, 0)
    assert [await vote_on(home, post) for post in posts] == before
    assert await rows(home, "SELECT * FROM removed_rows") == []
    actions = await rows(home, "SELECT action, count(*) FROM vote_history GROUP BY action")
    assert dict(actions) == {"given": 8, "restored": 2, "voided": 2}


async def test_a_change_and_an_undo_are_since_then_too(home: Home, posts: list[int]) -> None:
    await home.world.press(1, posts[0], "aesthetic", 2)
    await home.services.voting.undo(caller(1), 900, posts[1])
    done = await home.services.voiding.revert(home.moderator, 1, "30m")
    assert done.votes == 2
    assert await states(home, posts) == ["void", "void", "given", "given"]
    assert await rows(home, "SELECT reason FROM removed_rows") == [("changed",), ("changed",)]
    await home.services.voiding.restore(home.moderator, 1)
    assert await states(home, posts) == ["given", "undone", "given", "given"]
    assert (await vote_on(home, posts[1])).completed_at is None


async def test_what_was_taken_back_is_not_complete_when_it_is_taken_out(
    home: Home, posts: list[int]
) -> None:
    """Its rater stands by none of it, and no figure of theirs counts it."""
    await home.services.voting.undo(caller(1), 900, posts[1])
    number = await home.world.number(1)
    read = home.world.database.read
    before = await read(lambda c: rater_votes.completed_at(c, number, 10))
    assert len(before) == 3
    await home.services.voiding.revert(home.moderator, 1, "1w")
    assert await states(home, posts) == ["void"] * 4
    assert (await vote_on(home, posts[1])).completed_at is None
    assert await read(lambda c: rater_votes.completed_at(c, number, 10)) == before
    await home.services.voiding.restore(home.moderator, 1)
    assert await states(home, posts) == ["given", "undone", "given", "given"]
    assert await read(lambda c: rater_votes.completed_at(c, number, 10)) == before


async def test_votes_to_come_count(home: Home, posts: list[int]) -> None:
    await home.services.voiding.revert(home.moderator, 1, "1w")
    later = await home.post()
    await home.world.vote(1, later)
    await home.services.bans.resume()
    assert await states(home, [*posts, later]) == ["void"] * 4 + ["given"]


async def test_votes_to_come_count_although_the_program_stopped_before_it_was_done(
    home: Home, posts: list[int]
) -> None:
    number, since = await home.world.number(1), NOON + timedelta(hours=2)
    now = home.world.clock.now()
    await home.world.database.write(
        lambda c: void_orders.add(c, number, "revert", now, since=since)
    )
    later = await home.post()
    await home.world.vote(1, later)
    await home.services.bans.resume()
    assert await states(home, [*posts, later]) == ["given", "given", "void", "void", "given"]


async def test_a_half_vote_gives_its_place_back(home: Home) -> None:
    await home.raters(1, 2, 3)
    post = await home.post(target=1)
    await home.world.press(1, post, "aesthetic", 4)
    await home.services.voiding.revert(home.moderator, 1, "1d")
    await home.world.vote(2, post)
    assert (await home.world.image(post)).complete_votes == 1
    with pytest.raises(ClosedPostError):
        await home.world.press(1, post, "artifacts", 1)
    await home.services.voiding.restore(home.moderator, 1)
    half = await vote_on(home, post)
    assert (half.state, half.completed_at) == ("given", None)


async def test_what_is_lifted_leaves_what_others_took_out(home: Home, posts: list[int]) -> None:
    voiding, bans = home.services.voiding, home.services.bans
    image = (await home.world.image(posts[3])).id
    await voiding.revert(home.moderator, 1, "2026-03-01 13:00")
    await bans.ban(home.moderator, 1, "spam")
    assert (await voiding.void_vote(home.moderator, 1, image)).void
    await voiding.revert(home.moderator, 1, "2026-03-01 14:00")
    assert await states(home, posts) == ["void"] * 4
    assert (await bans.unban(home.moderator, 1)).void == 3
    assert await states(home, posts) == ["given", "void", "void", "void"]
    first, second = reversed(await voiding.reverts(home.moderator, 1))
    assert (first.votes, second.votes) == (3, 2)
    assert (await voiding.restore(home.moderator, 1, first.id)).void == 2
    assert await states(home, posts) == ["given", "given", "void", "void"]
    assert (await voiding.restore(home.moderator, 1)).void == 1
    assert await states(home, posts) == ["given"] * 3 + ["void"]
    verdict = await voiding.restore_vote(home.moderator, 1, image)
    assert (verdict.changed, verdict.void) == (True, False)
    assert await states(home, posts) == ["given"] * 4
    assert await rows(home, "SELECT * FROM removed_rows") == []
    assert len(await rows(home, "SELECT * FROM vote_history WHERE action = 'voided'")) == 4


async def test_one_vote_is_taken_out_and_brought_back(home: Home, posts: list[int]) -> None:
    voiding = home.services.voiding
    await home.world.vote(2, posts[0])
    image = await home.world.image(posts[0])
    assert image.stage == "full"
    first = await voiding.void_vote(home.moderator, 1, image.id)
    again = await voiding.void_vote(home.moderator, 1, image.id)
    assert (first.changed, first.void, again.changed, again.void) == (True, True, False, True)
    opened = await home.world.image(posts[0])
    assert (opened.stage, opened.complete_votes) == ("begun", 1)
    with pytest.raises(ClosedPostError):
        await home.world.press(1, posts[0], "aesthetic", 1)
    assert not (await voiding.restore_vote(home.moderator, 1, image.id)).void
    assert not (await voiding.restore_vote(home.moderator, 1, image.id)).changed
    assert (await home.world.image(posts[0])).stage == "full"
    assert [a for a in await home.actions() if a.startswith("vote.")] == [
        "vote.restore",
        "vote.void",
    ]


async def test_a_revealed_image_is_completed_in_private(home: Home) -> None:
    """Then the vote comes back, and the image has one more than its target."""
    await home.raters(1, 2)
    post = await home.post(target=1)
    await home.world.vote(1, post)
    home.world.clock.turn(60)
    await home.services.posts.due(home.world.clock.now())
    await home.services.posts.closed(post)
    image = (await home.world.image(post)).id
    await home.services.voiding.void_vote(home.moderator, 1, image)
    showing = await home.services.sessions.start(caller(2))
    assert showing.image.id == image
    await home.world.vote(2, showing.post_id)
    await home.services.voiding.restore_vote(home.moderator, 1, image)
    full = await home.world.image(post)
    assert (full.stage, full.complete_votes) == ("full", 2)
    assert (await vote_on(home, showing.post_id, 2)).after_reveal


async def test_what_cannot_be_done_changes_nothing(home: Home, posts: list[int]) -> None:
    voiding, mine = home.services.voiding, home.moderator
    image = (await home.world.image(posts[0])).id
    refused: list[tuple[Any, type[Exception]]] = [
        (voiding.revert(mine, 9, "1d"), NeverSeenError),
        (voiding.revert(mine, 1, "last week"), UnknownMomentError),
        (voiding.revert(mine, 1, "2030-01-01"), FutureMomentError),
        (voiding.restore(mine, 1), NothingToRestoreError),
        (voiding.restore(mine, 1, 77), NothingToRestoreError),
        (voiding.restore(mine, 9), NeverSeenError),
        (voiding.void_vote(mine, 2, image), UnknownVoteError),
        (voiding.void_vote(mine, 1, 999), UnknownVoteError),
        (voiding.void_vote(mine, 9, image), NeverSeenError),
        (voiding.restore_vote(mine, 2, image), UnknownVoteError),
    ]
    for act, error in refused:
        with pytest.raises(error):
            await act
    assert await states(home, posts) == ["given"] * 4
    assert await rows(home, "SELECT * FROM void_orders") == []
    assert [action for action in await home.actions() if "refused" not in action] == []


async def test_a_revert_of_somebody_else_cannot_be_lifted(home: Home, posts: list[int]) -> None:
    await home.services.voiding.revert(home.moderator, 1, "1d")
    (revert,) = await home.services.voiding.reverts(home.moderator, 1)
    with pytest.raises(NothingToRestoreError):
        await home.services.voiding.restore(home.moderator, 2, revert.id)
    assert await states(home, posts) == ["void"] * 4


async def test_nobody_else_takes_votes_out(home: Home, posts: list[int]) -> None:
    voiding = home.services.voiding
    image = (await home.world.image(posts[0])).id
    for nobody in (caller(1), home.manager, elsewhere(home.moderator)):
        for act in (
            voiding.revert(nobody, 1, "1d"),
            voiding.restore(nobody, 1),
            voiding.void_vote(nobody, 1, image),
            voiding.restore_vote(nobody, 1, image),
        ):
            with pytest.raises(NotAllowedError):
                await act
        assert await voiding.reverts(nobody, 1) == []
    assert await states(home, posts) == ["given"] * 4


async def test_the_log_says_since_when_and_not_why(home: Home, posts: list[int]) -> None:
    del posts
    done = await home.services.voiding.revert(home.moderator, 1, "2026-03-01 13:00", "calls me Bob")
    (entry, *_) = await home.log()
    assert entry.subject == f"rater:{await home.world.number(1)}"
    assert entry.details == {"order": done.id, "since": "2026-03-01T13:00:00+00:00"}
    await home.services.erasure.erase(caller(1))
    assert await rows(home, "SELECT reason FROM void_orders") == [(None,)]
    assert await rows(home, "SELECT * FROM voids") == []
    reasons = await rows(home, "SELECT reason, count(*) FROM removed_rows GROUP BY reason")
    assert reasons == [("erased", 1), ("voided", 3)], "three had left before"


async def test_a_press_that_comes_again_is_answered_as_before(home: Home, posts: list[int]) -> None:
    """Although the vote was taken out and brought back since."""
    post = posts[0]
    undone = await home.services.voting.undo(caller(1), 900, post)
    await home.services.voiding.revert(home.moderator, 1, "1d")
    await home.services.voiding.restore(home.moderator, 1)
    kept = await home.services.voting.keep(caller(1), 901, post)
    await home.services.voiding.revert(home.moderator, 1, "1d")
    assert kept.completed_now
    assert (await home.services.voting.undo(caller(1), 900, post)).state == undone.state
    again = await home.services.voting.keep(caller(1), 901, post)
    assert (again.completed_now, again.scores) == (True, kept.scores)
    assert again.missing == ()
    with pytest.raises(WrongValueError):
        await home.world.press(1, post, next(iter(SCALES)), 99)
