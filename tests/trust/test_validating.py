"""Validation: who is trusted by a moderator's word."""

from __future__ import annotations

from datetime import timedelta
from sqlite3 import Connection

import pytest

from bot.errors import BannedRaterError, NeverSeenError, NotAllowedError
from bot.trust.banning import Sentence
from storage import findings, holds, raters
from storage.findings import KeptFinding
from tests.trust.home import MODERATOR, Home, caller, elsewhere, in_direct_messages


async def status(home: Home, discord_id: int = 1) -> str:
    found = await home.world.database.read(lambda c: raters.find(c, discord_id))
    assert found is not None
    return found.status


async def test_validation_is_given_and_taken_and_each_word_is_logged(home: Home) -> None:
    await home.raters(1)
    service = home.services.validation
    assert await service.validate(home.moderator, 1)
    assert not await service.validate(home.moderator, 1)
    assert await status(home) == "validated"
    assert await service.unvalidate(home.moderator, 1)
    assert not await service.unvalidate(home.moderator, 1)
    assert await status(home) == "normal"
    acts = [*["rater.unvalidate"] * 2, *["rater.validate"] * 2]
    assert await home.actions() == acts, "also what changed nothing"
    given = (await home.log())[-1]
    assert given.subject == f"rater:{await home.world.number(1)}"
    assert given.rater == await home.world.number(MODERATOR)


async def test_what_the_program_held_goes_with_the_word_and_does_not_come_back(
    home: Home,
) -> None:
    await home.raters(1)
    number, now = await home.world.number(1), home.world.clock.now()

    def suspect(connection: Connection) -> None:
        for reason in ("same_button", "reliability", "review"):
            holds.place(connection, number, reason, now)
        findings.store(connection, number, [KeptFinding("same_button", 0.9, 60, now, held=True)])

    await home.world.database.write(suspect)
    assert await home.services.validation.validate(home.moderator, 1)
    assert await home.services.holds.of_rater(1) == ("review",), "what operators hold stays"
    log = await home.log()
    assert [entry.action for entry in log[:3]] == ["hold.lifted", "hold.lifted", "rater.validate"]
    assert {(entry.actor, entry.subject) for entry in log[:3]} == {("moderator", f"rater:{number}")}
    assert {entry.details.get("reason") for entry in log[:2]} == {"same_button", "reliability"}
    await home.services.rules.settle()
    assert await home.services.holds.of_rater(1) == ("review",)


async def test_whoever_is_banned_stays_so(home: Home) -> None:
    await home.raters(1)
    await home.services.bans.ban(home.moderator, 1, "spam")
    for act in (home.services.validation.validate, home.services.validation.unvalidate):
        with pytest.raises(BannedRaterError):
            await act(home.moderator, 1)
    assert await status(home) == "banned"
    refused = ["refused:rater.unvalidate", "refused:rater.validate"]
    assert (await home.actions())[:2] == refused
    await home.services.bans.unban(home.moderator, 1)
    assert await home.services.validation.validate(home.moderator, 1)


async def test_an_unban_gives_the_trust_back_that_stood_before_the_ban(home: Home) -> None:
    await home.raters(1, 2)
    bans, validation = home.services.bans, home.services.validation
    await validation.validate(home.moderator, 1)
    assert not (await bans.unban(home.moderator, 1)).changed
    assert await status(home) == "validated", "there was no ban to end"
    for reason in ("spam", "spam again"):
        await bans.ban(home.moderator, 1, reason)
    assert await status(home) == "banned"
    verdict = await bans.unban(home.moderator, 1)
    assert (verdict.changed, verdict.trusted) == (True, True)
    assert (await home.log())[0].details == {"validated": True}
    assert await status(home) == "validated"
    await validation.unvalidate(home.moderator, 1)
    for discord_id in (1, 2):
        await bans.ban(home.moderator, discord_id, "spam")
        assert not (await bans.unban(home.moderator, discord_id)).trusted
        assert await status(home, discord_id) == "normal"


async def test_trust_comes_back_with_the_unban_also_where_the_ban_ended_by_itself(
    home: Home,
) -> None:
    await home.raters(1)
    bans, validation = home.services.bans, home.services.validation
    await validation.validate(home.moderator, 1)
    await bans.ban(home.moderator, 1, "a break", Sentence(timedelta(hours=1)))
    home.world.clock.turn(3600)
    assert await status(home) == "banned", "it is over, and nobody has vouched anew"
    dossiers = home.services.dossiers
    assert (await dossiers.of(home.moderator, 1)).can_unban
    verdict = await bans.unban(home.moderator, 1)
    assert (verdict.changed, verdict.trusted) == (True, True)
    assert await status(home) == "validated"
    assert not (await dossiers.of(home.moderator, 1)).can_unban
    await validation.unvalidate(home.moderator, 1)
    await bans.ban(home.moderator, 1, "a break", Sentence(timedelta(hours=1)))
    home.world.clock.turn(3600)
    assert not (await dossiers.of(home.moderator, 1)).can_unban, "nobody vouches for them"


async def test_an_erasure_forgets_what_stood_before_a_ban(home: Home) -> None:
    await home.raters(1)
    await home.services.validation.validate(home.moderator, 1)
    await home.services.bans.ban(home.moderator, 1, "spam")
    await home.services.erasure.erase(caller(1))
    await home.services.bans.unban(home.moderator, 1)
    await home.raters(1)
    assert await status(home) == "normal"


async def test_nobody_is_made_by_being_validated(home: Home) -> None:
    for act in (home.services.validation.validate, home.services.validation.unvalidate):
        with pytest.raises(NeverSeenError):
            await act(home.moderator, 1)
    assert await home.world.value("SELECT count(*) FROM raters") == 0


async def test_only_moderators_validate(home: Home) -> None:
    await home.raters(1)
    for nobody in (
        caller(1),
        caller(MODERATOR),
        home.manager,
        elsewhere(home.moderator),
        in_direct_messages(home.moderator),
    ):
        with pytest.raises(NotAllowedError):
            await home.services.validation.validate(nobody, 1)
        with pytest.raises(NotAllowedError):
            await home.services.validation.unvalidate(nobody, 1)
    assert await status(home) == "normal"
    assert set(await home.actions()) == {"refused:rater.validate", "refused:rater.unvalidate"}
