from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.caller import Caller
from bot.errors import BarredError, NotAllowedError, NothingLeftError, UnknownDataSetError
from bot.rating.voting import ScorePress
from bot.trust.banning import Sentence
from bot.trust.refusals import ModeratorsBarError
from storage.backup import backup
from tests.privacy.test_erasure import restored
from tests.rating.world import HOME
from tests.trust.home import (
    MODERATOR,
    MODERATORS,
    STRANGE_SERVER,
    Home,
    caller,
    elsewhere,
    in_direct_messages,
    visitor,
)

Acts = dict[str, Callable[[Caller], Coroutine[None, None, object]]]


@pytest.fixture
def owner(home: Home) -> Caller:
    """Who manages the other server."""
    return elsewhere(home.manager)


async def rows(home: Home, query: str) -> list[tuple[Any, ...]]:
    return await home.world.database.read(lambda c: c.execute(query).fetchall())


def acts(home: Home, post: int, private: int) -> Acts:
    """All that a rater may do with a public post and one of their session."""
    services, number = home.services, iter(range(10_000, 20_000))
    return {
        "press": lambda who: services.voting.take(
            who, ScorePress(next(number), post, "aesthetic", 4)
        ),
        "undo": lambda who: services.voting.undo(who, next(number), post),
        "keep": lambda who: services.voting.keep(who, next(number), post),
        "report": lambda who: services.reports.report(who, next(number), post, "no"),
        "start": services.sessions.start,
        "start by name": lambda who: services.sessions.start(who, "set"),
        "press in private": lambda who: services.voting.take(
            who, ScorePress(next(number), private, "aesthetic", 4)
        ),
        "advance": lambda who: services.sessions.advance(who, private),
        "skip": lambda who: services.sessions.skip(who, private, "not_for_me"),
        "go back": lambda who: services.sessions.go_back(who, next(number), private),
        "report in private": lambda who: services.reports.report(who, next(number), private, ""),
    }


async def test_who_is_barred_can_do_nothing_there(home: Home, owner: Caller) -> None:
    post = await home.post_elsewhere()
    await home.post_elsewhere()
    await home.raters(1)
    showing = await home.services.sessions.start(visitor(1))
    tries = acts(home, post, showing.post_id)
    await tries["press"](visitor(1))
    assert await home.services.bars.bar(owner, 1, "spams")
    before = await rows(home, "SELECT count(*) FROM vote_history")
    for act in tries.values():
        with pytest.raises(BarredError):
            await act(visitor(1))
    assert await rows(home, "SELECT count(*) FROM vote_history") == before
    assert await rows(home, "SELECT state FROM votes") == [("given",)], "a bar takes nothing out"
    assert await home.services.bars.unbar(owner, 1)
    for name in ("press", "start", "advance"):
        await tries[name](visitor(1))


async def test_elsewhere_nothing_changes(home: Home, owner: Caller) -> None:
    await home.post_elsewhere()
    post = await home.post()
    await home.raters(1, 2)
    await home.services.bars.bar(owner, 1)
    await home.world.press(1, post, "aesthetic", 3)
    showing = await home.services.sessions.start(caller(1))
    for name, act in acts(home, post, showing.post_id).items():
        with suppress(NothingLeftError):
            await act(caller(1))
        if name == "press":
            await act(caller(2))


async def test_direct_messages_lack_what_the_barring_server_alone_shares(
    home: Home, owner: Caller
) -> None:
    await home.post_elsewhere()
    await home.raters(1)
    sessions, access = home.services.sessions, home.services.access
    alone = in_direct_messages(caller(1), STRANGE_SERVER)
    both = in_direct_messages(caller(1), STRANGE_SERVER, HOME)
    showing = await sessions.start(alone)
    await home.services.bars.bar(owner, 1)
    for refused in (
        sessions.start(alone),
        sessions.start(alone, "set"),
        sessions.advance(alone, showing.post_id),
        home.services.voting.take(alone, ScorePress(9, showing.post_id, "aesthetic", 4)),
    ):
        with pytest.raises(BarredError):
            await refused
    assert await access.usable_data_sets(alone) == []
    assert [each.name for each in await access.usable_data_sets(both)] == ["set"]
    await home.services.voting.take(both, ScorePress(9, showing.post_id, "aesthetic", 4))
    nowhere = replace(alone, guild_ids=frozenset())
    with pytest.raises(NotAllowedError):
        await sessions.start(nowhere)
    with pytest.raises(UnknownDataSetError):
        await sessions.start(nowhere, "set")


