"""Validation: who is trusted by a moderator's word."""

from __future__ import annotations

import pytest

from bot.errors import BannedRaterError, NeverSeenError, NotAllowedError
from storage import raters
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


async def test_an_unban_gives_no_trust_back_and_takes_none_away(home: Home) -> None:
    await home.raters(1)
    bans, validation = home.services.bans, home.services.validation
    await validation.validate(home.moderator, 1)
    assert not (await bans.unban(home.moderator, 1)).changed
    assert await status(home) == "validated", "there was no ban to end"
    await bans.ban(home.moderator, 1, "spam")
    assert (await bans.unban(home.moderator, 1)).changed
    assert await status(home) == "normal"
    assert await validation.validate(home.moderator, 1), "a moderator may vouch anew"


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
