"""Banning by the form that a user's menu and a rater's card open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simcord import InteractionResult, MemberActor

from storage import images, raters
from storage.raters import Rater
from tests.cogs.managing import actions, menu, set_roles
from tests.cogs.stage import NOON, Stage, answer, custom_ids, find, score, text

REFUSED = "You cannot do that here."


async def rated(stage: Stage) -> MemberActor:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    await score(ada, post, "artifacts", 0)
    return ada


async def status(stage: Stage, member: MemberActor) -> Rater:
    found = await stage.services.database.read(lambda c: raters.find(c, member.id))
    assert found is not None
    return found


async def counted(stage: Stage) -> int:
    image = await stage.services.database.read(lambda c: images.by_id(c, 1))
    assert image is not None
    return image.complete_votes


def filled(**typed: str) -> dict[str, str]:
    """Return a form as it opens, but for what was typed and chosen."""
    return {"length": "good", "place": "everywhere", **typed}


async def open_form(stage: Stage, target: MemberActor) -> InteractionResult:
    return await menu(stage, stage.moderator, "Rater: ban", target)


async def test_the_menu_opens_a_form_that_bans_after_a_restart_too(stage: Stage) -> None:
    ada = await rated(stage)
    form = await open_form(stage, ada)
    assert form.modal is not None
    await stage.restart()
    done = await stage.moderator.submit_modal(form, filled(reason=" one  button "))
    assert done.ephemeral
    assert f"<@{ada.id}>" in answer(done).content
    banned = await status(stage, ada)
    assert (banned.status, banned.status_reason) == ("banned", "one button")
    assert banned.status_until is None
    assert await counted(stage) == 0
    assert (await actions(stage))[0].action == "rater.ban"


async def test_what_is_chosen_holds(stage: Stage) -> None:
    ada = await rated(stage)
    form = await open_form(stage, ada)
    await stage.moderator.submit_modal(form, filled(reason="spam", length="day", votes="keep"))
    banned = await status(stage, ada)
    assert banned.status_until == NOON + timedelta(days=1)
    assert await counted(stage) == 1


async def test_a_pause_leaves_the_ratings_alone_where_nothing_else_is_said(stage: Stage) -> None:
    ada = await rated(stage)
    form = await open_form(stage, ada)
    await stage.moderator.submit_modal(form, filled(reason="calm down", length="hour"))
    assert (await status(stage, ada)).status == "banned"
    assert await counted(stage) == 1


async def test_a_ban_here_is_no_ban_everywhere(stage: Stage) -> None:
    ada = await rated(stage)
    form = await open_form(stage, ada)
    await stage.moderator.submit_modal(form, filled(reason="spam", place="here"))
    assert (await status(stage, ada)).status == "normal"
    card = answer(await stage.moderator.slash(stage.channel, "rater info", user=ada))
    assert "Barred in the server" in text(card)


async def test_the_card_bans_and_unbans(stage: Stage) -> None:
    ada = await rated(stage)
    moderator = stage.moderator
    card = answer(await moderator.slash(stage.channel, "rater info", user=ada))
    form = await moderator.click(card, custom_id=find(card, "rater:ban"))
    await moderator.submit_modal(form, filled(reason="spam"))
    card = answer(await moderator.slash(stage.channel, "rater info", user=ada))
    assert custom_ids(card) == [f"rater:ratings:{ada.id}", f"rater:unban:{ada.id}"]
    freed = await moderator.click(card, custom_id=find(card, "rater:unban"))
    assert "may rate again" in text(answer(freed))
    assert (await status(stage, ada)).status == "normal"
    assert await counted(stage) == 1


async def test_somebody_who_never_came_can_be_banned_by_the_menu(stage: Stage) -> None:
    stranger = stage.member("stranger")
    form = await open_form(stage, stranger)
    await stage.moderator.submit_modal(form, filled(reason="known elsewhere"))
    assert (await status(stage, stranger)).status == "banned"


async def test_a_role_lost_between_menu_and_answer_bans_nobody(stage: Stage) -> None:
    ada = await rated(stage)
    moderator = stage.moderator
    form = await open_form(stage, ada)
    set_roles(stage, moderator)
    refused = await moderator.submit_modal(form, filled(reason="spam"))
    assert answer(refused).content == REFUSED
    again = await menu(stage, moderator, "Rater: ban", ada)
    assert again.modal is None
    assert answer(again).content == REFUSED
    assert (await status(stage, ada)).status == "normal"


async def test_a_reason_of_nothing_bans_nobody(stage: Stage) -> None:
    ada = await rated(stage)
    form = await open_form(stage, ada)
    said = await stage.moderator.submit_modal(form, filled(reason=" \u202e "))
    assert "word" in answer(said).content
    assert (await status(stage, ada)).status == "normal"


async def test_moderators_read_german(stage: Stage) -> None:
    ada = await rated(stage)
    await stage.moderator.slash(stage.channel, "language", language="de")
    form = await open_form(stage, ada)
    assert "Ausschließen" in str(form.modal)


@pytest.mark.parametrize("custom_id", ["rater:ban:9999999999999999999"])
async def test_a_forged_id_is_no_user(stage: Stage, custom_id: str) -> None:
    forged = await stage.offer(custom_id)
    said = answer(await stage.moderator.click(forged, label="press me")).content
    assert "do not know this button" in said


async def test_no_moderator_bans_or_unbans_themselves(stage: Stage) -> None:
    """A ban of one's own would replace the one that others decided."""
    moderator = stage.moderator
    form = await open_form(stage, moderator)
    assert form.modal is None
    unban = await moderator.slash(stage.channel, "rater unban", user=moderator)
    for refused in (form, unban):
        assert refused.ephemeral
        assert answer(refused).content.startswith("That is about yourself")
    done = [entry.action for entry in await actions(stage)]
    assert done == ["refused:rater.unban", "refused:rater.ban"]