async def test_a_manager_decides_in_their_own_server_alone(home: Home, owner: Caller) -> None:
    post = await home.post()
    await home.raters(1)
    assert await home.services.bars.bar(owner, 1)
    assert await rows(home, "SELECT guild_id, placed_by FROM bars") == [(STRANGE_SERVER, "manager")]
    await home.world.press(1, post, "aesthetic", 3)
    assert not await home.services.bars.unbar(home.manager, 1), "of the home server"
    assert await rows(home, "SELECT count(*) FROM bars") == [(1,)]
    for nobody in (caller(5), home.moderator, in_direct_messages(owner)):
        for act in (home.services.bars.bar(nobody, 1), home.services.bars.unbar(nobody, 1)):
            with pytest.raises(NotAllowedError):
                await act


async def test_moderators_and_managers_are_no_exception(home: Home) -> None:
    other = caller(MODERATOR + 1, roles=(MODERATORS,))
    post = await home.post()
    await home.raters(MODERATOR, 51)
    for somebody in (MODERATOR, 51):
        assert await home.services.bars.bar(replace(home.manager, discord_id=52), somebody)
        with pytest.raises(BarredError):
            await home.world.press(somebody, post, "aesthetic", 3)
    assert (await home.services.bans.unban(other, MODERATOR)).changed


async def test_no_manager_lets_in_whom_moderators_keep_out(home: Home) -> None:
    await home.raters(1)
    bars = home.services.bars
    await home.services.bans.ban(home.moderator, 1, "spam", Sentence(place="here"))
    with pytest.raises(ModeratorsBarError):
        await bars.unbar(home.manager, 1)
    assert (await home.actions())[0] == "refused:jury.unbar"
    assert await bars.bar(home.manager, 1, "me too")
    with pytest.raises(ModeratorsBarError):
        await bars.unbar(home.manager, 1)
    assert await rows(home, "SELECT placed_by FROM bars") == [("moderator",)], "not the other's"
    assert (await home.services.bans.unban(home.moderator, 1)).changed
    assert not await bars.unbar(home.manager, 1)
    assert await bars.bar(home.manager, 1)
    assert (await home.services.bans.unban(home.moderator, 1)).changed, "moderators lift both"


@pytest.mark.parametrize("erased", [False, True])
@pytest.mark.parametrize("first", ["manager", "moderator"])
async def test_neither_bar_shortens_the_other(home: Home, first: str, *, erased: bool) -> None:
    """A manager's for good and a moderators' of a day, in either order."""
    post = await home.post()
    await home.raters(1)
    if erased:
        await home.services.erasure.erase(caller(1))
    day = Sentence(timedelta(days=1), "here")
    for by in sorted(("manager", "moderator"), key=lambda by: by != first):
        if by == "manager":
            assert await home.services.bars.bar(home.manager, 1, "for good")
        else:
            verdict = await home.services.bans.ban(home.moderator, 1, "a day", day)
            assert verdict.changed
    home.world.clock.turn(60)
    await home.raters(1)
    home.world.clock.turn(day_seconds := timedelta(days=1).total_seconds())
    with pytest.raises(BarredError):
        await home.world.press(1, post, "aesthetic", 3)
    assert await home.services.bars.unbar(home.manager, 1)
    await home.world.press(1, post, "aesthetic", 3)
    await home.services.erasure.erase(caller(1))
    home.world.clock.turn(day_seconds)
    await home.raters(1)
    await home.world.press(1, post, "aesthetic", 3)


