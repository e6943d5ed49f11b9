"""Holds of kudos, and what a ban does to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection
from uuid import UUID

import pytest

from bot.errors import JuryError, NothingKeptError
from bot.trust.holds import HoldService
from storage import awards, ledger, payouts, raters
from storage import holds as of_raters
from storage.audit import AuditEntry
from storage.erasure_file import ErasureFile
from storage.ledger import RaterLedger
from tests.trust.home import Home, caller, open_home

HOUR = timedelta(hours=1)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with open_home(tmp_path, horde_api_key="k" * 22) as opened:
        yield opened


def service(home: Home) -> HoldService:
    return HoldService(home.world.database, home.world.clock, home.services.enrolment)


async def sums(home: Home, discord_id: int) -> RaterLedger:
    number, now = await home.world.number(discord_id), home.world.clock.now()
    return await home.world.database.read(lambda c: ledger.of_rater(c, number, now, HOUR))


async def earn(home: Home, *discord_ids: int) -> int:
    """Let raters earn 10 kudos each on an image that is full then; return the image."""
    post = await home.post(target=len(discord_ids))
    await home.raters(*discord_ids)
    for discord_id in discord_ids:
        await home.world.vote(discord_id, post)
    return (await home.world.image(post)).id


async def last_ban(home: Home) -> AuditEntry:
    return next(entry for entry in await home.log() if entry.action == "rater.ban")


async def test_a_hold_keeps_kudos_from_being_released_until_the_last_reason_is_gone(
    home: Home,
) -> None:
    await earn(home, 1, 2)
    holds = service(home)
    assert await holds.place(1, "review")
    assert not await holds.place(1, "review")
    assert await holds.place(1, "new-account")
    assert await holds.of_rater(1) == ("new-account", "review")
    assert ((await sums(home, 1)).held, (await sums(home, 2)).held) == (10, 0)
    number = await home.world.number(1)
    await home.world.database.write(lambda c: of_raters.lift(c, number, "review"))
    assert (await sums(home, 1)).held == 10
    assert await holds.lift(1) == ("new-account",)
    assert await holds.lift(1) == ()
    assert (await sums(home, 1)).released == 10


async def test_holds_are_logged_by_number(home: Home) -> None:
    await home.raters(1)
    await service(home).place(1, "review")
    await service(home).place(1, "review")
    await service(home).lift(1)
    lifted, placed = await home.log()
    assert (placed.action, lifted.action) == ("hold.placed", "hold.lifted")
    assert placed.subject == lifted.subject == f"rater:{await home.world.number(1)}"
    assert placed.details == {"reason": "review"}


@pytest.mark.parametrize("reason", ["", "he cheats", "Bob", "x" * 41, "1st"])
async def test_a_reason_is_one_word(home: Home, reason: str) -> None:
    with pytest.raises(JuryError):
        await service(home).place(1, reason)
    assert await home.world.value("SELECT count(*) FROM raters WHERE discord_id = 1") == 0


async def test_only_who_is_known_has_holds_to_lift(home: Home) -> None:
    with pytest.raises(NothingKeptError):
        await service(home).lift(1)
    assert await service(home).place(1, "review")
    assert await service(home).of_rater(1) == ("review",)


async def test_who_was_erased_is_held_and_released_without_being_linked(home: Home) -> None:
    await home.raters(1)
    await home.services.erasure.erase(caller(1))
    holds, file = service(home), ErasureFile(home.world.database.path)
    for held in (True, False, True):
        stands = ("operators_before_erasure",) if held else ()
        if held:
            assert await holds.place(1, "review")
            assert not await holds.place(1, "again")
        else:
            assert await holds.lift(1) == ("operators_before_erasure",)
            assert await holds.lift(1) == ()
        assert await holds.of_rater(1) == stands
        (listed,) = file.read().values()
        assert listed.held_by_operators == held
    assert await home.world.value("SELECT count(*) FROM raters WHERE discord_id = 1") == 0
    entries = [entry for entry in await home.log() if entry.action.startswith("hold.")]
    assert [entry.action for entry in entries] == ["hold.placed", "hold.lifted", "hold.placed"]
    assert {entry.subject.partition(":")[0] for entry in entries} == {"erased"}
    home.world.clock.turn(60)
    await home.raters(1)
    assert await holds.of_rater(1) == ("operators_before_erasure",)


async def test_a_ban_voids_what_is_unpaid_and_an_unban_gives_it_back(home: Home) -> None:
    await earn(home, 1)
    bans = home.services.bans
    await bans.ban(home.moderator, 1, "spam")
    assert (await last_ban(home)).details["void_kudos"] == 10
    assert (await sums(home, 1)).earned == 0
    await bans.ban(home.moderator, 1, "still spam")
    assert "void_kudos" not in (await last_ban(home)).details
    await bans.unban(home.moderator, 1)
    assert (await sums(home, 1)).released == 10


async def test_a_ban_calls_a_planned_payout_off(home: Home) -> None:
    image = await earn(home, 1)
    number, now = await home.world.number(1), home.world.clock.now()

    def plan(connection: Connection) -> int:
        return payouts.create(
            connection,
            key=str(UUID(int=1)),
            rater=number,
            horde_id=7,
            verified=False,
            awards=[(image, "aesthetic")],
            now=now,
        ).id

    payout = await home.world.database.write(plan)
    await home.services.bans.ban(home.moderator, 1, "spam")
    found = await home.world.database.read(lambda c: payouts.by_id(c, payout))
    assert found is not None
    assert found.state == "cancelled"
    assert (await last_ban(home)).details["void_kudos"] == 10
    earned = await home.world.database.read(lambda c: awards.of_vote(c, number, image))
    assert {(award.standing, award.payout_id) for award in earned} == {("void", None)}


async def test_a_ban_that_ends_only_holds_until_one_without_an_end_voids(home: Home) -> None:
    await earn(home, 1)
    number, until = await home.world.number(1), home.world.clock.now() + HOUR
    await home.world.database.write(
        lambda c: raters.set_status(c, number, "banned", until=until),
    )
    assert (await sums(home, 1)).held == 10
    await home.services.bans.ban(home.moderator, 1, "for good")
    assert (await last_ban(home)).details["void_kudos"] == 10
    assert (await sums(home, 1)).earned == 0
