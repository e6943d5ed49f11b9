"""Erasures and kudos: what is lost, what goes on, and that nobody earns for the same twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from bot.errors import BannedError
from bot.privacy import earnings, erasure
from bot.privacy.earnings import EarnedBefore
from bot.rewards.replay import PayoutReplay
from storage import erasures, holds, payouts, raters, review_queue
from storage.backup import backup
from storage.erasure_file import ErasureFile
from tests.privacy.kudos import (
    PRICE,
    balanced,
    come_back,
    digests,
    link,
    move,
    open_paying,
    plan,
    send,
    settle,
    standings,
    until,
)
from tests.privacy.test_erasure import restored
from tests.rating.world import NOON
from tests.trust.home import Home, caller


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with open_paying(tmp_path) as opened:
        yield opened


async def earner(home: Home, discord_id: int = 1, *, images: int = 2) -> list[int]:
    """Have somebody rate new images; return the posts."""
    posts = [await home.post() for _ in range(images)]
    await home.raters(discord_id)
    for post in posts:
        await home.world.vote(discord_id, post)
    return posts


async def test_what_was_not_paid_is_forfeited_and_nothing_of_the_account_stays(home: Home) -> None:
    await earner(home)
    number = await home.world.number(1)
    await link(home, 1, 555_444_333, verified=True)
    await home.world.database.write(lambda c: holds.place(c, number, "checks", NOON))
    stake = await home.services.erasure.at_stake(caller(1))
    assert (stake.forfeited, stake.under_way, stake.linked) == (4 * PRICE, 0, True)
    erased = await home.services.erasure.erase(caller(1))
    assert (erased.kudos, erased.kudos_under_way) == (4 * PRICE, 0)
    assert await standings(home, number) == ["forfeited"] * 4
    assert await balanced(home)

    def everything(connection: Connection) -> str:
        return "\n".join(connection.iterdump())

    dump = await home.world.database.read(everything)
    for trace in ("555444333", "Ottilie", "987654321", "checks"):
        assert trace not in dump


async def test_a_planned_payout_is_called_off(home: Home) -> None:
    await earner(home)
    number = await home.world.number(1)
    payout = await plan(home, number)
    assert payout is not None
    erased = await home.services.erasure.erase(caller(1))
    assert (erased.kudos, erased.kudos_under_way) == (4 * PRICE, 0)
    assert not await send(home, payout)
    assert await standings(home, number) == ["forfeited"] * 4
    assert await balanced(home)


@pytest.mark.parametrize("paid", [True, False])
async def test_a_payout_that_may_have_been_sent_goes_on(
    home: Home,
    paid: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    posts = await earner(home)
    number = await home.world.number(1)
    payout = await plan(home, number)
    assert payout is not None
    assert await send(home, payout)
    later = await home.post()
    await home.world.vote(1, later)
    now = home.world.clock.now()
    case = await home.world.database.write(
        lambda c: review_queue.put(
            c, review_queue.PAYOUT_IN_DOUBT, rater=number, payout_id=payout.id, now=now
        )
    )
    stake = await home.services.erasure.at_stake(caller(1))
    erased = await home.services.erasure.erase(caller(1))
    assert (stake.forfeited, stake.under_way) == (erased.kudos, erased.kudos_under_way)
    assert (erased.kudos, erased.kudos_under_way) == (2 * PRICE, 4 * PRICE)
    kept = await home.world.database.read(lambda c: review_queue.by_id(c, case))
    assert kept is not None
    assert kept.outcome is None

    await settle(home, payout, paid=paid)
    assert await balanced(home)
    expected = ["stands" if paid else "forfeited"] * 4 + ["forfeited"] * 2
    assert sorted(await standings(home, number)) == sorted(expected)
    await come_back(home, 1)
    for post in posts:
        receipt = await home.world.vote(1, post)
        assert receipt.earned is not None
        assert (receipt.earned.amount, receipt.earned.why) == (0, "before")


async def test_who_comes_back_earns_for_other_images_alone(home: Home) -> None:
    first, second = await earner(home)
    await home.world.press(1, second, "aesthetic", 3)
    await home.services.erasure.erase(caller(1))
    number = await come_back(home, 1)
    for post in (first, second, await home.post()):
        await home.world.vote(1, post)
    assert await standings(home, number) == ["stands"] * 2
    await home.raters(2)
    assert (await home.world.press(2, first, "aesthetic", 3)).earned.amount == PRICE  # type: ignore[union-attr]


async def test_the_hashes_tell_neither_person_nor_number_nor_order(home: Home) -> None:
    """Each digest is of its own, and the table has no order but theirs."""
    await earner(home, 1)
    await home.services.erasure.erase(caller(1))
    of_first = set(await digests(home))
    await earner(home, 2)
    await home.services.erasure.erase(caller(2))
    kept = await digests(home)
    assert len(of_first) == 4
    assert len(kept) == 8
    assert kept == sorted(kept)
    with pytest.raises(Exception, match="no such column: rowid"):
        await home.world.value("SELECT rowid FROM earned_before")


async def test_a_stop_after_the_cut_is_made_good(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "BATCH", 1)
    await earner(home, images=5)
    number = await home.world.number(1)
    erasing = asyncio.create_task(home.services.erasure.erase(caller(1)))
    query = "SELECT count(*) FROM votes WHERE rater = ?"

    async def begun() -> bool:
        return await home.world.value(query, number) < 5

    await until(begun)
    erasing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await erasing
    assert await standings(home, number) == ["stands"] * 10

    await home.services.erasure.replay()
    assert await standings(home, number) == ["forfeited"] * 10
    assert await home.world.value(query, number) == 0


async def test_a_stop_while_awards_are_given_up_is_made_good(home: Home) -> None:
    await earner(home)
    number = await home.world.number(1)
    await home.services.erasure.erase(caller(1))
    await home.world.database.write(
        lambda c: c.execute("UPDATE awards SET standing = 'stands' WHERE scale = 'artifacts'")
    )
    await home.services.erasure.replay()
    assert await standings(home, number) == ["forfeited"] * 4


async def test_a_stop_before_the_cut_changes_nothing(home: Home) -> None:
    (post,) = await earner(home, images=1)
    number = await home.world.number(1)
    enrolment = home.services.enrolment
    kept = EarnedBefore(home.world.database, enrolment.hash_key)
    await kept.keep_most(1, number)
    await home.world.vote(1, post, aesthetic=2)
    await home.services.voting.undo(caller(1), 9001, post)
    await home.services.voting.keep(caller(1), 9002, post)
    await home.world.vote(1, await home.post())
    assert await standings(home, number) == ["stands"] * 4


async def test_what_is_earned_while_the_hashes_are_made_is_kept_too(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earnings, "BATCH", 1)
    await earner(home, images=9)
    post = await home.post()
    erasing = asyncio.create_task(home.services.erasure.erase(caller(1)))

    async def begun() -> bool:
        return bool(await digests(home))

    await until(begun)
    await home.world.press(1, post, "aesthetic", 4)
    assert len(await digests(home)) < 18
    assert (await erasing).kudos == 19 * PRICE
    assert len(await digests(home)) == 19


async def test_a_restored_backup_forfeits_again(home: Home, tmp_path: Path) -> None:
    await earner(home)
    number = await home.world.number(1)
    await link(home, 1, 7, verified=False)
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    home.world.clock.turn(60)
    await link(home, 1, 8, verified=True)
    await home.services.bans.ban(home.moderator, 1, "spam")
    await home.services.erasure.erase(caller(1))
    first = await digests(home), await home.world.database.read(erasures.every)

    async with restored(home, tmp_path / "copy.db") as services:
        assert await services.erasure.replay() == 1
        move(home, services)
        assert (await digests(home), await home.world.database.read(erasures.every)) == first
        assert await standings(home, number) == ["forfeited"] * 4
        assert await home.world.value("SELECT count(*) FROM horde_links") == 0
        digest = services.enrolment.horde_digest(8)
        assert await services.database.read(lambda c: erasures.account_banned(c, digest, NOON))


async def test_what_was_paid_after_the_backup_is_not_earned_again(
    home: Home, tmp_path: Path
) -> None:
    """The payouts may be put back later than the erasure, where a lease came with the copy."""
    posts = [await home.post() for _ in range(2)]
    await home.raters(1)
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    for post in posts:
        await home.world.vote(1, post)
    payout = await plan(home, await home.world.number(1))
    assert payout is not None
    assert await send(home, payout)
    await settle(home, payout, paid=True)
    home.world.clock.turn(60)
    await home.services.erasure.erase(caller(1))
    first = await digests(home)
    assert len(first) == 4

    async with restored(home, tmp_path / "copy.db") as services:
        await services.erasure.replay()
        move(home, services)
        assert await digests(home) == first
        assert await PayoutReplay(services.database, home.world.clock).replay() == 1
        (put_back,) = await services.database.read(lambda c: payouts.latest(c, 2))
        assert (put_back.key, put_back.state) == (payout.key, "in_doubt")
        assert await balanced(home)
        number = await come_back(home, 1)
        for post in posts:
            await home.world.vote(1, post)
        assert await standings(home, number) == []


async def test_a_backup_learns_of_people_whom_it_never_knew(home: Home, tmp_path: Path) -> None:
    post = await home.post()
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    await home.raters(1)
    await link(home, 1, 7, verified=True)
    await home.services.bans.ban(home.moderator, 1, "spam")
    await home.services.erasure.erase(caller(1))
    expected = await home.world.database.read(erasures.every)

    async with restored(home, tmp_path / "copy.db") as services:
        await services.erasure.replay()
        assert await services.database.read(erasures.every) == expected
        move(home, services)
        await come_back(home, 1)
        with pytest.raises(BannedError):
            await home.world.vote(1, post)


async def test_a_ban_after_the_erasure_bars_the_account_over_a_backup(
    home: Home, tmp_path: Path
) -> None:
    await earner(home)
    await link(home, 1, 7, verified=True)
    await home.services.erasure.erase(caller(1))
    digest = home.services.enrolment.horde_digest(7)
    assert not await home.world.database.read(lambda c: erasures.account_banned(c, digest, NOON))
    await asyncio.to_thread(backup, home.world.database.path, tmp_path / "copy.db")
    await home.services.bans.ban(home.moderator, 1, "spam")
    assert await home.world.database.read(lambda c: erasures.account_banned(c, digest, NOON))
    (line,) = ErasureFile(home.world.database.path).read().values()
    assert (line.banned, line.horde_hash) == (True, digest)
    async with restored(home, tmp_path / "copy.db") as services:
        await services.erasure.replay()
        assert await services.database.read(lambda c: erasures.account_banned(c, digest, NOON))


async def test_an_account_is_kept_over_a_second_erasure_without_one(home: Home) -> None:
    await earner(home)
    await link(home, 1, 7, verified=True)
    await home.services.erasure.erase(caller(1))
    await come_back(home, 1)
    await link(home, 1, 9, verified=False)
    await home.services.erasure.erase(caller(1))
    (row,) = await home.world.database.read(erasures.every)
    assert row.horde_hash == home.services.enrolment.horde_digest(7)
    await home.services.erasure.replay()
    (line,) = ErasureFile(home.world.database.path).read().values()
    assert await home.world.database.read(erasures.every) == [row]
    assert line.erased_at == row.erased_at


async def test_a_ban_that_is_over_does_not_outlive_the_erasure(home: Home) -> None:
    await home.raters(1)
    number = await home.world.number(1)
    over = home.world.clock.now()
    await home.world.database.write(lambda c: raters.set_status(c, number, "banned", until=over))
    await home.services.erasure.erase(caller(1))
    (row,) = await home.world.database.read(erasures.every)
    assert not row.banned


async def test_who_is_banned_for_good_has_nothing_to_lose(home: Home) -> None:
    await earner(home)
    await home.services.bans.ban(home.moderator, 1, "spam")
    assert (await home.services.erasure.at_stake(caller(1))).forfeited == 0
    number = await home.world.number(1)
    assert (await home.services.erasure.erase(caller(1))).kudos == 0
    assert await standings(home, number) == ["void"] * 4


async def test_a_void_award_in_a_payout_is_not_counted_as_lost(home: Home) -> None:
    await earner(home)
    number = await home.world.number(1)
    payout = await plan(home, number)
    assert payout is not None
    await home.world.database.write(
        lambda c: c.execute("UPDATE awards SET standing = 'void' WHERE scale = 'artifacts'")
    )
    assert (await home.services.erasure.erase(caller(1))).kudos == 2 * PRICE
    found = await home.world.database.read(lambda c: payouts.by_id(c, payout.id))
    assert found is not None
    assert found.state == "cancelled"
    assert sorted(await standings(home, number)) == ["forfeited"] * 2 + ["void"] * 2
