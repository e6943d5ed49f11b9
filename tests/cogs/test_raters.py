"""`/rater ban|unban|revert|restore` and `/jury bar|unbar`, as people see them."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest
from simcord import MemberActor

from tests.cogs.managing import let_run, manager
from tests.cogs.stage import Stage, answer, find, text


@pytest.fixture
async def post(stage: Stage) -> discord.Message:
    return await stage.open_post()


async def rate(member: MemberActor, post: discord.Message, aesthetic: int = 7) -> str:
    for scale, value in (("aesthetic", aesthetic), ("artifacts", 2)):
        pressed = await member.click(post, custom_id=find(post, f"vote:{scale}:{value}:"))
    return text(answer(pressed))


async def say(stage: Stage, command: str, **options: object) -> str:
    """Have the moderator say something and return the answer, which only they see."""
    said = await stage.moderator.slash(stage.channel, command, **options)
    assert said.ephemeral
    return answer(said).content


async def test_a_ban_says_for_how_long_where_and_what_becomes_of_the_ratings(
    stage: Stage, post: discord.Message
) -> None:
    ada = await stage.member_who_agreed("ada")
    await rate(ada, post)
    who = f"<@{ada.id}>"
    now = int(stage.clock.now().timestamp())
    said = await say(stage, "rater ban", user=ada, reason="spam", length="day")
    assert said == (
        f"{who} is banned from rating until <t:{now + 86_400}:f>. What they rated counts."
    )
    assert f"You are banned from rating here until <t:{now + 86_400}:f>" in await rate(ada, post)
    said = await say(stage, "rater ban", user=ada, reason="spam", length="hour", votes="void")
    assert said == (
        f"{who} is banned from rating until <t:{now + 3600}:f>. This replaces the decision before."
        " 1 rating of theirs no longer counts; a picture that lacks it is rated again."
        " That stays so when the ban ends, until `/rater unban`."
    )
    said = await say(stage, "rater ban", user=ada, reason="spam", place="here")
    assert said == f"{who} may not rate in this server any more. What they rated counts."
    said = await say(stage, "rater unban", user=ada)
    assert said == f"{who} may rate again. What a ban had taken out counts again."
    bea = stage.member("bea")
    said = await say(stage, "rater ban", user=bea, reason="known for it")
    assert said.endswith("is banned from rating. There is no rating of theirs to take out.")


async def test_a_revert_and_its_end(stage: Stage, post: discord.Message) -> None:
    ada = await stage.member_who_agreed("ada")
    await rate(ada, post)
    said = await say(stage, "rater revert", user=ada, since="2020-01-01", reason="a script")
    assert said.startswith(f"1 rating of <@{ada.id}> since <t:1577836800:f> no longer counts")
    mine = text(answer(await ada.slash(stage.channel, "me")))
    assert "taken out by moderators, so it does not count" in mine
    assert "Take back" not in mine
    offered = await stage.moderator.autocomplete(
        stage.channel, "rater restore", "revert", "", user=ada
    )
    assert [each["name"] for each in offered] == ["since 2020-01-01 00:00 UTC, 1 rating"]
    await say(stage, "rater ban", user=ada, reason="spam")
    said = await say(stage, "rater restore", user=ada, revert=offered[0]["value"])
    assert said == (
        f"1 revert of <@{ada.id}> is lifted; what it took out counts again."
        " 1 rating of theirs stays out because of another decision."
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"since": "next week"}, "I do not understand that moment"),
        ({"since": "2099-01-01"}, "That moment is still to come"),
        ({"since": "1h", "nobody": True}, "I know nothing of"),
    ],
)
async def test_what_a_revert_cannot_do(
    stage: Stage, post: discord.Message, options: dict[str, object], said: str
) -> None:
    del post
    nobody = options.pop("nobody", False)
    user = stage.member("zoe") if nobody else await stage.member_who_agreed("ada")
    assert said in await say(stage, "rater revert", user=user, **options)
    if not nobody:
        assert "There is no such revert" in await say(stage, "rater restore", user=user)
        assert "There is no rating of" in await say(stage, "rater revert", user=user, since="1h")


async def test_a_manager_bars_a_member_and_sees_whom(stage: Stage, post: discord.Message) -> None:
    ada, mia = await stage.member_who_agreed("ada"), manager(stage)
    barred = await mia.slash(stage.channel, "jury bar", user=ada, reason="spams *a lot*")
    assert "may not rate in this server any more" in answer(barred).content
    again = await mia.slash(stage.channel, "jury bar", user=ada, reason="spams *a lot*")
    assert "was barred from this server already" in answer(again).content
    for refused in (
        await ada.click(post, custom_id=find(post, "vote:aesthetic:3:")),
        await ada.click(post, custom_id=find(post, "more:")),
        await ada.slash(stage.channel, "rate"),
    ):
        assert refused.ephemeral
        assert "You are barred from rating in this server" in text(answer(refused))
    shown = await ada.click(post, custom_id=find(post, "report:"))
    reported = await ada.submit_modal(shown, {"reason": "bad hands"})
    assert "You are barred" in answer(reported).content
    await stage.moderator.slash(
        stage.channel, "rater ban", user=stage.member("bea"), reason="x", place="here", length="day"
    )
    status = text(answer(await mia.slash(stage.channel, "jury status")))
    assert "Barred from rating in this server" in status
    assert f"<@{ada.id}>, since <t:" in status
    assert "> spams \\*a lot\\*" in status
    assert "(by moderators, who alone can lift it)" in status
    refused = await mia.slash(stage.channel, "jury unbar", user=stage.member("bea"))
    assert "Moderators barred this person" in answer(refused).content
    freed = await mia.slash(stage.channel, "jury unbar", user=ada)
    assert "may rate in this server again" in answer(freed).content
    assert "barred" not in (await rate(ada, post))


async def test_bars_are_shown_where_no_channel_is_set_up(stage: Stage) -> None:
    mia = manager(stage)
    await mia.slash(stage.channel, "jury bar", user=stage.member("ada"))
    status = text(answer(await mia.slash(stage.channel, "jury status")))
    assert "No channel is set up here yet" in status
    assert "Barred from rating in this server" in status


async def test_a_member_without_the_right_bars_nobody(stage: Stage) -> None:
    ada, bea = stage.member("ada"), stage.member("bea")
    await let_run(stage, "jury", ada, here=False)
    for command in ("jury bar", "jury unbar"):
        refused = await ada.slash(stage.channel, command, user=bea)
        assert answer(refused).content == "You cannot do that here."


async def test_a_long_list_of_bars_leaves_room_for_channels(
    stage: Stage, post: discord.Message
) -> None:
    del post
    mia = manager(stage)
    manages = replace(stage.caller(mia), manages_server=True)
    for number in range(30):
        reason = f"{number} " + "x" * 400
        await stage.services.bars.bar(manages, 10**18 + number, reason)
    status = text(answer(await mia.slash(stage.channel, "jury status")))
    assert len(status) < 4000
    assert "**samples**, started" in status
    assert "more people" in status
