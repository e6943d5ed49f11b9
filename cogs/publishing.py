"""The publisher: keeps started channels at their number of open posts, and closes full ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import aiohttp
import discord
import structlog
from discord.ext import commands

from bot.errors import ImageUnreadableError, SourceUnavailableError
from bot.rating.posts import ClosingPost, NewPost
from cogs.ui.callers import is_age_restricted
from cogs.ui.card import Upload
from cogs.ui.cards import Picture, PublicCard
from cogs.ui.results import ResultCard
from storage import channels, public_posts
from storage.channels import Channel

if TYPE_CHECKING:
    from bot.client import JuryBot

AT_ONCE: Final = 8
"""Channels served at the same time; Discord takes 50 requests a second from a bot."""

FIRST_RETRY: Final = timedelta(seconds=30)
LAST_RETRY: Final = timedelta(hours=1)
"""How long a channel with a problem is left alone; doubled each time."""

SWEEP_EVERY: Final = timedelta(minutes=15)
"""How often open posts are looked up: without further intents Discord tells of no deletions."""

IDLE_SECONDS: Final = 60.0
SHORTEST_WAIT_SECONDS: Final = 0.2
UNREADABLE_IN_A_ROW: Final = 5

Answer = TypeVar("Answer")

_log = structlog.get_logger()


class ChannelProblemError(Exception):
    """A channel cannot be served now; `problem` is the last part of a key `problem.<...>`."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Pause:
    failures: int
    until: datetime


