"""What the demo relies on in SimCord: several pages at once, and presses beside an acting crowd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import discord
import pytest
from aiohttp import ClientSession
from discord.ext import commands

from bot.clock import SystemClock
from bot.demo.channel_pages import SCRIPT, ChannelPages
from bot.demo.stage import Stage
from bot.demo.turns import Turns


class Button(discord.ui.View):
    """One button that says who pressed it."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="press", custom_id="press")
    async def press(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.send_message(interaction.user.name, ephemeral=True)


class Visitor:
    """A browser's side of SimCord's protocol, one page."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._base, _, self._capability = url.partition("#")
        self.state: dict[str, Any] = {}
        self._sequence = 0

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"X-Simcord-Capability": self._capability}
        if self.state:
            headers["X-Simcord-Context"] = self.state["context"]["id"]
        async with self._session.request(
            method, self._base + path, json=body, headers=headers
        ) as answer:
            assert answer.status == 200, await answer.text()
            result: dict[str, Any] = await answer.json()
            return result

    async def enter(self) -> None:
        self.state = await self.call("POST", "api/pages", {})

    async def press(self, message_id: int) -> dict[str, Any]:
        """Press the button as the page was when it was entered."""
        self._sequence += 1
        return await self.call(
            "POST",
            "api/action",
            {
                "protocol_version": 3,
                "kind": "click",
                "sequence": self._sequence,
                "request_id": f"press-{self._sequence}",
                "generation": self.state["context"]["generation"],
                "bot_generation": self.state["botGeneration"],
                "published_revision": self.state["publishedRevision"],
                "target_id": str(message_id),
                "control_key": f"message:{message_id}:component:0.components.0",
            },
        )


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage(SystemClock(), ["ada"])
    bot = commands.AutoShardedBot(
        "!", intents=discord.Intents(guilds=True), max_messages=None, help_command=None
    )
    await stage.enter(bot)
    bot.add_view(Button())
    yield stage
    await stage.leave()


async def _post(stage: Stage, channel_id: int) -> discord.Message:
    channel = stage.env.bot.get_channel(channel_id)
    assert isinstance(channel, discord.TextChannel)
    return await channel.send(view=Button())


async def test_the_stage_is_in_the_present_and_knows_age_restriction(stage: Stage) -> None:
    behind = SystemClock().now() - stage.env.now()
    assert abs(behind.total_seconds()) < 60
    marked = {
        channel.id: channel.nsfw
        for channel in stage.env.bot.get_all_channels()
        if isinstance(channel, discord.TextChannel)
    }
    assert [id_ for id_, nsfw in marked.items() if nsfw] == [stage.cast.restricted_channel.id]


async def test_the_bot_may_write_where_only_moderators_read(stage: Stage) -> None:
    channel = stage.env.bot.get_channel(stage.cast.moderators_channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send("alert")
    viewer = stage.cast.moderator
    seen = stage.cast.moderators_channel.history(viewer=viewer)
    assert [message.content for message in seen] == ["alert"]
    assert not stage.cast.rater.available_commands(stage.cast.moderators_channel)


async def test_several_pages_show_their_own_channels(stage: Stage) -> None:
    cast = stage.cast
    async with ChannelPages(stage, Turns()) as pages, ClientSession() as session:
        for channel in (cast.raters_channel, cast.restricted_channel, cast.moderators_channel):
            await _post(stage, channel.id)
            viewers = (cast.moderator, cast.operator)
            visitor = Visitor(session, await pages.open(channel, viewers))
            await visitor.enter()
            assert visitor.state["channel"]["name"] == channel.name
            assert len(visitor.state["viewers"]) == 2


async def test_our_script_is_in_the_page_and_finds_what_it_needs(stage: Stage) -> None:
    async with ChannelPages(stage, Turns()) as pages, ClientSession() as session:
        address = await pages.open(stage.cast.raters_channel, stage.cast.leads)
        base = address.partition("#")[0]
        async with session.get(base) as answer:
            page = await answer.text()
        assert f'src="{SCRIPT}"' in page
        for name in ("preview-app", "channel-timeline", "channel-message-list"):
            assert f'id="{name}"' in page
        async with session.get(base.rstrip("/") + SCRIPT) as answer:
            assert answer.content_type == "application/javascript"
            script = await answer.text()
        async with session.get(base + "messages.js") as answer:
            theirs = await answer.text()
    assert "message-ephemeral-note" in script
    assert "message-ephemeral-note" in theirs


async def test_a_press_counts_although_the_channel_changed_meanwhile(stage: Stage) -> None:
    cast = stage.cast
    message = await _post(stage, cast.raters_channel.id)
    async with ChannelPages(stage, Turns()) as pages, ClientSession() as session:
        visitor = Visitor(session, await pages.open(cast.raters_channel, cast.leads))
        await pages.refresh()
        await visitor.enter()
        await _post(stage, cast.raters_channel.id)
        assert await pages.refresh()
        receipt = await visitor.press(message.id)
    assert (receipt["rejected"], receipt["settlement"]) == (False, "settled")
    answers = [m for m in cast.raters_channel.history(viewer=cast.rater) if m.flags.ephemeral]
    assert [m.content for m in answers] == ["robin"]


async def test_an_answer_tells_how_long_ago_something_was_as_of_the_press(stage: Stage) -> None:
    cast = stage.cast
    message = await _post(stage, cast.raters_channel.id)
    async with ChannelPages(stage, Turns()) as pages, ClientSession() as session:
        address = await pages.open(cast.raters_channel, cast.leads)
        visitor = Visitor(session, address)
        await visitor.enter()
        await stage.env.advance_time(600)
        await visitor.press(message.id)
        shown = Visitor(session, address)
        await shown.enter()
    as_of = datetime.fromisoformat(shown.state["profile"]["presentationTime"])
    assert as_of == stage.env.now()


async def test_a_press_waits_for_the_action_of_the_crowd(stage: Stage) -> None:
    cast = stage.cast
    message = await _post(stage, cast.raters_channel.id)
    turns = Turns()
    async with ChannelPages(stage, turns) as pages, ClientSession() as session:
        visitor = Visitor(session, await pages.open(cast.raters_channel, cast.leads))
        await visitor.enter()
        (ada,) = cast.crowd

        async def crowd() -> None:
            for _ in range(5):
                async with turns.crowd():
                    await ada.click(message, custom_id="press")

        async with asyncio.TaskGroup() as group:
            group.create_task(crowd())
            presses = [await visitor.press(message.id) for _ in range(3)]
    assert [press["settlement"] for press in presses] == ["settled"] * 3


async def test_pages_are_published_anew_only_for_changes(stage: Stage) -> None:
    cast = stage.cast
    async with ChannelPages(stage, Turns()) as pages:
        await pages.open(cast.raters_channel, cast.leads)
        await pages.refresh()
        assert not await pages.refresh()
        await _post(stage, cast.raters_channel.id)
        assert await pages.refresh()
