"""`/jury`: a server's managers and their channels."""

from __future__ import annotations

import discord
import pytest
from simcord import ChannelHandle

from storage import channels, data_sets
from storage.channels import Channel
from tests.cogs.managing import actions, deny, let_run, manager, strangers_channel
from tests.cogs.stage import Stage, answer, text

REFUSED = "You cannot do that here."


async def channel_of(stage: Stage, channel: ChannelHandle) -> Channel | None:
    return await stage.services.database.read(lambda c: channels.by_id(c, channel.id))


async def test_a_manager_sets_up_starts_and_sees_posts(stage: Stage) -> None:
    await stage.add_images(5)
    mia = manager(stage)
    done = await mia.slash(
        stage.channel, "jury setup", channel=stage.channel, dataset="samples", posts=2
    )
    assert done.ephemeral
    assert "**2** open pictures of **samples** at a time. `/jury start`" in answer(done).content
    await stage.publish()
    assert stage.posts() == []

    started = await mia.slash(stage.channel, "jury start")
    assert f"<#{stage.channel.id}>" in answer(started).content
    await stage.publish()
    assert len(stage.posts()) == 2
    status = answer(await mia.slash(stage.channel, "jury status"))
    assert "**samples**, started, safe pictures only, open: 2 of 2" in text(status)
    assert "\u26a0" not in text(status)
    assert [e.action for e in await actions(stage)] == ["jury.start", "jury.setup"]

    fewer = await mia.slash(
        stage.channel, "jury setup", channel=stage.channel, dataset="samples", posts=1
    )
    assert "now shows **1** open picture of **samples** at a time" in answer(fewer).content

    stopped = await mia.slash(stage.channel, "jury stop", channel=stage.channel)
    assert "Stopped" in answer(stopped).content
    found = await channel_of(stage, stage.channel)
    assert found is not None
    assert not found.started


async def test_a_member_without_the_right_is_refused_by_the_server(stage: Stage) -> None:
    await stage.add_images(1)
    await stage.set_up()
    ada = stage.member("ada")
    await let_run(stage, "jury", ada, here=False)
    for command, options in (
        ("jury setup", {"channel": stage.channel, "dataset": "samples", "posts": 9}),
        ("jury start", {}),
        ("jury stop", {}),
        ("jury status", {}),
    ):
        refused = await ada.slash(stage.channel, command, **options)
        assert answer(refused).content == REFUSED
    assert await ada.autocomplete(stage.channel, "jury setup", "dataset", "") == []
    found = await channel_of(stage, stage.channel)
    assert found is not None
    assert (found.open_posts, found.started) == (1, True)
    assert {entry.action for entry in await actions(stage)} == {
        f"refused:jury.{act}" for act in ("setup", "start", "stop", "status")
    }


async def test_a_stranger_who_installs_the_bot_gets_nothing(stage: Stage) -> None:
    await stage.add_images(1)
    eve, channel = strangers_channel(stage)
    assert await eve.autocomplete(channel, "jury setup", "dataset", "") == []
    refused = await eve.slash(channel, "jury setup", channel=channel, dataset="samples")
    assert answer(refused).content == "There is no such data set here."
    assert await channel_of(stage, channel) is None
    assert not set(eve.available_commands(channel)) & {
        "rater ban", "rater unban", "rater review", "image hide", "image restore", "export"
    }  # fmt: skip


async def test_a_manager_of_another_server_reaches_only_their_own(stage: Stage) -> None:
    await stage.add_images(2)
    await stage.set_up()
    eve, channel = strangers_channel(stage)
    found = await stage.services.database.read(lambda c: data_sets.by_name(c, "samples"))
    assert found is not None
    now = stage.clock.now()
    await stage.services.database.write(lambda c: data_sets.grant(c, found.id, eve.guild.id, now))
    offered = await eve.autocomplete(channel, "jury setup", "dataset", "SAM")
    assert [each["value"] for each in offered] == ["samples"]
    await eve.slash(channel, "jury setup", channel=channel, dataset="samples")
    stopped = await eve.slash(channel, "jury stop")
    assert str(stage.channel.id) not in answer(stopped).content
    status = answer(await eve.slash(channel, "jury status"))
    assert str(stage.channel.id) not in text(status)
    home = await channel_of(stage, stage.channel)
    assert home is not None
    assert home.started


