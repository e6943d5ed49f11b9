"""`/rater` and `/image`: moderators, and those who are none."""

from __future__ import annotations

import discord
import pytest
from discord import ui
from simcord import MemberActor

from cogs.ui.card import Card
from storage import images, raters
from storage.images import Image
from tests.cogs.managing import actions, let_run, set_roles, strangers_channel
from tests.cogs.stage import Stage, answer, components, custom_ids, find, score, text

REFUSED = "You cannot do that here."


async def image_of(stage: Stage, image_id: int = 1) -> Image:
    image = await stage.services.database.read(lambda c: images.by_id(c, image_id))
    assert image is not None
    return image


async def status_of(stage: Stage, member: MemberActor) -> str | None:
    found = await stage.services.database.read(lambda c: raters.find(c, member.id))
    return found.status if found else None


async def report(stage: Stage, name: str, post: discord.Message, reason: str = "bad hands") -> None:
    member = await stage.member_who_agreed(name)
    shown = await member.click(post, custom_id=find(post, "report:"))
    await member.submit_modal(shown, {"reason": reason})


async def test_a_ban_counts_the_votes_out_and_an_unban_in(stage: Stage) -> None:
    post = await stage.open_post()
    ada = await stage.member_who_agreed("ada")
    await score(ada, post, "aesthetic", 7)
    await score(ada, post, "artifacts", 2)
    assert (await image_of(stage)).complete_votes == 1

    banned = await stage.moderator.slash(stage.channel, "rater ban", user=ada, reason="spam")
    assert banned.ephemeral
    assert "is banned" in answer(banned).content
    assert (await image_of(stage)).complete_votes == 0
    assert "You are banned" in text(answer(await score(ada, post, "aesthetic", 3)))
    said = text(answer(await ada.slash(stage.channel, "privacy show")))
    assert "You are banned from rating" in said

    freed = await stage.moderator.slash(stage.channel, "rater unban", user=ada)
    assert "may rate again" in answer(freed).content
    assert (await image_of(stage)).complete_votes == 1
    again = await stage.moderator.slash(stage.channel, "rater unban", user=ada)
    assert "was not banned" in answer(again).content


async def test_nobody_without_the_role_moderates(stage: Stage) -> None:
    await stage.open_post()
    ada, victim = stage.member("ada"), await stage.member_who_agreed("victim")
    for command in ("rater", "image"):
        await let_run(stage, command, ada)
    for command, options in (
        ("rater ban", {"user": victim, "reason": "no"}),
        ("rater unban", {"user": victim}),
        ("rater review", {}),
        ("image hide", {"image": "0"}),
        ("image restore", {"image": "0"}),
    ):
        refused = await ada.slash(stage.channel, command, **options)
        assert answer(refused).content == REFUSED
    assert await ada.autocomplete(stage.channel, "image hide", "image", "") == []
    assert await status_of(stage, victim) == "normal"
    assert (await image_of(stage)).stage == "begun"
    logged = await actions(stage)
    assert {entry.action for entry in logged} == {
        "refused:rater.ban",
        "refused:rater.unban",
        "refused:rater.review",
        "refused:image.find",
    }
    assert str(ada.id) not in str(logged)


async def test_a_role_that_was_lost_a_second_ago_counts_no_more(stage: Stage) -> None:
    post = await stage.open_post()
    for name in ("a", "b", "c"):
        await report(stage, name, post)
    moderator = stage.moderator
    shown = answer(await moderator.slash(stage.channel, "rater review"))
    set_roles(stage, moderator)
    refused = await moderator.click(shown, custom_id=find(shown, "review:restore"))
    assert answer(refused).content == REFUSED
    assert (await image_of(stage)).stage == "hidden"


async def test_a_revert_takes_reports_with_it_and_says_so(stage: Stage) -> None:
    post = await stage.open_post()
    await report(stage, "a", post)
    ada = stage.member("a")
    said = await stage.moderator.slash(stage.channel, "rater revert", user=ada, since="1h")
    since = int(stage.clock.now().timestamp()) - 3600
    assert answer(said).content == (
        f"There is no rating of <@{ada.id}> since <t:{since}:f>. 1 open report of theirs no longer"
        " counts. `/rater restore` lifts this revert."
    )
    nothing = await stage.moderator.slash(stage.channel, "rater review")
    assert "Nothing waits for you" in text(answer(nothing))
    await stage.moderator.slash(stage.channel, "rater restore", user=ada)
    card = text(answer(await stage.moderator.slash(stage.channel, "rater review")))
    assert "1 report:\n> bad hands" in card


@pytest.mark.parametrize("act", ["revert", "ban"])
async def test_moderators_are_told_what_comes_back_into_sight(stage: Stage, act: str) -> None:
    post = await stage.open_post()
    for name in ("a", "b", "c"):
        await report(stage, name, post)
    assert (await image_of(stage)).stage == "hidden"
    asked = {"since": "1h"} if act == "revert" else {"reason": "spam"}
    said = await stage.moderator.slash(
        stage.channel, f"rater {act}", user=stage.member("a"), **asked
    )
    told = "1 picture is shown again: without their reports it would not have been hidden."
    assert told in answer(said).content
    assert (await image_of(stage)).stage == "begun"