class Publisher:
    """Does all work on public posts in steps that may be repeated; its state is the database.

    `settle` does what is due now, once. `run` does so whenever it is woken or something is due;
    it belongs to the composition root, which starts and cancels it.
    """

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot
        self._services = bot.services
        self._woken = asyncio.Event()
        self._settling = asyncio.Lock()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._pauses: dict[int, _Pause] = {}
        self._next_sweep = bot.services.clock.now() + SWEEP_EVERY
        self._is_first_round = True
        self._is_draining = False

    def wake(self, channel_id: int | None = None) -> None:
        """Have due work done soon; a named channel is tried again whatever was wrong with it."""
        if channel_id is not None:
            self._pauses.pop(channel_id, None)
        self._woken.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        await self._bot.wait_until_ready()
        while True:
            self._woken.clear()
            try:
                await self.settle()
                seconds = await self._seconds_until_due()
            except Exception:  # noqa: BLE001 - the edge of a worker: it must outlive every error
                _log.exception("publishing_failed")
                seconds = FIRST_RETRY.total_seconds()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), seconds)

    async def settle(self) -> None:
        """Do all work that is due now, once: give up, close, look for lost posts, fill up."""
        async with self._settling:
            now = self._services.clock.now()
            if self._is_first_round:
                await self._give_up_unconfirmed()
                self._is_first_round = False
            await self._close_due(now)
            if now >= self._next_sweep:
                self._next_sweep = now + SWEEP_EVERY
                await self._sweep()
            started = await self._services.database.read(channels.started)
            await self._each(self._fill(channel) for channel in started)

    async def drain(self, seconds: float) -> None:
        """Begin no further post, and wait up to that long for those that were sent."""
        self._is_draining = True
        try:
            await asyncio.wait_for(self._settling.acquire(), seconds)
        except TimeoutError:
            _log.warning("stopped_while_publishing")

    async def lose_channel(self, channel_id: int) -> None:
        """Give up a deleted channel and its posts."""
        await self._services.posts.lost_channel(channel_id)
        await self._note_problem(channel_id, "no_channel")

    async def _each(self, steps: Iterable[Awaitable[None]]) -> None:
        async def placed(step: Awaitable[None]) -> None:
            async with self._places:
                await step

        await asyncio.gather(*map(placed, steps))

    async def _give_up_unconfirmed(self) -> None:
        """Nobody knows whether these were sent before the program stopped: post others."""
        for post in await self._services.posts.unconfirmed():
            await self._services.posts.lost(post.post_id, "not confirmed before the last stop")

    async def _seconds_until_due(self) -> float:
        now = self._services.clock.now()
        moments = [pause.until for pause in self._pauses.values()] + [self._next_sweep]
        closing = await self._services.posts.next_due()
        if closing is not None:
            moments.append(closing)
        soonest = (min(moments) - now).total_seconds()
        return min(IDLE_SECONDS, max(SHORTEST_WAIT_SECONDS, soonest))

    # --- closing

    async def _close_due(self, now: datetime) -> None:
        due = await self._services.posts.due(now)
        await self._each(self._close(post) for post in due if not self._is_paused(post.channel_id))

    async def _close(self, post: ClosingPost) -> None:
        posts = self._services.posts
        try:
            await self._reach(post.channel_id, self._edit_closed(post))
        except ChannelProblemError as error:
            if error.problem == "no_channel":
                await posts.lost(post.post_id, "its message is gone")
            else:
                await self._note_problem(post.channel_id, error.problem)
        else:
            await posts.closed(post.post_id)

    async def _edit_closed(self, post: ClosingPost) -> None:
        picture = await self._picture(post) if post.result is not None else None
        channel = self._bot.get_partial_messageable(post.channel_id)
        message = channel.get_partial_message(post.message_id)
        language = await self._language(post.channel_id)
        card = ResultCard(self._services.texts, language, post, picture)
        if picture is None:
            await message.edit(view=card, attachments=[])
        else:
            await message.edit(view=card)

    async def _picture(self, post: ClosingPost) -> Picture | None:
        try:
            rendition = await self._services.images.rendition(post.image)
        except (ImageUnreadableError, SourceUnavailableError):
            return None
        return Picture.of(post.image, rendition)

    # --- looking for lost posts

    async def _sweep(self) -> None:
        read = self._services.database.read
        messages = await read(partial(public_posts.in_state, state="open"))
        await self._each(
            self._look_up(message.post_id, message.channel_id, message.message_id)
            for message in messages
            if message.message_id is not None and not self._is_paused(message.channel_id)
        )

    async def _look_up(self, post_id: int, channel_id: int, message_id: int) -> None:
        channel = self._bot.get_partial_messageable(channel_id)
        try:
            await channel.fetch_message(message_id)
        except discord.NotFound:
            await self._services.posts.lost(post_id, "its message is gone")
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError):
            return

    # --- filling

    async def _fill(self, channel: Channel) -> None:
        if self._is_paused(channel.channel_id):
            return
        try:
            place = self._place(channel)
            for _ in range(await self._services.posts.wanted(channel)):
                if self._is_draining or not await self._post_readable(channel, place):
                    break
        except ChannelProblemError as error:
            await self._note_problem(channel.channel_id, error.problem)
        else:
            self._pauses.pop(channel.channel_id, None)
            if channel.problem is not None:
                await self._store_problem(channel.channel_id, None)

    def _place(self, channel: Channel) -> discord.abc.Messageable:
        place = self._bot.get_channel(channel.channel_id)
        if place is None or not isinstance(place, discord.abc.Messageable):
            raise ChannelProblemError("no_channel")
        if not channel.safe_only and not is_age_restricted(place):
            raise ChannelProblemError("not_age_restricted")
        return place

    async def _post_readable(self, channel: Channel, place: discord.abc.Messageable) -> bool:
        """Post one image, passing over unreadable ones; False if none is left."""
        for _ in range(UNREADABLE_IN_A_ROW):
            post = await self._services.posts.open_post(channel)
            if post is None:
                return False
            try:
                await self._publish(channel, post, place)
            except ImageUnreadableError:
                await self._services.posts.broken(post.post_id)
            except ChannelProblemError as error:
                await self._services.posts.lost(post.post_id, error.problem)
                raise
            else:
                return True
        raise ChannelProblemError("unreadable_images")

    async def _publish(
        self, channel: Channel, post: NewPost, place: discord.abc.Messageable
    ) -> None:
        try:
            rendition = await self._services.images.rendition(post.image)
        except SourceUnavailableError as error:
            _log.exception("images_unavailable", post=post.post_id)
            raise ChannelProblemError("unreadable_images") from error
        language = await self._language(channel.channel_id)
        picture = Picture.of(post.image, rendition)
        card = PublicCard(self._services.texts, language, post.post_id, picture)
        alt_text = self._services.texts.say("card.alt_text", language)
        file = Upload.of(rendition, alt_text)
        message = await self._reach(channel.channel_id, place.send(view=card, file=file))
        await self._services.posts.confirm(post.post_id, message.id)

    # --- what Discord says

    async def _reach(self, channel_id: int, request: Awaitable[Answer]) -> Answer:
        """Wait for Discord; what it refuses becomes a problem of the channel."""
        try:
            return await request
        except discord.Forbidden as error:
            raise ChannelProblemError("no_permission") from error
        except discord.NotFound as error:
            raise ChannelProblemError("no_channel") from error
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
            _log.warning("discord_refused", channel=channel_id, reason=str(error))
            raise ChannelProblemError("discord_error") from error

    async def _language(self, channel_id: int) -> str:
        """Return the language of a channel's server: chosen there, else Discord's."""
        channel = self._bot.get_channel(channel_id)
        guild = getattr(channel, "guild", None)
        if guild is None:
            return self._services.texts.locale_for(None)
        chosen = await self._bot.languages.of_server(guild.id)
        return self._services.texts.locale_for(chosen, str(guild.preferred_locale))

    def _is_paused(self, channel_id: int) -> bool:
        pause = self._pauses.get(channel_id)
        return pause is not None and self._services.clock.now() < pause.until

    async def _note_problem(self, channel_id: int, problem: str) -> None:
        """Keep what is wrong where `/jury status` shows it, and leave the channel alone a while."""
        last = self._pauses.get(channel_id)
        failures = last.failures + 1 if last else 0
        delay = min(LAST_RETRY, FIRST_RETRY * 2 ** min(failures, 10))
        self._pauses[channel_id] = _Pause(failures, self._services.clock.now() + delay)
        await self._store_problem(channel_id, problem)

    async def _store_problem(self, channel_id: int, problem: str | None) -> None:
        now = self._services.clock.now()
        write = self._services.database.write
        if await write(lambda c: channels.set_problem(c, channel_id, problem, now)):
            _log.warning("channel_problem", channel=channel_id, problem=problem)
            if problem is not None:
                await self._services.alerts.notice("channel_problem", channel=channel_id)


class PublishingCog(commands.Cog):
    """Tells the publisher what happens to channels."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Give up the posts of a deleted channel."""
        await self._publisher.lose_channel(channel.id)

    @commands.Cog.listener()
    async def on_guild_channel_update(
        self, _before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """Try again at once: permissions or the age restriction may have changed."""
        self._publisher.wake(after.id)

    @commands.Cog.listener()
    async def on_guild_available(self, _guild: discord.Guild) -> None:
        """Serve the channels of a server that is back."""
        self._publisher.wake()


async def setup(bot: JuryBot) -> None:
    """Listen to channels; called by the bot before it connects."""
    await bot.add_cog(PublishingCog(bot.publisher))
