"""Public posts: opened in two steps, closed with a result, and what is done when they are lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from sqlite3 import Connection

import structlog

from bot.clock import Clock
from bot.rating.choosing import choose
from bot.rating.results import Result, result_of
from bot.settings import Settings
from bot.trust.grants import may_use
from storage import image_stages, images, posts, public_posts, reservations
from storage.channels import Channel
from storage.choosing import Seeker
from storage.database import Database
from storage.images import RANDOM_KEY_BITS, Image
from storage.public_posts import Message

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post that has its row but no confirmed message yet."""

    post_id: int
    channel_id: int
    image: Image


@dataclass(frozen=True, slots=True)
class ClosingPost:
    """A post whose message is to be edited one last time.

    `result` and `prompt` are None where nothing may be shown: the image is hidden or broken, its
    scores were never revealed, or the server may not use the data set. `hidden`: by a moderator
    or by reports. `bare`: the message has no picture, or may have none.
    """

    post_id: int
    channel_id: int
    message_id: int
    image: Image
    result: Result | None
    prompt: str | None
    hidden: bool
    bare: bool


class PostService:
    """What the publisher does, step by step; every step may be repeated after a crash."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, random: Random
    ) -> None:
        self._database = database
        self._clock = clock
        self._home_guild_id = settings.home_guild_id
        self._pool_size = settings.pool_size
        self._close_delay = timedelta(seconds=settings.close_delay_seconds)
        self._random = random

    async def wanted(self, channel: Channel) -> int:
        """Return how many posts the channel lacks; 0 if it is not started."""
        if not channel.started:
            return 0
        alive = await self._database.read(
            lambda connection: public_posts.count_open(connection, channel.channel_id)
        )
        return max(0, channel.open_posts - alive)

    async def open_post(self, channel: Channel) -> NewPost | None:
        """Choose an image and write a pending post.

        None if the channel has all its posts, no image is left for it, or its server may not use
        the data set.
        """
        now = self._clock.now()
        start = self._random.getrandbits(RANDOM_KEY_BITS)
        seeker = Seeker(channel.data_set_id, channel.safe_only, channel_id=channel.channel_id)

        def unit(connection: Connection) -> NewPost | None:
            if public_posts.count_open(
                connection, channel.channel_id
            ) >= channel.open_posts or not may_use(
                connection, channel.data_set_id, {channel.guild_id}, self._home_guild_id
            ):
                return None
            image_id = choose(connection, seeker, start, now, self._pool_size)
            if image_id is None:
                return None
            post_id = posts.add_public(
                connection, image_id, channel.guild_id, channel.channel_id, now
            )
            image_stages.begin(connection, image_id)
            return NewPost(post_id, channel.channel_id, _image(connection, image_id))

        return await self._database.write(unit)

    async def confirm(self, post_id: int, message_id: int) -> None:
        """Note the message of a pending post: it is open."""
        now = self._clock.now()
        await self._database.write(
            lambda connection: public_posts.confirm(connection, post_id, message_id, now)
        )

    async def found(self, post_id: int, channel_id: int, message_id: int) -> None:
        """Note a message of a post that was not confirmed: it is open, or closes if given up."""
        now = self._clock.now()
        if await self._database.write(
            lambda connection: public_posts.adopt(connection, post_id, channel_id, message_id, now)
        ):
            _log.warning("post_found", post=post_id, message=message_id)

    async def lost(self, post_id: int, reason: str) -> None:
        """Give up a post whose message is gone or was never sent; `reason` goes to the log."""
        now = self._clock.now()
        await self._database.write(lambda connection: public_posts.lose(connection, post_id, now))
        _log.warning("post_lost", post=post_id, reason=reason)

    async def broken(self, post_id: int, reason: str = "") -> None:
        """Give up a post whose image cannot be shown, and the image; `reason` goes to the log."""
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            post = posts.by_id(connection, post_id)
            if post is not None:
                image_stages.mark_broken(connection, post.image_id)
                public_posts.lose(connection, post_id, now)

        await self._database.write(unit)
        _log.warning("image_broken", post=post_id, reason=reason)

    async def lost_channel(self, channel_id: int) -> int:
        """Give up all posts of a channel that is gone; return how many there were."""
        now = self._clock.now()
        return await self._database.write(
            lambda connection: public_posts.lose_channel(connection, channel_id, now)
        )

    async def unconfirmed(self) -> tuple[NewPost, ...]:
        """Return the pending posts; outside of a posting step nobody knows if they were sent."""
        return await self._database.read(
            lambda connection: tuple(
                NewPost(message.post_id, message.channel_id, _image(connection, message.image_id))
                for message in public_posts.in_state(connection, "pending")
            )
        )

    async def channels_with_unsafe(self) -> list[int]:
        """Return the channels with open posts of images that are not known to be safe."""
        return await self._database.read(public_posts.channels_with_unsafe)

    async def take_down_unsafe(self, channel_id: int) -> int:
        """Close the open posts of such images in a channel without a result; return how many."""
        now = self._clock.now()
        return await self._database.write(
            lambda connection: public_posts.close_unsafe(connection, channel_id, now)
        )

    async def due(self, now: datetime) -> tuple[ClosingPost, ...]:
        """Decide every close that is due and return all posts whose last edit is not done yet.

        The decision is one unit: from then on the image takes no votes in public, and its scores
        count as shown.
        """

        def unit(connection: Connection) -> tuple[ClosingPost, ...]:
            image_stages.bring_closes_forward(connection, now, self._close_delay)
            for image_id in public_posts.start_closing(connection, now, self._home_guild_id):
                image_stages.reveal(connection, image_id, now)
            image_stages.close(connection, now)
            reservations.forget_old(connection, now)
            return tuple(
                self._closing_post(connection, message, message.message_id)
                for message in public_posts.in_state(connection, "closing")
                if message.message_id is not None
            )

        return await self._database.write(unit)

    async def closed(self, post_id: int, *, hidden: bool = False) -> None:
        """Note that the edit of a closing post was made, `hidden` as `due` had it."""
        await self._database.write(
            lambda connection: public_posts.close(connection, post_id, withdrawn=hidden)
        )

    async def next_due(self) -> datetime | None:
        """Return when the next image closes, None if none is full and waiting."""
        return await self._database.read(public_posts.next_closing)

    def _closing_post(
        self, connection: Connection, message: Message, message_id: int
    ) -> ClosingPost:
        image = _image(connection, message.image_id)
        result = None
        if (
            image.revealed_at is not None
            and image.stage not in {"hidden", "broken"}
            and may_use(connection, image.data_set_id, {message.guild_id}, self._home_guild_id)
        ):
            result = result_of(connection, image.id)
        return ClosingPost(
            post_id=message.post_id,
            channel_id=message.channel_id,
            message_id=message_id,
            image=image,
            result=result,
            prompt=image.prompt if result is not None else None,
            hidden=image.stage == "hidden",
            bare=message.withdrawn,
        )


def _image(connection: Connection, image_id: int) -> Image:
    image = images.by_id(connection, image_id)
    assert image is not None  # noqa: S101 - a foreign key holds it
    return image
