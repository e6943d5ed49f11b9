"""What raters are told of their kudos, and the picture of the month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from bot.rewards.month import HEIGHT, WIDTH, bars, draw_month, round_up, short
from bot.rewards.status import Month, NextPayout, StatusService, Waiting
from storage import holds, payout_pauses, raters
from storage.ledger import RaterLedger
from tests.rating.world import caller
from tests.rewards.raters_world import ADA, BOB, Raters, raters_at

NOTHING = RaterLedger(held=0, released=0, paying=0, paid=0, written_off=0)


async def test_a_stranger_has_nothing_and_may_link(world: Raters) -> None:
    status = await world.status.of(caller(ADA))
    assert status.ledger == NOTHING
    assert status.link is None
    assert status.next_payout == NextPayout("no_link")
    assert status.payouts == ()
    assert status.month == Month(date(2026, 3, 1), (0,))
    assert await world.database.read(lambda c: raters.find(c, ADA)) is None


async def test_without_rewards_nothing_is_promised(tmp_path: Path) -> None:
    async with raters_at(tmp_path, rewards=False) as world:
        status = await world.status.of(caller(ADA))
        assert not status.rewards_on
        assert status.next_payout == NextPayout("off")


async def test_what_is_held_says_until_when(world: Raters) -> None:
    await world.linking.link(caller(ADA), "ada#7")
    await world.earn(ADA, 20, full=False)
    world.clock.turn(3600)
    await world.earn(ADA, 10, full=False)
    latest = world.clock.now() + timedelta(hours=48)
    status = await world.status.of(caller(ADA))
    assert (status.ledger.held, status.ledger.released) == (30, 0)
    assert status.waiting == Waiting(latest)
    assert status.next_payout == NextPayout("minimum", 50)
    world.clock.turn(48 * 3600 - 1)
    assert (await world.status.of(caller(ADA))).waiting == Waiting(latest)
    world.clock.turn(1)
    status = await world.status.of(caller(ADA))
    assert (status.ledger.held, status.waiting) == (0, Waiting())
    assert status.next_payout == NextPayout("minimum", 20)


async def test_a_look_at_the_ratings_and_a_ban_with_an_end_are_named(world: Raters) -> None:
    await world.linking.link(caller(ADA), "ada#7")
    await world.earn(ADA, 60)
    until = world.clock.now() + timedelta(days=3)
    await world.database.write(lambda c: holds.place(c, 1, "risk", world.clock.now()))
    await world.database.write(lambda c: raters.set_status(c, 1, "banned", until=until))
    status = await world.status.of(caller(ADA))
    assert status.ledger.held == 60
    assert status.waiting == Waiting(checked=True, banned_until=until)
    assert status.next_payout == NextPayout("banned", moment=until)
    assert not status.banned


async def test_a_ban_without_an_end_leaves_nothing(world: Raters) -> None:
    await world.linking.link(caller(ADA), "ada#7")
    await world.earn(ADA, 60)
    await world.ban(ADA)
    status = await world.status.of(caller(ADA))
    assert status.banned
    assert status.ledger == NOTHING
    assert sum(status.month.kudos) == 0


async def test_the_next_payout_comes_soon_unless_all_are_paused(world: Raters) -> None:
    await world.linking.link(caller(ADA), "ada#7")
    await world.earn(ADA, 60, 15)
    assert (await world.status.of(caller(ADA))).next_payout == NextPayout("soon", 75)
    await world.database.write(lambda c: payout_pauses.begin(c, "operator", "", world.clock.now()))
    assert (await world.status.of(caller(ADA))).next_payout == NextPayout("paused", 75)


async def test_an_account_that_was_refused_says_until_when(world: Raters) -> None:
    await world.linking.link(caller(ADA), "ada#7")
    await world.earn(ADA, 60)
    await world.refuse_account(ADA, "TargetAccountFlagged")
    status = await world.status.of(caller(ADA))
    assert status.next_payout == NextPayout("refused", moment=world.clock.now() + timedelta(days=7))
    assert status.link is not None
    assert status.link.refused_answer == "TargetAccountFlagged"
    world.clock.turn(7 * 86_400)
    assert (await world.status.of(caller(ADA))).next_payout == NextPayout("soon", 60)


async def test_a_payout_under_way_and_one_a_period(world: Raters) -> None:
    await world.linking.link(caller(ADA), "ada#7")
    await world.earn(ADA, 60)
    payout = await world.plan(ADA)
    await world.earn(ADA, 70)
    status = await world.status.of(caller(ADA))
    assert status.next_payout == NextPayout("under_way", 60)
    assert [(each.id, each.state) for each in status.payouts] == [(payout, "planned")]
    sent_at = world.clock.now()
    await world.pay(payout)
    world.clock.turn(3600)
    status = await world.status.of(caller(ADA))
    assert (status.ledger.earned, status.ledger.paid) == (130, 60)
    assert status.next_payout == NextPayout("at", 70, sent_at + timedelta(hours=24))
    world.clock.turn(23 * 3600)
    assert (await world.status.of(caller(ADA))).next_payout == NextPayout("soon", 70)


async def test_unproved_links_to_one_account_share_a_days_cap(world: Raters) -> None:
    for person in (ADA, BOB):
        await world.linking.link(caller(person), "ada#7")
        await world.earn(person, 150, 150)
    payout = await world.plan(ADA)
    await world.pay(payout)
    status = await world.status.of(caller(BOB))
    assert status.next_payout == NextPayout("at", 300, datetime(2026, 3, 2, tzinfo=UTC))


async def test_no_minimum_is_above_what_a_day_allows(world: Raters) -> None:
    world.settings = world.settings.model_copy(update={"payout_minimum": 400})
    status_of = StatusService(world.database, world.clock, world.settings).of
    await world.linking.link(caller(ADA), "ada#7")
    await world.earn(ADA, 290)
    assert (await status_of(caller(ADA))).next_payout == NextPayout("minimum", 10)
    await world.prove(ADA, 7)
    assert (await status_of(caller(ADA))).next_payout == NextPayout("minimum", 10)


async def test_no_more_is_promised_than_a_day_allows(world: Raters) -> None:
    await world.prove(ADA, 7)
    await world.earn(ADA, *[100] * 7)
    assert (await world.status.of(caller(ADA))).next_payout == NextPayout("soon", 300)
    payout = await world.plan(ADA)
    await world.pay(payout)
    sent_at = world.clock.now()
    later = NextPayout("at", 300, sent_at + timedelta(hours=24))
    assert (await world.status.of(caller(ADA))).next_payout == later
    await world.database.write(lambda c: payout_pauses.begin(c, "operator", "", sent_at))
    assert (await world.status.of(caller(ADA))).next_payout == NextPayout("paused", 300)


async def test_a_short_period_ends_with_the_day_of_the_account(world: Raters) -> None:
    world.settings = world.settings.model_copy(update={"payout_period_hours": 1})
    status_of = StatusService(world.database, world.clock, world.settings).of
    await world.prove(ADA, 7)
    await world.earn(ADA, *[100] * 4)
    payout = await world.plan(ADA)
    await world.pay(payout)
    tomorrow = NextPayout("at", 100, datetime(2026, 3, 2, tzinfo=UTC))
    assert (await status_of(caller(ADA))).next_payout == tomorrow
    await world.linking.unlink(caller(ADA))
    await world.prove(BOB, 7)
    await world.earn(BOB, 50)
    assert (await status_of(caller(BOB))).next_payout == replace(tomorrow, kudos=50)
    world.clock.turn(12 * 3600)
    assert (await status_of(caller(BOB))).next_payout == NextPayout("soon", 50)


async def test_the_month_counts_what_stands_and_what_was_paid(world: Raters) -> None:
    await world.linking.link(caller(ADA), "ada#7")
    await world.earn(ADA, 50, 7)
    await world.earn(BOB, 1000)
    world.clock.turn(2 * 86_400)
    payout = await world.plan(ADA)
    await world.pay(payout)
    await world.earn(ADA, 9, 4)
    await world.database.write(
        lambda c: c.execute("UPDATE awards SET standing = 'void' WHERE amount IN (50, 4)")
    )
    status = await world.status.of(caller(ADA))
    assert status.month == Month(date(2026, 3, 3), (57, 0, 9))
    assert status.month.days == 31
    world.clock.turn(29 * 86_400)
    assert (await world.status.of(caller(ADA))).month == Month(date(2026, 4, 1), (0,))


@given(st.integers(0, 10**8))
def test_the_axis_ends_on_a_round_number(most: int) -> None:
    top = round_up(most)
    assert most <= top <= max(2, 2 * most)
    assert top % 2 == 0
    assert int(str(top).rstrip("0")) in {1, 2, 4, 6, 8}
    assert len(short(top)) <= 7


@pytest.mark.parametrize("today", [date(2026, 2, day) for day in (1, 2, 14, 22, 27, 28)])
def test_labels_of_days_never_touch(today: date) -> None:
    month = Month(today, tuple(range(today.day)))
    drawn = list(bars(month, round_up(today.day)))
    assert [bar.day for bar in drawn] == list(range(1, 29))
    labelled = [bar.day for bar in drawn if bar.labelled]
    assert today.day in labelled
    assert all(after - before > 2 for before, after in pairwise(labelled))


def test_a_bar_is_as_high_as_its_day() -> None:
    month = Month(date(2026, 3, 3), (50, 0, 100))
    picture = Image.open(BytesIO(draw_month(month))).convert("RGB")
    assert picture.size == (WIDTH, HEIGHT)
    first, second, third = [
        ((bar.left + bar.right) / 2, bar.top) for bar in list(bars(month, 100))[:3]
    ]
    assert is_close(picture, first[0], first[1] + 3, "#7983f5")
    assert not is_close(picture, first[0], first[1] - 6, "#7983f5")
    assert is_close(picture, second[0], second[1] + 2, "#4a4d5a")
    assert is_close(picture, third[0], third[1] + 3, "#f7c948")


def is_close(picture: Image.Image, x: float, y: float, colour: str) -> bool:
    found, wanted = picture.getpixel((round(x), round(y))), ImageColor.getrgb(colour)
    assert isinstance(found, tuple)
    return all(abs(one - other) <= 2 for one, other in zip(found, wanted, strict=True))