async def test_missing_permissions_are_named_at_setup(stage: Stage) -> None:
    await stage.add_images(1)
    me = stage.home.me
    assert me is not None
    closed = stage.home.create_text_channel(
        "closed", overwrites={me: discord.PermissionOverwrite(attach_files=False)}
    )
    refused = await manager(stage).slash(
        stage.channel, "jury setup", channel=closed, dataset="samples"
    )
    assert "**Attach Files**" in answer(refused).content
    assert "Send Messages" not in answer(refused).content
    assert await channel_of(stage, closed) is None


async def test_all_pictures_need_an_age_restricted_channel(stage: Stage) -> None:
    await stage.add_images(1, safe=False)
    mia = manager(stage)
    setup = {"channel": stage.channel, "dataset": "samples", "images": "all"}
    refused = await mia.slash(stage.channel, "jury setup", **setup)
    assert "age-restricted" in answer(refused).content
    stage.restrict(stage.channel)
    await mia.slash(stage.channel, "jury setup", **setup)
    found = await channel_of(stage, stage.channel)
    assert found is not None
    assert not found.safe_only


@pytest.mark.parametrize("safe_only", [True, False])
async def test_status_names_what_is_wrong(stage: Stage, *, safe_only: bool) -> None:
    await stage.add_images(1, safe=safe_only)
    mia = manager(stage)
    stage.restrict(stage.channel)
    await stage.set_up(open_posts=2, safe_only=safe_only)
    await stage.publish()

    async def status() -> str:
        return text(answer(await mia.slash(stage.channel, "jury status")))

    assert "No picture is left for this channel" in await status()
    stage.restrict(stage.channel, restricted=False)
    assert ("no longer age-restricted" in await status()) is not safe_only


async def test_status_names_lost_permissions_and_deleted_channels(stage: Stage) -> None:
    await stage.add_images(5)
    mia = manager(stage)
    other = stage.home.create_text_channel("other")
    await stage.set_up()
    await stage.set_up(other)
    await stage.publish()
    me = stage.home.me
    found = stage.bot.get_channel(other.id)
    assert me is not None
    assert isinstance(found, discord.TextChannel)
    await found.delete()
    deny(stage.channel, me, discord.Permissions(send_messages=True))
    await stage.env.settle()
    said = text(answer(await mia.slash(stage.home.create_text_channel("x"), "jury status")))
    first, lost, second = said.split("\n> ")[1:]
    assert "I lack a permission" in first
    assert "1 post was lost in the last 24 hours" in lost
    assert "deleted" in second


async def test_a_data_set_that_was_taken_away_is_named(stage: Stage) -> None:
    await stage.add_images(1)
    eve, channel = strangers_channel(stage)
    found = await stage.services.database.read(lambda c: data_sets.by_name(c, "samples"))
    assert found is not None
    now, guild = stage.clock.now(), eve.guild.id
    await stage.services.database.write(lambda c: data_sets.grant(c, found.id, guild, now))
    await eve.slash(channel, "jury setup", channel=channel, dataset="samples")
    await stage.services.database.write(lambda c: data_sets.revoke(c, found.id, guild))
    said = text(answer(await eve.slash(channel, "jury status")))
    assert "may no longer be used" in said


async def test_nothing_set_up_is_said(stage: Stage) -> None:
    for command in ("jury status", "jury start", "jury stop"):
        said = answer(await manager(stage).slash(stage.channel, command))
        assert "No channel is set up here yet" in said.content


async def test_many_channels_fit_into_one_answer(stage: Stage) -> None:
    await stage.add_images(1)
    for number in range(60):
        await stage.set_up(stage.home.create_text_channel(f"c{number}"))
    said = text(answer(await manager(stage).slash(stage.channel, "jury status")))
    assert len(said) < 4000
    assert "more channels" in said


async def test_direct_messages_offer_only_what_is_personal(stage: Stage) -> None:
    assert set(manager(stage).user.available_commands()) == {
        "rate", "me", "stats", "appeal", "language",
        "privacy show", "privacy download", "privacy erase",
        "horde link", "horde verify", "horde status", "horde unlink",
    }  # fmt: skip