@pytest.mark.parametrize("action", ["hide", "restore", "dismiss", "explode"])
async def test_a_forged_review_button_does_nothing(stage: Stage, action: str) -> None:
    post = await stage.open_post()
    await report(stage, "a", post)
    forged = await stage.offer(f"review:{action}:1")
    refused = await stage.member("eve").click(forged, label="press me")
    assert answer(refused).content == REFUSED
    assert (await image_of(stage)).stage == "begun"


async def test_a_moderators_button_in_a_strangers_server_does_nothing(stage: Stage) -> None:
    post = await stage.open_post()
    await report(stage, "a", post)
    eve, channel = strangers_channel(stage)
    card = Card()
    card.add_item(ui.ActionRow(ui.Button(label="press me", custom_id="review:hide:1")))
    place = stage.bot.get_channel(channel.id)
    assert isinstance(place, discord.TextChannel)
    refused = await eve.click(await place.send(view=card), label="press me")
    assert answer(refused).content == REFUSED
    assert (await image_of(stage)).stage == "begun"


async def test_three_reports_hide_the_picture_and_its_post_closes(stage: Stage) -> None:
    post = await stage.open_post()
    for name in ("a", "b"):
        await report(stage, name, post)
    assert (await image_of(stage)).stage == "begun"
    await report(stage, "c", post, reason="@everyone **look** <@1> \u202eabc")
    assert (await image_of(stage)).stage == "hidden"
    await stage.publish()
    closed = stage.posts()[0]
    assert custom_ids(closed) == []
    assert "taken out of the rating" in text(closed)
    assert "mean" not in text(closed)

    shown = await stage.moderator.slash(stage.channel, "rater review")
    assert shown.ephemeral
    card = answer(shown)
    said = text(card)
    assert "1 case is open" in said
    assert "3 reports" in said
    assert "Hidden by its reports" in said
    assert "\\@everyone \\*\\*look\\*\\* \\<\\@1\\> abc" in said
    thumbnail = next(c for c in components(card) if c["type"] == 11)
    assert thumbnail["spoiler"] is True
    assert custom_ids(card) == ["review:hide:1", "review:restore:1"]


async def test_a_decision_brings_the_next_case(stage: Stage) -> None:
    await stage.add_images(2)
    await stage.set_up(open_posts=2)
    await stage.publish()
    first, second = stage.posts()
    await report(stage, "a", first)
    stage.clock.turn(1)
    await report(stage, "a", second)
    moderator = stage.moderator
    shown = answer(await moderator.slash(stage.channel, "rater review"))
    assert "2 cases are open" in text(shown)
    assert custom_ids(shown)[-1] == "review:later:1"
    left = answer(await moderator.click(shown, custom_id="review:later:1"))
    assert custom_ids(left) == ["review:hide:2", "review:dismiss:2", "review:later:2"]
    again = answer(await moderator.click(left, custom_id="review:later:2"))
    following = answer(await moderator.click(again, custom_id="review:hide:1"))
    assert following.id == shown.id
    assert custom_ids(following) == ["review:hide:2", "review:dismiss:2"]
    end = answer(await moderator.click(following, custom_id="review:dismiss:2"))
    assert "Nothing waits for you" in text(end)
    assert end.attachments == []
    hidden = [image for image in (1, 2) if (await image_of(stage, image)).stage == "hidden"]
    assert len(hidden) == 1

    late = await stage.offer("review:restore:1")
    said = answer(await moderator.click(late, label="press me"))
    assert "Somebody else has decided" in said.content


async def test_an_unsafe_picture_is_reviewed_only_where_it_may_be_seen(stage: Stage) -> None:
    stage.restrict(stage.channel)
    post = await stage.open_post(safe=False)
    await report(stage, "a", post)
    office = stage.home.create_text_channel("office")
    blind = answer(await stage.moderator.slash(office, "rater review"))
    assert blind.attachments == []
    assert "cannot be shown here" in text(blind)
    seen = answer(await stage.moderator.slash(stage.channel, "rater review"))
    assert len(seen.attachments) == 1


async def test_images_are_hidden_and_restored_by_key_and_by_message(stage: Stage) -> None:
    post = await stage.open_post()
    moderator = stage.moderator
    for reference in (post.jump_url, str(post.id), "0", "#1"):
        done = await moderator.slash(stage.channel, "image hide", image=reference)
        assert "Picture #1 is hidden" in answer(done).content
        assert (await image_of(stage)).stage == "hidden"
        back = await moderator.slash(stage.channel, "image restore", image=reference)
        assert "is rated again" in answer(back).content
    unknown = await moderator.slash(stage.channel, "image hide", image="nothing like it")
    assert "I know no such picture" in answer(unknown).content
    offered = await moderator.autocomplete(stage.channel, "image hide", "image", "0")
    assert [(each["name"], each["value"]) for each in offered] == [("0", "#1")]


async def test_moderators_read_german(stage: Stage) -> None:
    post = await stage.open_post()
    moderator = stage.moderator
    await moderator.slash(stage.channel, "language", language="de")
    nothing = answer(await moderator.slash(stage.channel, "rater review"))
    assert "Nichts wartet" in text(nothing)
    await report(stage, "a", post)
    shown = answer(await moderator.slash(stage.channel, "rater review"))
    assert "1 Fall ist offen" in text(shown)
    ada = stage.member("ada")
    banned = await moderator.slash(stage.channel, "rater ban", user=ada, reason="Unfug")
    assert "ist vom Bewerten ausgeschlossen" in answer(banned).content
    hidden = await moderator.slash(stage.channel, "image hide", image="#1")
    assert "ist ausgeblendet" in answer(hidden).content
