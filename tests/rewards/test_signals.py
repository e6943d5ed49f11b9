"""Verified accounts are read again while their raters are active, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.demo.horde import faults
from bot.rewards.signals import AGAIN_AFTER, READ_EVERY
from storage import signals as storage_signals
from storage.signals import Signals
from tests.rating.world import caller
from tests.rewards.raters_world import ADA, BOB, Raters


async def signals(world: Raters, discord_id: int) -> Signals | None:
    link = await world.link_of(discord_id)
    return None if link is None else link.signals


async def test_an_active_rater_is_read_again_after_a_day(world: Raters) -> None:
    await world.prove(ADA, 7)
    account = world.horde.accounts[7]
    account.kudos, account.account_age, account.requests = 640.4, 172_800, 30
    account.marks.add("trusted")
    account.name = "ada the second"
    world.horde.asked.clear()
    world.clock.turn(READ_EVERY.total_seconds() - 61)
    await world.vote(ADA)
    assert await world.signals.refresh_due() == 0
    assert world.horde.asked == []
    world.clock.turn(60)
    assert await world.signals.refresh_due() == 1
    assert world.horde.asked == [("/api/v2/users/7", None)]
    said = await signals(world, ADA)
    assert said is not None
    assert replace(said, account_age=0) == Signals(640, 0, 30, trusted=True)
    link = await world.link_of(ADA)
    assert link is not None
    assert (link.alias, link.read_at) == ("ada the second#7", world.clock.now())
    assert await world.signals.refresh_due() == 0


async def test_an_account_read_by_a_clock_that_was_ahead_is_read_again(world: Raters) -> None:
    world.clock.turn(86_400 * 365)
    await world.prove(ADA, 7)
    world.clock.turn(-86_400 * 365)
    await world.vote(ADA)
    assert await world.signals.refresh_due() == 1
    assert await world.signals.refresh_due() == 0


async def vote_with_signals(world: Raters) -> None:
    """Let Ada vote, as a press does that begins a vote."""
    await world.vote(ADA)
    await world.database.write(
        lambda c: storage_signals.copy_to_vote(
            c, *c.execute("SELECT rater, image_id FROM votes ORDER BY id DESC").fetchone()
        )
    )


async def test_an_account_gets_older_as_time_goes_by_whatever_is_said_later(world: Raters) -> None:
    """Later answers come sooner or later than the first, and would show by what they differ."""
    await world.prove(ADA, 7)
    link = await world.link_of(ADA)
    assert link is not None
    assert link.read_at is not None
    account = world.horde.accounts[7]
    made = int(link.read_at.timestamp()) - account.account_age
    for late in (0.4, 0.7, 90.2):
        world.clock.turn(READ_EVERY.total_seconds() + late)
        account.account_age = int(world.clock.now().timestamp() - made - late)
        world.horde.cache.forget()
        await vote_with_signals(world)
        assert await world.signals.refresh_due() == 1
        world.clock.turn(3_600 * late)
        await vote_with_signals(world)
    ages = await world.database.read(
        lambda c: c.execute("SELECT created_at / 1000000, horde_account_age FROM votes").fetchall()
    )
    assert [moment - age for moment, age in ages] == [made] * 6


async def test_whoever_does_not_vote_is_not_read(world: Raters) -> None:
    await world.prove(ADA, 7)
    await world.vote(ADA)
    world.clock.turn(READ_EVERY.total_seconds())
    assert await world.signals.refresh_due() == 0
    await world.vote(ADA)
    assert await world.signals.refresh_due() == 1


async def test_an_account_that_was_only_named_gives_no_signals(world: Raters) -> None:
    await world.linking.link(caller(ADA), "ada#7")
    world.clock.turn(READ_EVERY.total_seconds())
    await world.vote(ADA)
    assert await world.signals.refresh_due() == 0
    assert await signals(world, ADA) is None


async def test_an_account_that_is_gone_keeps_nobody_waiting(world: Raters) -> None:
    await world.prove(ADA, 7)
    await world.prove(BOB, 8)
    world.clock.turn(READ_EVERY.total_seconds())
    for rater in (ADA, BOB):
        await world.vote(rater)
    world.horde.accounts.remove(7)
    world.horde.accounts[8].kudos = 90
    world.horde.cache.forget()
    assert await world.signals.refresh_due() == 1
    kept = await signals(world, ADA)
    assert kept is not None
    assert kept.kudos == 500
    world.horde.asked.clear()
    assert await world.signals.refresh_due() == 0
    assert world.horde.asked == [], "what was refused is not asked for at once"
    world.clock.turn(AGAIN_AFTER.total_seconds())
    await world.signals.refresh_due()
    assert world.horde.asked == [("/api/v2/users/7", None)]


async def test_who_was_read_longest_ago_is_read_first(
    world: Raters, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.linking.link(caller(ADA), "ada#7")
    await world.prove(BOB, 8)
    await world.prove(ADA, 7)
    world.clock.turn(READ_EVERY.total_seconds())
    for rater in (ADA, BOB):
        await world.vote(rater)
    monkeypatch.setattr("bot.rewards.signals.AT_ONCE", 1)
    for account in (8, 7):
        world.horde.asked.clear()
        assert await world.signals.refresh_due() == 1
        assert world.horde.asked == [(f"/api/v2/users/{account}", None)]


async def test_those_who_are_refused_take_nobodys_place(
    world: Raters, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.prove(ADA, 7)
    await world.prove(BOB, 8)
    world.clock.turn(READ_EVERY.total_seconds())
    for rater in (ADA, BOB):
        await world.vote(rater)
    world.horde.accounts.remove(7)
    world.horde.cache.forget()
    monkeypatch.setattr("bot.rewards.signals.AT_ONCE", 1)
    assert await world.signals.refresh_due() == 0
    assert await world.signals.refresh_due() == 1
    link = await world.link_of(BOB)
    assert link is not None
    assert link.read_at == world.clock.now()


async def test_a_silent_horde_leaves_all_of_it_due(world: Raters) -> None:
    await world.prove(ADA, 7)
    await world.prove(BOB, 8)
    world.clock.turn(READ_EVERY.total_seconds())
    for rater in (ADA, BOB):
        await world.vote(rater)
    world.horde.fail("/v2/users", faults.CRASHED, times=50)
    world.horde.asked.clear()
    assert await world.signals.refresh_due() == 0
    assert {path for path, _ in world.horde.asked} == {"/api/v2/users/7"}
    world.horde.faults.clear()
    assert await world.signals.refresh_due() == 2


@pytest.mark.parametrize("then", [None, "ada#7", "bob#9#8"])
async def test_whoever_unlinks_while_the_horde_is_asked_gets_nothing_back(
    world: Raters, then: str | None
) -> None:
    await world.prove(ADA, 7)
    world.clock.turn(READ_EVERY.total_seconds())
    await world.vote(ADA)

    async def unlink() -> None:
        await world.linking.unlink(caller(ADA))
        if then is not None:
            await world.linking.link(caller(ADA), then)

    world.horde.meanwhile = unlink
    assert await world.signals.refresh_due() == 0
    assert await signals(world, ADA) is None
    link = await world.link_of(ADA)
    assert (link.alias if link else None) == then
