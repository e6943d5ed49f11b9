"""What the publisher does when Discord, the disk or people get in its way."""

from __future__ import annotations

from dataclasses import replace

import aiohttp
import discord
import pytest

from bot.caller import Caller
from cogs.ui.card import Card
from storage import data_sets
from storage.alerts import undelivered
from tests.cogs.stage import Stage, answer, custom_ids, score, text
from tests.cogs.test_publishing import DELAY, channel_row, fill, posts_in


def hiding(stage: Stage) -> Caller:
    role = stage.services.settings.moderator_role_id
    assert role is not None
    return replace(stage.caller(stage.moderator), role_ids=frozenset({role}))


async def send_without_confirming(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> discord.Message:
    """Have Discord perform a send and answer with an error, and return the message."""
    real = discord.TextChannel.send

    async def performed(
        channel: discord.TextChannel, *, view: Card, file: discord.File, nonce: str
    ) -> None:
        await real(channel, view=view, file=file, nonce=nonce)
        raise aiohttp.ClientError("the answer was lost")

    with monkeypatch.context() as patched:
        patched.setattr(discord.TextChannel, "send", performed)
        await stage.publish()
    (message,) = stage.posts()
    return message


@pytest.mark.parametrize("settings_changes", [{"votes_per_image": 1}])
async def test_hiding_takes_the_picture_of_a_closed_post_and_restoring_brings_it_back(
    stage: Stage,
) -> None:
    await stage.open_post()
    await fill(stage, {"ada": (4, 0)})
    await stage.publish(turn=DELAY)
    await stage.services.moderation.hide(hiding(stage), 1)
    await stage.publish()
    (closed,) = stage.posts()
    assert closed.attachments == []
    assert "lighthouse" not in text(closed)
    edits = len(stage.env.http_requests)
    await stage.publish(turn=60)
    assert len(stage.env.http_requests) == edits
    await stage.services.moderation.restore(hiding(stage), 1)
    await stage.publish()
    (closed,) = stage.posts()
    assert len(closed.attachments) == 1
    assert "lighthouse" in text(closed)
    assert custom_ids(closed) == []


async def test_a_send_that_was_performed_after_all_is_found_and_not_repeated(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.add_images(2)
    await stage.set_up()
    await send_without_confirming(stage, monkeypatch)
    assert (await channel_row(stage)).problem == "discord_error"
    assert await posts_in(stage, "pending") == [1]
    await stage.publish(turn=30)
    assert await posts_in(stage, "open") == [1]
    assert len(stage.posts()) == 1
    assert (await channel_row(stage)).problem is None


async def test_a_message_sent_before_a_kill_is_found_after_the_restart(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.add_images(2)
    await stage.set_up()
    await send_without_confirming(stage, monkeypatch)
    await stage.restart()
    await stage.publish()
    assert await posts_in(stage, "open") == [1]
    assert len(stage.posts()) == 1


async def test_a_pressed_message_of_a_post_that_was_given_up_loses_its_buttons(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.add_images(1)
    await stage.set_up()
    stray = await send_without_confirming(stage, monkeypatch)
    await stage.services.posts.lost(1, "for the test")
    ada = await stage.member_who_agreed("ada")
    assert "no longer open" in text(answer(await score(ada, stray, "aesthetic", 5)))
    await stage.publish()
    assert custom_ids(stage.posts()[0]) == []
    assert stage.posts()[0].attachments == []


async def test_a_forged_press_takes_no_other_message_down(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.add_images(2)
    await stage.set_up()
    await send_without_confirming(stage, monkeypatch)
    await stage.services.posts.lost(1, "for the test")
    other = await stage.offer("more:1")
    ada = await stage.member_who_agreed("ada")
    await stage.press_absent(ada, other, "vote:aesthetic:5:1")
    await stage.publish()
    assert custom_ids(await other.fetch()) == ["more:1"]


async def test_an_unexpected_failure_is_a_problem_of_its_channel_alone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = stage.home.create_text_channel("other")
    await stage.add_images(3)
    await stage.set_up()
    await stage.set_up(other)
    real = discord.TextChannel.send

    async def failing(
        channel: discord.TextChannel, *, view: Card, file: discord.File, nonce: str
    ) -> discord.Message:
        if channel.id == stage.channel.id:
            raise RuntimeError("nobody expected this")
        return await real(channel, view=view, file=file, nonce=nonce)

    with monkeypatch.context() as patched:
        patched.setattr(discord.TextChannel, "send", failing)
        await stage.publish()
    assert len(stage.posts(other)) == 1
    assert (await channel_row(stage)).problem == "internal_error"
    await stage.publish(turn=30)
    assert len(stage.posts()) == 1
    assert await posts_in(stage, "pending") == []
    assert (await channel_row(stage)).problem is None


@pytest.mark.parametrize("settings_changes", [{"votes_per_image": 1}])
async def test_a_result_shows_no_unsafe_picture_where_the_restriction_was_lifted(
    stage: Stage,
) -> None:
    stage.restrict(stage.channel)
    await stage.open_post(safe=False)
    await fill(stage, {"ada": (4, 0)})
    stage.env.inject_error("PATCH", "/channels/*/messages/*", status=500)
    await stage.publish(turn=DELAY)
    stage.restrict(stage.channel, restricted=False)
    await stage.publish(turn=30)
    (closed,) = stage.posts()
    assert closed.attachments == []
    assert "1 rater" in text(closed)
    assert "lighthouse" not in text(closed)
    assert "age-restricted" in text(closed)


async def test_open_unsafe_posts_are_taken_down_where_the_restriction_was_lifted(
    stage: Stage,
) -> None:
    stage.restrict(stage.channel)
    await stage.open_post(safe=False)
    await stage.publish()
    assert custom_ids(stage.posts()[0]) != []
    stage.restrict(stage.channel, restricted=False)
    await stage.publish()
    (closed,) = stage.posts()
    assert (closed.attachments, custom_ids(closed)) == ([], [])
    assert "lighthouse" not in text(closed)
    assert (await channel_row(stage)).problem == "not_age_restricted"


@pytest.mark.parametrize("settings_changes", [{"votes_per_image": 1, "home_guild_id": None}])
@pytest.mark.parametrize("was_revealed", [False, True])
async def test_a_revoked_data_set_shows_neither_figures_nor_prompt(
    stage: Stage, *, was_revealed: bool
) -> None:
    await stage.add_images(1)
    await stage.services.database.write(
        lambda c: data_sets.grant(c, 1, stage.home.id, stage.clock.now())
    )
    await stage.set_up()
    await stage.publish()
    await fill(stage, {"ada": (4, 0)})
    if was_revealed:
        stage.env.inject_error("PATCH", "/channels/*/messages/*", status=500)
        await stage.publish(turn=DELAY)
    await stage.services.database.write(lambda c: data_sets.revoke(c, 1, stage.home.id))
    await stage.publish(turn=DELAY)
    (closed,) = stage.posts()
    assert (closed.attachments, custom_ids(closed)) == ([], [])
    assert "rater" not in text(closed)
    assert "lighthouse" not in text(closed)


async def test_a_broken_picture_is_an_alert_and_a_missing_disk_is_not(stage: Stage) -> None:
    await stage.add_images(2)
    folder = stage.folder / "samples"
    folder.rename(stage.folder / "unmounted")
    folder.mkdir()
    await stage.set_up()
    await stage.publish()
    assert (await channel_row(stage)).problem == "unreadable_images"
    folder.rmdir()
    (stage.folder / "unmounted").rename(folder)
    for picture in folder.iterdir():
        picture.write_bytes(b"no picture")
    await stage.publish(turn=30)
    alerts = await stage.services.database.read(undelivered)
    assert {alert.kind: alert.count for alert in alerts} == {
        "channel_problem": 1,
        "image_broken": 2,
    }


async def test_a_close_does_not_wait_until_the_channel_can_be_filled(stage: Stage) -> None:
    await stage.open_post()
    await stage.add_images(1)
    await fill(stage, {"ada": (4, 0), "bob": (9, 2)})
    await stage.set_up(open_posts=2)
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=None)
    for _ in range(4):
        await stage.publish(turn=DELAY / 2)
    assert "2 raters" in text(stage.posts()[0])
    assert (await channel_row(stage)).problem == "no_permission"


async def test_filling_does_not_hide_that_closing_fails(stage: Stage) -> None:
    await stage.open_post()
    await stage.add_images(1)
    await fill(stage, {"ada": (4, 0), "bob": (9, 2)})
    stage.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50013, times=2)
    await stage.publish(turn=DELAY)
    assert len(stage.posts()) == 2
    assert (await channel_row(stage)).problem == "no_permission"
    await stage.publish(turn=30)
    await stage.publish(turn=60)
    assert (await channel_row(stage)).problem is None


@pytest.mark.parametrize("event", ["guild_available", "guild_join", "guild_role_update"])
async def test_a_server_that_is_back_is_served_at_once(stage: Stage, event: str) -> None:
    await stage.add_images(1)
    await stage.set_up()
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    await stage.publish()
    guild = stage.bot.get_guild(stage.home.id)
    assert guild is not None
    role = guild.default_role
    # Called rather than dispatched, to know when the listener is done.
    (listener,) = stage.bot.extra_events[f"on_{event}"]
    await listener(*((role, role) if event == "guild_role_update" else (guild,)))
    await stage.publish()
    assert len(stage.posts()) == 1
