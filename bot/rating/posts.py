"""Public posts: opened in two steps, closed with a result, and what is done when they are lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from bot.clock import Clock
from bot.rating.results import Result
from bot.settings import Settings
from storage.channels import Channel
from storage.database import Database
from storage.images import Image


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post that has its row but no confirmed message yet."""

    post_id: int
    channel_id: int
    image: Image


@dataclass(frozen=True, slots=True)
class ClosingPost:
    """A post whose message is to be edited one last time.

    `result` and `prompt` are None where nothing may be shown: the image was hidden or broken.
    """

    post_id: int
    channel_id: int
    message_id: int
    image: Image
    result: Result | None
    prompt: str | None


class PostService:
    """What the publisher does, step by step; every step may be repeated after a crash."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, random: Random
    ) -> None: ...

    async def wanted(self, channel: Channel) -> int:
        """Return how many posts the channel lacks; 0 if it is not started."""
        raise NotImplementedError

    async def open_post(self, channel: Channel) -> NewPost | None:
        """Choose an image and write a pending post; None if no image can be shown there now."""
        raise NotImplementedError

    async def confirm(self, post_id: int, message_id: int) -> None:
        """Note the message of a pending post: it is open."""
        raise NotImplementedError

    async def lost(self, post_id: int, reason: str) -> None:
        """Give up a post whose message is gone or was never sent; `reason` goes to the log."""
        raise NotImplementedError

    async def lost_message(self, message_id: int) -> int | None:
        """Give up the post of a deleted message; return its channel, None if it had no post."""
        raise NotImplementedError

    async def lost_channel(self, channel_id: int) -> int:
        """Give up all posts of a channel that is gone; return how many there were."""
        raise NotImplementedError

    async def unconfirmed(self) -> tuple[NewPost, ...]:
        """Return posts that were pending when the program last stopped."""
        raise NotImplementedError

    async def due(self, now: datetime) -> tuple[ClosingPost, ...]:
        """Decide every close that is due and return all posts whose last edit is not done yet."""
        raise NotImplementedError

    async def closed(self, post_id: int) -> None:
        """Note that the last edit of a closing post was made."""
        raise NotImplementedError

    async def next_due(self) -> datetime | None:
        """Return when the next image closes, None if none is full and waiting."""
        raise NotImplementedError
