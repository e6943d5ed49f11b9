"""What presses earn, and what becomes of it with their votes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection
from uuid import UUID

import pytest

from bot.errors import PaidVoteError
from bot.keyed_hash import KeyedHash
from bot.rating.serving import Served
from bot.rating.showing import open_private
from bot.rating.voting import Receipt, ScorePress
from bot.rewards.earning import Earned, award_digest
from bot.rewards.voiding import restore_vote, void_vote
from storage import awards, data_sets, horde_links, ledger, payouts, rater_awards, raters
from storage.payouts import Sender
from storage.signals import Signals
from storage.times import day_of
from tests.rating.world import World, caller, make_settings

KEY = "k" * 22
DAY = 86_400


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = await World.open(tmp_path / "jury.db", horde_api_key=KEY)
    yield opened
    await opened.database.close()


def change(world: World, **settings: object) -> None:
    """Go on with other settings, as a restarted program does."""
    world.settings = make_settings(**{"horde_api_key": KEY, **settings})
    world.restart()


async def posts(world: World, number: int = 1) -> list[int]:
    """Open public posts of an image each, for raters 1 and 2."""
    channel = await world.channel(await world.data_set(number), open_posts=number)
    await world.agree(1, 2)
    return [await world.public_post(channel) for _ in range(number)]


async def rows(world: World) -> list[tuple[str, int, str]]:
    """Return scale, amount and standing of every award."""
    query = "SELECT scale, amount, standing FROM awards ORDER BY rater, image_id, scale"
    return await world.database.read(lambda c: c.execute(query).fetchall())


def brought(receipt: Receipt) -> tuple[int, str | None, int]:
    assert receipt.earned is not None
    return receipt.earned.amount, receipt.earned.why, receipt.earned.today


async def pay(world: World, discord_id: int, image_id: int, scale: str) -> int:
    """Plan a payout of one award; return its id."""
    number = await world.number(discord_id)

    def unit(connection: Connection) -> int:
        return payouts.create(
            connection,
            key=str(UUID(int=next(world.interactions))),
            rater=number,
            horde_id=7,
            verified=False,
            awards=[(image_id, scale)],
            now=world.clock.now(),
        ).id

    return await world.database.write(unit)


async def test_every_new_score_earns_its_price(world: World) -> None:
    (post,) = await posts(world)
    assert brought(await world.press(1, post, "artifacts", 2)) == (5, None, 5)
    assert brought(await world.press(1, post, "aesthetic", 2)) == (5, None, 10)
    assert await rows(world) == [("aesthetic", 5, "stands"), ("artifacts", 5, "stands")]
    day = await world.value(
        "SELECT amount FROM award_days WHERE day = ?", day_of(world.clock.now())
    )
    assert day == 10


async def test_a_changed_score_earns_nothing_more(world: World) -> None:
    (post,) = await posts(world)
    await world.press(1, post, "aesthetic", 2)
    assert brought(await world.press(1, post, "aesthetic", 9)) == (0, None, 5)
    assert brought(await world.press(1, post, "aesthetic", 9)) == (0, None, 5)
    assert await rows(world) == [("aesthetic", 5, "stands")]


async def test_without_a_key_nothing_is_earned_and_nothing_said(world: World) -> None:
    change(world, horde_api_key=None)
    (post,) = await posts(world)
    assert (await world.press(1, post, "aesthetic", 2)).earned is None
    assert (await world.start(1)).earned is None
    assert (await world.voting.undo(caller(1), 900, post)).earned is None
    assert (await world.voting.keep(caller(1), 901, post)).earned is None
    assert await rows(world) == []
    assert await world.value("SELECT count(*) FROM award_days") == 0
    change(world)
    assert brought(await world.press(1, post, "aesthetic", 3)) == (0, None, 0)
    assert brought(await world.press(1, post, "artifacts", 3)) == (5, None, 5)


async def test_an_undo_takes_back_what_a_keep_gives_again(world: World) -> None:
    (post,) = await posts(world)
    await world.vote(1, post)
    undone = await world.voting.undo(caller(1), 900, post)
    assert brought(undone) == (10, "taken_back", 0)
    assert {standing for _, _, standing in await rows(world)} == {"undone"}
    kept = await world.voting.keep(caller(1), 901, post)
    assert brought(kept) == (10, None, 10)
    assert {standing for _, _, standing in await rows(world)} == {"stands"}
    assert await world.value("SELECT amount FROM award_days") == 10


async def test_a_press_on_an_undone_vote_gives_all_of_it_again(world: World) -> None:
    (post,) = await posts(world)
    await world.press(1, post, "aesthetic", 2)
    await world.voting.undo(caller(1), 900, post)
    assert brought(await world.press(1, post, "artifacts", 2)) == (10, None, 10)
    assert await rows(world) == [("aesthetic", 5, "stands"), ("artifacts", 5, "stands")]
    await world.voting.undo(caller(1), 901, post)
    assert brought(await world.press(1, post, "aesthetic", 3)) == (10, None, 10)


async def test_a_press_delivered_twice_gives_one_receipt_and_one_award(world: World) -> None:
    change(world, kudos_daily_cap=10)
    first, second = await posts(world, 2)

    async def twice(post: int, scale: str, value: int) -> Receipt:
        press = ScorePress(next(world.interactions), post, scale, value)
        receipt = await world.voting.take(caller(1), press)
        assert await world.voting.take(caller(1), press) == receipt
        return receipt

    assert brought(await twice(first, "aesthetic", 2)) == (5, None, 5)
    assert brought(await twice(first, "aesthetic", 3)) == (0, None, 5)
    undone = await world.voting.undo(caller(1), 900, first)
    assert await world.voting.undo(caller(1), 900, first) == undone
    assert brought(await twice(first, "artifacts", 3)) == (10, None, 10)
    assert brought(await twice(second, "artifacts", 3)) == (0, "capped", 10)
    await world.voting.undo(caller(1), 901, first)
    kept = await world.voting.keep(caller(1), 902, first)
    assert await world.voting.keep(caller(1), 902, first) == kept
    assert brought(kept) == (10, None, 10)


async def test_prices_belong_to_the_data_set(world: World) -> None:
    data_set = await world.data_set(1)
    await world.database.write(
        lambda c: data_sets.set_prices(c, data_set.id, {"aesthetic": 8, "artifacts": 0})
    )
    post = await world.public_post(await world.channel(data_set))
    await world.agree(1)
    assert brought(await world.press(1, post, "artifacts", 2)) == (0, None, 0)
    assert brought(await world.press(1, post, "aesthetic", 2)) == (8, None, 8)
    assert await rows(world) == [("aesthetic", 8, "stands")]


async def test_validated_and_trusted_raters_earn_by_their_percents(world: World) -> None:
    change(world, kudos_percent_validated=150, kudos_percent_trusted=300)
    (post,) = await posts(world)
    validated, trusted = await world.number(1), await world.number(2)

    def unit(connection: Connection) -> None:
        raters.set_status(connection, validated, "validated")
        horde_links.put(
            connection,
            trusted,
            horde_id=7,
            name="bo",
            now=world.clock.now(),
            signals=Signals(1, 2, 3, trusted=True),
        )

    await world.database.write(unit)
    assert brought(await world.press(1, post, "artifacts", 2)) == (7, None, 7)
    assert brought(await world.press(2, post, "artifacts", 2)) == (15, None, 15)


async def test_the_daily_cap_ends_with_the_day(world: World) -> None:
    change(world, kudos_daily_cap=12)
    first, second, third = await posts(world, 3)
    await world.vote(1, first)
    capped = await world.press(1, second, "aesthetic", 3)
    assert capped.earned == Earned(0, "capped", today=10, cap=12, linked=False)
    assert capped.scores == {"aesthetic": 3}
    assert brought(await world.press(2, second, "aesthetic", 3)) == (5, None, 5)
    await world.voting.undo(caller(1), 900, first)
    assert brought(await world.press(1, second, "aesthetic", 4)) == (0, None, 0)
    assert brought(await world.press(1, second, "artifacts", 4)) == (0, "capped", 0)
    world.clock.turn(DAY)
    assert brought(await world.press(1, third, "artifacts", 4)) == (5, None, 5)


async def test_the_daily_budget_is_everybodys(world: World) -> None:
    change(world, kudos_daily_budget=14)
    (post,) = await posts(world)
    await world.vote(1, post)
    await world.voting.undo(caller(1), 900, post)
    assert brought(await world.press(2, post, "aesthetic", 3)) == (0, "budget", 0)
    world.clock.turn(DAY)
    assert brought(await world.press(2, post, "artifacts", 3)) == (5, None, 5)


async def test_who_was_erased_does_not_earn_the_same_again(world: World) -> None:
    first, second = await posts(world, 2)
    image = (await world.image(first)).id
    number = await world.number(1)

    def unit(connection: Connection) -> None:
        connection.execute("UPDATE raters SET erased_before = 1 WHERE number = ?", (number,))
        digest = award_digest(KeyedHash(bytes(32)), 1, image, "aesthetic")
        awards.remember_earned(connection, [digest])

    await world.database.write(unit)
    assert brought(await world.press(1, first, "aesthetic", 3)) == (0, "before", 0)
    assert brought(await world.press(1, first, "artifacts", 3)) == (5, None, 5)
    assert brought(await world.press(1, second, "aesthetic", 3)) == (5, None, 10)
    assert brought(await world.press(2, first, "aesthetic", 3)) == (5, None, 5)


async def test_an_award_that_a_restored_backup_kept_is_not_written_twice(world: World) -> None:
    (post,) = await posts(world)
    await world.press(1, post, "aesthetic", 3)
    await world.database.write(lambda c: c.execute("DELETE FROM votes"))
    assert brought(await world.press(1, post, "aesthetic", 4)) == (0, "before", 5)
    assert await world.value("SELECT amount FROM award_days") == 5


@pytest.mark.parametrize("state", ["sending", "in_doubt", "paid"])
async def test_a_paid_vote_can_be_changed_but_not_undone(world: World, state: str) -> None:
    (post,) = await posts(world)
    receipt = await world.vote(1, post)
    payout = await pay(world, 1, receipt.image_id, "artifacts")
    now = world.clock.now
    steps = {
        "sending": lambda c: payouts.begin_first(c, payout, Sender("s", 1, True), now()),  # noqa: FBT003
        "in_doubt": lambda c: payouts.doubt(c, payout, "", now()),
        "paid": lambda c: payouts.pay(c, payout, now()),
    }
    for step, act in steps.items():
        await world.database.write(act)
        if step == state:
            break
    changed = await world.press(1, post, "artifacts", 5)
    assert (changed.changed, changed.sent) == (True, True)
    with pytest.raises(PaidVoteError):
        await world.voting.undo(caller(1), 900, post)
    change(world, horde_api_key=None)
    with pytest.raises(PaidVoteError):
        await world.voting.undo(caller(1), 900, post)
    vote = await world.stored(1, receipt.image_id)
    assert vote is not None
    assert vote.state == "given"
    assert {standing for _, _, standing in await rows(world)} == {"stands"}


async def test_an_undo_calls_off_a_payout_that_was_not_sent(world: World) -> None:
    (post,) = await posts(world)
    receipt = await world.vote(1, post)
    payout_id = await pay(world, 1, receipt.image_id, "artifacts")
    assert not (await world.press(1, post, "artifacts", 5)).sent
    assert brought(await world.voting.undo(caller(1), 900, post)) == (10, "taken_back", 0)
    payout = await world.database.read(lambda c: payouts.by_id(c, payout_id))
    assert payout is not None
    assert (payout.state, payout.answer) == ("cancelled", "undone")


async def test_a_vote_whose_payout_came_to_nothing_can_be_undone(world: World) -> None:
    (post,) = await posts(world)
    receipt = await world.vote(1, post)
    number = await world.number(1)
    await pay(world, 1, receipt.image_id, "artifacts")
    await world.database.write(lambda c: payouts.cancel_planned(c, number, world.clock.now()))
    assert brought(await world.voting.undo(caller(1), 900, post)) == (10, "taken_back", 0)


async def test_an_undo_takes_back_while_rewards_are_off(world: World) -> None:
    (post,) = await posts(world)
    await world.vote(1, post)
    change(world, horde_api_key=None)
    await world.voting.undo(caller(1), 900, post)
    assert {standing for _, _, standing in await rows(world)} == {"undone"}
    await world.press(1, post, "aesthetic", 9)
    assert {standing for _, _, standing in await rows(world)} == {"stands"}


async def test_a_session_says_what_it_earned_today_and_what_it_took_back(world: World) -> None:
    await world.data_set(3)
    await world.agree(1)
    first = await world.start(1)
    assert first.earned == Earned(0, None, 0, 1000, linked=False)
    await world.vote(1, first.post_id)
    second = await world.sessions.advance(caller(1), first.post_id)
    assert second.earned == Earned(0, None, 10, 1000, linked=False)
    again = await world.sessions.go_back(caller(1), 900, first.post_id)
    assert again.earned == Earned(10, "taken_back", 0, 1000, linked=False)
    kept = await world.sessions.keep(caller(1), 901, first.post_id)
    assert kept.earned == Earned(10, None, 10, 1000, linked=False)


async def test_a_vote_keeps_what_the_verified_account_said_when_it_began(world: World) -> None:
    first, second = await posts(world, 2)
    verified = await world.number(1)

    def link(said: Signals | None, connection: Connection) -> None:
        horde_links.put(
            connection, verified, horde_id=7, name="bo", now=world.clock.now(), signals=said
        )

    async def kept(post: int) -> list[tuple[int | None, ...]]:
        image = (await world.image(post)).id
        query = (
            "SELECT horde_kudos, horde_account_age, horde_usage_requests, horde_trusted FROM votes"
            " WHERE image_id = ? ORDER BY rater"
        )
        return await world.database.read(lambda c: c.execute(query, (image,)).fetchall())

    await world.database.write(lambda c: link(Signals(-7, 60, 3, trusted=True), c))
    await world.press(1, first, "aesthetic", 3)
    await world.press(2, first, "aesthetic", 3)
    await world.database.write(lambda c: link(Signals(900, 70, 4, trusted=False), c))
    await world.press(1, first, "artifacts", 3)
    assert await kept(first) == [(-7, 60, 3, 1), (None, None, None, None)]
    await world.database.write(lambda c: link(None, c))
    await world.press(1, second, "aesthetic", 3)
    assert await kept(second) == [(None, None, None, None)]


@pytest.mark.parametrize("undone", [False, True])
async def test_a_vote_that_is_taken_out_keeps_its_awards_for_its_return(
    world: World, *, undone: bool
) -> None:
    (post,) = await posts(world)
    image, number = (await world.vote(1, post)).image_id, await world.number(1)
    if undone:
        await world.voting.undo(caller(1), 900, post)
    stood = 0 if undone else 10
    voided = await world.database.write(lambda c: void_vote(c, number, image, world.clock.now()))
    assert voided == stood
    assert {standing for _, _, standing in await rows(world)} == {"void"}
    await world.database.write(lambda c: restore_vote(c, number, image, undone=undone))
    expected = "undone" if undone else "stands"
    assert {standing for _, _, standing in await rows(world)} == {expected}


async def test_a_planned_payout_of_a_vote_that_is_taken_out_is_called_off(world: World) -> None:
    (post,) = await posts(world)
    image, number = (await world.vote(1, post)).image_id, await world.number(1)
    payout = await pay(world, 1, image, "aesthetic")
    await world.database.write(lambda c: void_vote(c, number, image, world.clock.now()))
    found = await world.database.read(lambda c: payouts.by_id(c, payout))
    assert found is not None
    assert found.state == "cancelled"
    assert await world.value("SELECT count(*) FROM awards WHERE payout_id IS NOT NULL") == 0


async def test_gold_earns_the_same_and_is_ready_when_another_image_closes(
    world: World,
) -> None:
    """More of that: tests/rating/test_gold_times.py."""
    (post,) = await posts(world)
    await world.data_set(1)
    image_id = (await world.image(post)).id
    await world.mark_gold(image_id)
    change(world, gold_percent=100)
    await world.agree(3, 4)
    showing = await world.start(4)
    assert showing.image.id == image_id
    assert brought(await world.press(4, showing.post_id, "aesthetic", 2)) == (5, None, 5)
    assert brought(await world.press(4, showing.post_id, "artifacts", 2)) == (5, None, 10)
    hold = timedelta(hours=48)

    async def ready(discord_id: int) -> tuple[int, int]:
        number, now = await world.number(discord_id), world.clock.now()
        found = await world.database.read(lambda c: ledger.of_rater(c, number, now, hold))
        return found.held, found.released

    await world.vote(1, post)
    assert (await ready(1), await ready(4)) == ((10, 0), (10, 0))
    number, now = await world.number(4), world.clock.now()
    until = await world.database.read(lambda c: rater_awards.last_release(c, number, now, hold))
    assert until == now + hold
    for rater in (2, 3):
        await world.vote(rater, post)
    assert (await world.image(post)).stage == "full"
    world.clock.turn(60)
    assert (await ready(1), await ready(4)) == ((0, 10), (10, 0))
    change(world, gold_percent=0)
    for rater in (1, 2, 3):
        other = await world.start(rater)
        assert other.image.id != image_id
        await world.vote(rater, other.post_id)
    world.clock.turn(60)
    now = world.clock.now()
    assert await ready(4) == (0, 10)
    until = await world.database.read(lambda c: rater_awards.last_release(c, number, now, hold))
    assert until is None


async def test_a_repeat_earns_nothing_and_says_no_more_than_other_presses(world: World) -> None:
    (post,) = await posts(world)
    await world.vote(1, post)

    def show_again(connection: Connection) -> int:
        found = raters.find(connection, 1)
        assert found is not None
        now, served = world.clock.now(), Served(1, "repeat")
        return open_private(connection, caller(1), found, served, previous_id=None, now=now)

    again = await world.database.write(show_again)
    assert brought(await world.press(1, again, "aesthetic", 9)) == (0, None, 10)
    assert brought(await world.press(1, again, "artifacts", 0)) == (0, None, 10)
    assert len(await rows(world)) == 2
