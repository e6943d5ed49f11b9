"""The last edit of a post: its result, or nothing but that it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import ImageUnreadableError, SourceUnavailableError
from bot.images.store import Rendition
from bot.rating.posts import ClosingPost
from cogs.publishing.problems import ChannelProblemError, ChannelProblems, GoneError, reaching
from cogs.ui.callers import is_age_restricted
from cogs.ui.card import Upload
from cogs.ui.cards import Picture
from cogs.ui.results import ResultCard

if TYPE_CHECKING:
    from bot.client import JuryBot


class Closing:
    """Edits the messages of closing posts. May be repeated: the same edit comes out."""

    def __init__(self, bot: JuryBot, problems: ChannelProblems) -> None:
        self._bot = bot
        self._services = bot.services
        self._problems = problems

    async def take_down_unsafe(self) -> None:
        """Have open posts closed that show what their channel may no longer show."""
        for channel_id in await self._services.posts.channels_with_unsafe():
            channel = self._bot.get_channel(channel_id)
            if channel is not None and not is_age_restricted(channel):
                await self._services.posts.take_down_unsafe(channel_id)
                await self._problems.note(channel_id, "not_age_restricted")

    async def close(self, post: ClosingPost) -> None:
        """Make the edit; raises ChannelProblemError where it is to be tried again."""
        try:
            with reaching(post.channel_id):
                await self._edit(post)
        except GoneError:
            await self._services.posts.lost(post.post_id, "its message is gone")
        else:
            await self._services.posts.closed(post.post_id, hidden=post.hidden)
        self._problems.closing.end(post.channel_id)

    async def _edit(self, post: ClosingPost) -> None:
        channel = self._bot.get_partial_messageable(post.channel_id)
        message = channel.get_partial_message(post.message_id)
        texts = self._services.texts
        language = await self._bot.language_of(post.channel_id)
        allowed = post.result is not None and self._may_show(post)
        rendition = await self._rendition(post) if allowed else None
        picture = Picture.of(post.image, rendition) if rendition is not None else None
        card = ResultCard(texts, language, post, picture, may_show=allowed)
        if rendition is None:
            await message.edit(view=card, attachments=[])
        elif post.bare:
            alt_text = texts.say("card.alt_text", language)
            await message.edit(view=card, attachments=[Upload.of(rendition, alt_text)])
        else:
            await message.edit(view=card)

    def _may_show(self, post: ClosingPost) -> bool:
        """Tell whether the channel may show the image; a channel out of sight is asked later."""
        if post.image.safe:
            return True
        channel = self._bot.get_channel(post.channel_id)
        if channel is None:
            raise ChannelProblemError("no_channel")
        return is_age_restricted(channel)

    async def _rendition(self, post: ClosingPost) -> Rendition | None:
        try:
            return await self._services.images.rendition(post.image)
        except (ImageUnreadableError, SourceUnavailableError):
            return None
