from __future__ import annotations

import pytest

from bot.errors import (
    BannedError,
    NotAllowedError,
    SettledError,
    UnknownImageError,
    WrongValueError,
)
from bot.trust.review import Case, Idle
from storage import data_sets, raters
from storage.raters import Rater
from tests.rating.world import HOME
from tests.trust.home import MODERATOR, Home, caller, elsewhere, in_direct_messages


async def rater(home: Home, discord_id: int) -> Rater:
    found = await home.world.database.read(lambda c: raters.find(c, discord_id))
    assert found is not None
    return found


async def test_a_ban_takes_the_votes_out_and_an_unban_brings_them_back(home: Home) -> None:
    post = await home.post(target=2)
    await home.raters(1, 2)
    await home.world.vote(1, post)
    await home.world.vote(2, post)
    full = await home.world.image(post)
    assert (full.stage, full.complete_votes) == ("full", 2)

    verdict = await home.services.bans.ban(home.moderator, 1, "spam")
    assert verdict.changed
    reopened = await home.world.image(post)
    assert (reopened.stage, reopened.complete_votes, reopened.closes_at) == ("begun", 1, None)
    with pytest.raises(BannedError):
        await home.world.vote(1, post)

    assert (await home.services.bans.unban(home.moderator, 1)).changed
    assert (await home.world.image(post)).stage == "full"
    assert (await rater(home, 1)).status == "normal"


async def test_counters_of_the_data_set_follow_a_ban(home: Home) -> None:
    posts = [await home.post(target=1) for _ in range(3)]
    await home.raters(1)
    for post in posts:
        await home.world.vote(1, post)

    async def counters() -> tuple[int, int]:
        found = await home.world.database.read(lambda c: data_sets.by_name(c, "set"))
        assert found is not None
        return found.begun_images, found.full_images

    assert await counters() == (0, 3)
    await home.services.bans.ban(home.moderator, 1, "spam")
    assert await counters() == (3, 0)
    await home.services.bans.unban(home.moderator, 1)
    assert await counters() == (0, 3)


async def test_somebody_can_be_banned_before_they_come(home: Home) -> None:
    assert (await home.services.bans.ban(home.moderator, 9, "known spammer")).changed
    assert not (await home.services.bans.ban(home.moderator, 9, "worse")).changed
    assert (await rater(home, 9)).status_reason == "worse"
    post = await home.post()
    await home.raters(9)
    with pytest.raises(BannedError):
        await home.world.vote(9, post)


async def test_acts_are_logged_by_number_without_what_was_typed(home: Home) -> None:
    await home.services.bans.ban(home.moderator, 9, "calls himself Bob")
    (entry,) = await home.log()
    assert (entry.actor, entry.action) == ("moderator", "rater.ban")
    assert entry.rater == await home.world.number(MODERATOR)
    assert entry.subject == f"rater:{await home.world.number(9)}"
    assert entry.details == {"hours": None, "place": "everywhere", "votes": "void"}


async def test_nobody_else_can_moderate(home: Home) -> None:
    post = await home.post()
    image = await home.world.image(post)
    moderation, review = home.services.moderation, home.services.review
    await home.raters(1)
    await home.services.reports.report(caller(1), 1, post, "no")
    case = await review.next_case(home.moderator)
    assert isinstance(case, Case)
    for nobody in (
        caller(MODERATOR),
        elsewhere(home.moderator),
        in_direct_messages(home.moderator),
        home.manager,
    ):
        for act in (
            home.services.bans.ban(nobody, 1, "no"),
            home.services.bans.unban(nobody, 1),
            moderation.hide(nobody, image.id),
            moderation.restore(nobody, image.id),
            moderation.find_image(nobody, image.key),
            review.next_case(nobody),
            review.decide(nobody, case.item.id, "hide"),
        ):
            with pytest.raises(NotAllowedError):
                await act
        assert await moderation.suggest_images(nobody, "") == []
    assert (await rater(home, 1)).status == "normal"
    assert (await home.world.image(post)).stage == "begun"


async def test_hide_and_restore_settle_what_waits(home: Home) -> None:
    post = await home.post()
    image = await home.world.image(post)
    await home.raters(1)
    await home.services.reports.report(caller(1), 1, post, "no")
    moderation = home.services.moderation
    assert await moderation.hide(home.moderator, image.id)
    assert not await moderation.hide(home.moderator, image.id)
    assert (await home.world.image(post)).stage == "hidden"
    assert isinstance(await home.services.review.next_case(home.moderator), Idle)
    assert await moderation.restore(home.moderator, image.id)
    assert not await moderation.restore(home.moderator, image.id)
    assert (await home.world.image(post)).stage == "begun"


async def test_images_are_found_by_all_that_moderators_have_at_hand(home: Home) -> None:
    snowflake = 1_456_074_443_980_800_013
    image = await home.world.image(await home.post(message_id=snowflake))
    find = home.services.moderation.find_image
    for reference in (
        image.key,
        f"#{image.id}",
        f" {snowflake} ",
        f"https://discord.com/channels/{HOME}/2000/{snowflake}",
        f"https://canary.discord.com/channels/{HOME}/2000/{snowflake}",
    ):
        assert (await find(home.moderator, reference)).id == image.id
    for reference in ("no such key", "#999", str(snowflake + 1), "9" * 19, "9" * 40, "#", ""):
        with pytest.raises(UnknownImageError):
            await find(home.moderator, reference)


async def test_a_key_of_several_data_sets_names_none(home: Home) -> None:
    image = await home.world.image(await home.post())
    await home.world.data_set(1, name="other")
    with pytest.raises(UnknownImageError):
        await home.services.moderation.find_image(home.moderator, image.key)
    found = await home.services.moderation.suggest_images(home.moderator, image.key[:4])
    assert len(found) == 2


async def test_a_case_is_decided_once(home: Home) -> None:
    post = await home.post()
    await home.raters(1)
    await home.services.reports.report(caller(1), 1, post, "no")
    review = home.services.review
    case = await review.next_case(home.moderator)
    assert isinstance(case, Case)
    with pytest.raises(WrongValueError):
        await review.decide(home.moderator, case.item.id, "explode")
    with pytest.raises(WrongValueError):
        await review.decide(home.moderator, 999, "hide")
    await review.decide(home.moderator, case.item.id, "hide")
    assert (await home.world.image(post)).stage == "hidden"
    with pytest.raises(SettledError):
        await review.decide(home.moderator, case.item.id, "restore")
    assert (await home.world.image(post)).stage == "hidden"


async def test_a_ban_of_an_erased_person_does_not_tell_their_number(home: Home) -> None:
    await home.raters(9)
    number = await home.world.number(9)
    await home.services.erasure.erase(caller(9))
    await home.services.bans.ban(home.moderator, 9, "spam")
    (entry, *_) = [e for e in await home.log() if e.action == "rater.ban"]
    assert entry.subject.startswith("erased:")
    assert str(number) != entry.subject.removeprefix("erased:")
    assert f"rater:{number}" not in {e.subject for e in await home.log() if e.action == "rater.ban"}
