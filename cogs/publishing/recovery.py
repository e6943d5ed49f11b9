"""Finding messages that nobody noted: sent, but never confirmed; or deleted by somebody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from re import fullmatch
from typing import TYPE_CHECKING, Final

import discord

from bot.rating.posts import NewPost
from cogs.publishing.problems import UNREACHABLE, ChannelProblems, GoneError, RefusedError, reaching
from cogs.ui import custom_ids
from storage import public_posts

if TYPE_CHECKING:
    from bot.client import JuryBot

LOOK_BACK: Final = 50
"""How many messages of a channel are looked through for a post that was not confirmed."""


class Recovery:
    """Looks in channels for what the database does not know."""

    def __init__(self, bot: JuryBot, problems: ChannelProblems) -> None:
        self._bot = bot
        self._posts = bot.services.posts
        self._problems = problems
        self._strays: dict[int, tuple[int, int]] = {}

    def note_stray(self, post_id: int, message: discord.Message) -> None:
        """Have a pressed message looked at whose post takes no presses."""
        if post_id in posts_on(message):
            self._strays[post_id] = (message.channel.id, message.id)

    async def take_strays(self) -> None:
        """Have each stray taken down whose post was given up."""
        while self._strays:
            post_id, (channel_id, message_id) = self._strays.popitem()
            await self._posts.found(post_id, channel_id, message_id)

    async def unconfirmed(self) -> dict[int, list[NewPost]]:
        """Return the posts of which nobody knows whether they were sent, by channel."""
        found: dict[int, list[NewPost]] = defaultdict(list)
        for post in await self._posts.unconfirmed():
            if not self._problems.filling.holds(post.channel_id):
                found[post.channel_id].append(post)
        return found

    async def look_for(self, channel_id: int, sought: Sequence[NewPost]) -> None:
        """Open the posts whose message is in the channel, and give up the others."""
        try:
            with reaching(channel_id):
                channel = self._bot.get_partial_messageable(channel_id)
                messages = [message async for message in channel.history(limit=LOOK_BACK)]
        except (GoneError, RefusedError):
            messages = []
        found: dict[int, int] = {}
        for message in messages:
            if message.author == self._bot.user:
                found |= dict.fromkeys(posts_on(message), message.id)
        for post in sought:
            if post.post_id in found:
                await self._posts.found(post.post_id, channel_id, found[post.post_id])
            else:
                await self._posts.lost(post.post_id, "its message is not in the channel")

    async def open_messages(self) -> list[public_posts.Message]:
        """Return the open posts whose messages may have been deleted."""
        read = self._bot.services.database.read
        return await read(partial(public_posts.in_state, state="open"))

    async def look_up(self, post: public_posts.Message) -> None:
        """Give up an open post whose message was deleted."""
        if post.message_id is None:
            return
        channel = self._bot.get_partial_messageable(post.channel_id)
        try:
            await channel.fetch_message(post.message_id)
        except discord.NotFound:
            await self._posts.lost(post.post_id, "its message is gone")
        except UNREACHABLE:
            return


def posts_on(message: discord.Message) -> set[int]:
    """Return the posts that the score buttons of a message name."""
    matches = [fullmatch(custom_ids.VOTE, each) for each in _custom_ids(message.components)]
    return {int(match["post"]) for match in matches if match is not None}


def _custom_ids(components: Sequence[object]) -> Iterator[str]:
    for component in components:
        custom_id = getattr(component, "custom_id", None)
        if custom_id is not None:
            yield custom_id
        yield from _custom_ids(getattr(component, "children", ()))