async def test_a_moderators_bar_stays_where_a_manager_lifts_their_own(home: Home) -> None:
    post = await home.post()
    await home.raters(1)
    await home.services.bars.bar(home.manager, 1, "rude")
    await home.services.bans.ban(home.moderator, 1, "a day", Sentence(timedelta(days=1), "here"))
    standing = await home.services.appeals.standing(caller(1))
    assert [limit.reason for limit in standing.limits] == ["rude", "a day"]
    with pytest.raises(ModeratorsBarError):
        await home.services.bars.unbar(home.manager, 1)
    with pytest.raises(BarredError):
        await home.world.press(1, post, "aesthetic", 3)
    home.world.clock.turn(timedelta(days=1).total_seconds())
    await home.world.press(1, post, "aesthetic", 3)


async def test_twice_is_once(home: Home) -> None:
    bars = home.services.bars
    assert await bars.bar(home.manager, 1, "first")
    assert not await bars.bar(home.manager, 1, "then")
    assert await rows(home, "SELECT reason FROM bars") == [("then",)]
    assert await bars.unbar(home.manager, 1)
    assert not await bars.unbar(home.manager, 1)


async def test_the_log_says_whom_moderators_lifted_nothing_of(home: Home) -> None:
    """Also of somebody whom nobody has seen, of whom nothing else is stored; each is somebody.

    What managers did for nothing is not there.
    """
    assert not await home.services.bars.unbar(home.manager, 77)
    for person in (78, 77):
        assert not (await home.services.bans.unban(home.moderator, person)).changed
    assert await rows(home, "SELECT 1 FROM raters WHERE discord_id IN (77, 78)") == []
    unbans = [entry.subject for entry in await home.log()]
    assert len(set(unbans)) == len(unbans) == 2
    assert all(subject.startswith("unseen:") for subject in unbans)
    assert await home.services.bars.bar(home.manager, 77), "before they ever came"


async def test_acts_are_logged_by_number(home: Home) -> None:
    await home.services.bars.bar(home.manager, 1, "calls himself Bob")
    await home.services.bars.unbar(home.manager, 1)
    number = await home.world.number(1)
    by = await home.world.number(51)
    for entry, action in zip(await home.log(), ("jury.unbar", "jury.bar"), strict=True):
        assert (entry.actor, entry.rater, entry.action) == ("manager", by, action)
        assert (entry.subject, entry.details) == (f"rater:{number}", {})


async def test_the_status_lists_whom_the_server_bars(home: Home, owner: Caller) -> None:
    await home.services.bars.bar(home.manager, 1, "spams")
    home.world.clock.turn(60)
    await home.services.bans.ban(home.moderator, 2, "too", Sentence(place="here"))
    await home.services.bars.bar(owner, 3)
    status = await home.services.channels.status(home.manager, {})
    listed = [(b.discord_id, b.bar.placed_by, b.reason) for b in status.barred]
    assert listed == [(2, "moderator", "too"), (1, "manager", "spams")]
    await home.services.erasure.erase(caller(1))
    status = await home.services.channels.status(home.manager, {})
    assert [b.discord_id for b in status.barred] == [2], "nobody is named who was erased"


async def test_a_bar_outlives_an_erasure(home: Home, owner: Caller) -> None:
    post = await home.post_elsewhere()
    await home.raters(1)
    await home.services.bars.bar(owner, 1, "my words")
    await home.services.erasure.erase(caller(1))
    assert await rows(home, "SELECT * FROM bars") == []
    home.world.clock.turn(60)
    await home.raters(1)
    with pytest.raises(BarredError):
        await home.services.voting.take(visitor(1), ScorePress(9, post, "aesthetic", 4))
    assert await rows(home, "SELECT reason FROM bars") == [(None,)]
    assert await home.services.bars.unbar(owner, 1)
    await home.services.voting.take(visitor(1), ScorePress(9, post, "aesthetic", 4))
    await home.services.erasure.erase(caller(1))
    assert await rows(home, "SELECT * FROM erased_bars") == []


