"""The publisher: keeps started channels at their number of open posts, and closes full ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import discord
import structlog

from bot.errors import ImageUnreadableError, SourceUnavailableError
from bot.rating.posts import NewPost
from cogs.publishing.closing import Closing
from cogs.publishing.problems import (
    FIRST_RETRY,
    ChannelProblemError,
    ChannelProblems,
    GoneError,
    Pauses,
    RefusedError,
    reaching,
)
from cogs.publishing.recovery import Recovery
from cogs.ui.callers import is_age_restricted
from cogs.ui.card import Upload
from cogs.ui.cards import Picture, PublicCard
from storage import channels
from storage.channels import Channel

if TYPE_CHECKING:
    from bot.client import JuryBot

AT_ONCE: Final = 8
"""Channels served at the same time; Discord takes 50 requests a second from a bot."""

SWEEP_EVERY: Final = timedelta(minutes=15)
"""How often open posts are looked up: without further intents Discord tells of no deletions."""

IDLE_SECONDS: Final = 60.0
"""The longest wait: other processes change channels and grants, and wake nobody."""

SHORTEST_WAIT_SECONDS: Final = 0.2
UNREADABLE_IN_A_ROW: Final = 5

_log = structlog.get_logger()


class Publisher:
    """Does all work on public posts in steps that may be repeated; its state is the database.

    `settle` does what is due now, once. `run` does so whenever it is woken or something is due;
    it belongs to the composition root, which starts and cancels it.
    """

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot
        self._services = bot.services
        self._problems = ChannelProblems(bot.services)
        self._recovery = Recovery(bot, self._problems)
        self._closing = Closing(bot, self._problems)
        self._woken = asyncio.Event()
        self._settling = asyncio.Lock()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._next_sweep = bot.services.clock.now() + SWEEP_EVERY
        self._is_draining = False

    def wake(self, channel_id: int | None = None) -> None:
        """Have due work done soon; a named channel is tried again whatever was wrong with it."""
        if channel_id is not None:
            self._problems.forget(channel_id)
        self._woken.set()

    async def wake_server(self, guild_id: int) -> None:
        """Have every channel of a server tried again, whatever was wrong with it."""
        for channel in await self._services.database.read(lambda c: channels.of_guild(c, guild_id)):
            self.wake(channel.channel_id)

    def note_stray(self, post_id: int, message: discord.Message) -> None:
        """Look at a message that was pressed and whose post takes no presses."""
        self._recovery.note_stray(post_id, message)
        self.wake()

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
        """Do all work that is due now, once: find what was sent, close, look for lost, fill up."""
        async with self._settling:
            now = self._services.clock.now()
            await self._recover()
            await self._close_due(now)
            if now >= self._next_sweep:
                self._next_sweep = now + SWEEP_EVERY
                await self._sweep()
            started = await self._services.database.read(channels.started)
            filling = self._problems.filling
            await self._each(
                (
                    (channel.channel_id, self._fill(channel))
                    for channel in started
                    if not filling.holds(channel.channel_id)
                ),
                filling,
            )

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
        await self._problems.note(channel_id, "no_channel")

    async def _each(self, steps: Iterable[tuple[int, Awaitable[None]]], pauses: Pauses) -> None:
        async def placed(channel_id: int, step: Awaitable[None]) -> None:
            async with self._places:
                await self._problems.attempt(channel_id, step, pauses)

        await asyncio.gather(*(placed(channel_id, step) for channel_id, step in steps))

    async def _seconds_until_due(self) -> float:
        now = self._services.clock.now()
        pauses = self._problems.filling, self._problems.closing
        moments = [end for each in pauses for end in each.ends()] + [self._next_sweep]
        closing = await self._services.posts.next_due()
        if closing is not None:
            moments.append(closing)
        soonest = (min(moments) - now).total_seconds()
        return min(IDLE_SECONDS, max(SHORTEST_WAIT_SECONDS, soonest))

    async def _recover(self) -> None:
        """Learn of messages that are not noted; a post is never sent a second time before that."""
        await self._recovery.take_strays()
        unconfirmed = await self._recovery.unconfirmed()
        await self._each(
            (
                (channel_id, self._recovery.look_for(channel_id, sought))
                for channel_id, sought in unconfirmed.items()
            ),
            self._problems.filling,
        )

    async def _close_due(self, now: datetime) -> None:
        await self._closing.take_down_unsafe()
        due = await self._services.posts.due(now)
        pauses = self._problems.closing
        await self._each(
            (
                (post.channel_id, self._closing.close(post))
                for post in due
                if not pauses.holds(post.channel_id)
            ),
            pauses,
        )

    async def _sweep(self) -> None:
        filling = self._problems.filling
        await self._each(
            (
                (post.channel_id, self._recovery.look_up(post))
                for post in await self._recovery.open_messages()
                if not filling.holds(post.channel_id)
            ),
            filling,
        )

    async def _fill(self, channel: Channel) -> None:
        place = self._place(channel)
        for _ in range(await self._services.posts.wanted(channel)):
            if self._is_draining or not await self._post_readable(channel, place):
                break
        self._problems.filling.end(channel.channel_id)
        if channel.problem is not None and channel.channel_id not in self._problems.closing:
            await self._problems.note(channel.channel_id, None)

    def _place(self, channel: Channel) -> discord.abc.Messageable:
        place = self._bot.get_channel(channel.channel_id)
        if place is None or not isinstance(place, discord.abc.Messageable):
            raise ChannelProblemError("no_channel")
        if not channel.safe_only and not is_age_restricted(place):
            raise ChannelProblemError("not_age_restricted")
        return place

    async def _post_readable(self, channel: Channel, place: discord.abc.Messageable) -> bool:
        """Post one image, passing over unreadable ones; False if none is left."""
        posts = self._services.posts
        for _ in range(UNREADABLE_IN_A_ROW):
            post = await posts.open_post(channel)
            if post is None:
                return False
            try:
                await self._publish(post, place)
            except ImageUnreadableError as error:
                await posts.broken(post.post_id, str(error))
                await self._services.alerts.notice("image_broken", image=post.image.id)
            except SourceUnavailableError as error:
                _log.exception("images_unavailable", post=post.post_id)
                await posts.lost(post.post_id, "its picture could not be read")
                raise ChannelProblemError("unreadable_images") from error
            except (GoneError, RefusedError) as error:
                await posts.lost(post.post_id, error.problem)
                raise
            else:
                return True
        raise ChannelProblemError("unreadable_images")

    async def _publish(self, post: NewPost, place: discord.abc.Messageable) -> None:
        """Send a post and confirm it; after any other failure `_recover` looks whether it came."""
        rendition = await self._services.images.rendition(post.image)
        language = await self._bot.language_of(post.channel_id)
        picture = Picture.of(post.image, rendition)
        card = PublicCard(self._services.texts, language, post.post_id, picture)
        file = Upload.of(rendition, self._services.texts.say("card.alt_text", language))
        with reaching(post.channel_id):
            # Discord answers with the first message where a request is repeated with its nonce.
            message = await place.send(view=card, file=file, nonce=f"post {post.post_id}")
        await self._services.posts.confirm(post.post_id, message.id)