async def test_who_was_erased_is_barred_without_being_linked(home: Home, owner: Caller) -> None:
    post = await home.post_elsewhere()
    await home.raters(1)
    await home.services.erasure.erase(caller(1))
    assert await home.services.bars.bar(owner, 1)
    assert not await home.services.bars.bar(owner, 1)
    assert await rows(home, "SELECT number FROM raters WHERE discord_id = 1") == []
    (entry, *_) = await home.log()
    assert entry.subject.startswith("erased:")
    home.world.clock.turn(60)
    await home.raters(1)
    with pytest.raises(BarredError):
        await home.services.voting.take(visitor(1), ScorePress(9, post, "aesthetic", 4))


async def test_a_restored_backup_knows_the_bars_of_erased_people(
    home: Home, owner: Caller, tmp_path: Path
) -> None:
    """Of those who were erased when it was made, and since; of others it knows its own time's."""
    await home.post_elsewhere()
    await home.raters(1, 2)
    await home.services.erasure.erase(caller(1))
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    home.world.clock.turn(60)
    await home.services.bars.bar(owner, 1)
    await home.services.bars.bar(owner, 2)
    await home.services.erasure.erase(caller(2))
    async with restored(home, tmp_path / "copy.db") as services:
        await services.erasure.replay()
        kept = await services.database.read(
            lambda c: c.execute("SELECT discord_hash, guild_id FROM erased_bars").fetchall()
        )
        again = await services.erasure.replay()
    digests = {home.services.enrolment.digest(person) for person in (1, 2)}
    assert sorted(kept) == sorted((digest, STRANGE_SERVER) for digest in digests)
    assert again == 0


async def log_of(home: Home) -> list[tuple[str, int]]:
    return [(entry.action, entry.times) for entry in reversed(await home.log())]


async def test_nobody_floods_the_log_by_bars(home: Home, owner: Caller) -> None:
    """It is for ever, and anybody manages a server of their own."""
    bars = home.services.bars
    for _ in range(20):
        await bars.bar(owner, 5, "spams")
    assert await log_of(home) == [("jury.bar", 1)]
    for _ in range(20):
        await bars.unbar(owner, 5)
        await bars.bar(owner, 5, "spams")
    await bars.unbar(owner, 5)
    assert await log_of(home) == [("jury.bar", 21), ("jury.unbar", 21)]
    await bars.unbar(owner, 5)
    assert await log_of(home) == [("jury.bar", 21), ("jury.unbar", 21)]


async def test_every_act_that_changes_something_is_in_the_log(home: Home, owner: Caller) -> None:
    bars = home.services.bars
    await bars.bar(owner, 5, "spams")
    await bars.bar(owner, 6, "spams")
    await bars.bar(home.manager, 5, "spams")
    assert not await bars.bar(owner, 5, "is rude")
    assert await log_of(home) == [("jury.bar", 2), ("jury.bar", 1), ("jury.bar", 1)]
    home.world.clock.turn(61)
    await bars.unbar(owner, 5)
    await bars.bar(owner, 5)
    assert (await log_of(home))[3:] == [("jury.unbar", 1), ("jury.bar", 1)]
    assert [entry.elsewhere for entry in await home.log()] == [True, True, False, True, True]
    assert (await home.log())[0].details == {"server": STRANGE_SERVER}


async def test_a_person_who_was_erased_is_barred_once(home: Home, owner: Caller) -> None:
    await home.raters(5)
    await home.services.bars.bar(home.manager, 5)
    await home.services.erasure.erase(caller(5))
    for _ in range(3):
        await home.services.bars.bar(owner, 5)
    assert (await log_of(home))[-1] == ("jury.bar", 1)
    for _ in range(3):
        await home.services.bars.unbar(owner, 5)
    assert (await log_of(home))[-1] == ("jury.unbar", 1)
