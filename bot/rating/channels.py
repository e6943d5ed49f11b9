"""Channels that show posts: set up, started, stopped and looked at by a server's managers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import (
    MissingPermissionsError,
    NotAgeRestrictedError,
    NotSetUpError,
)
from bot.settings import Settings
from bot.trust.access import AccessService
from bot.trust.grants import may_use
from storage import bars, channels, choosing
from storage.bars import Barred
from storage.channels import Channel
from storage.choosing import Seeker
from storage.database import Database

NEEDED_PERMISSIONS: Final = (
    "view_channel",
    "send_messages",
    "attach_files",
    "read_message_history",
)
"""What the bot must be allowed in a channel of posts, by Discord's names."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel as Discord describes it at this moment; `missing` are needed permissions."""

    channel_id: int
    guild_id: int
    age_restricted: bool
    missing: tuple[str, ...]

    def problem(self, channel: Channel) -> str | None:
        """Return what keeps this place from showing the channel's posts: a key `problem.<...>`."""
        if self.missing:
            return "no_permission"
        if not channel.safe_only and not self.age_restricted:
            return "not_age_restricted"
        return None


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """One channel: its posts, and what is wrong as a key `problem.<...>`, None if nothing.

    `lost_posts` are those of the last 24 hours whose message is gone, or was never seen.
    """

    channel: Channel
    open_posts: int
    lost_posts: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What a server's managers want to know: its channels, and whom it bars, the latest first."""

    channels: tuple[ChannelStatus, ...]
    barred: tuple[Barred, ...]


class ChannelService:
    """Everything here belongs to the server of the caller, who must manage it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        access: AccessService,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._access = access

    async def set_up(
        self, caller: Caller, place: Place, data_set: str, *, open_posts: int, safe_only: bool
    ) -> Channel:
        """Have a channel show `open_posts` (1-10) posts of a data set once it is started.

        Raises NotAllowedError, UnknownDataSetError, MissingPermissionsError,
        NotAgeRestrictedError for a channel that is to show all images and is not.
        """
        guild_id = await self._access.require_manager(caller, "jury.setup", of_guild=place.guild_id)
        chosen = await self._access.data_set(caller, data_set)
        if place.missing:
            raise MissingPermissionsError(place.missing)
        if not safe_only and not place.age_restricted:
            raise NotAgeRestrictedError
        now = self._clock.now()

        def unit(connection: Connection) -> Channel:
            before = channels.by_id(connection, place.channel_id)
            channels.set_up(
                connection,
                channel_id=place.channel_id,
                guild_id=guild_id,
                data_set_id=chosen.id,
                open_posts=open_posts,
                safe_only=safe_only,
                now=now,
            )
            after = _known(channels.by_id(connection, place.channel_id))
            if before is None or _settings(before) != _settings(after):
                self._record(connection, caller, "jury.setup", after)
            return after

        return await self._database.write(unit)

    async def start(self, caller: Caller, channel_id: int | None = None) -> list[Channel]:
        """Start one channel, or all of the server. Raises NotAllowedError, NotSetUpError."""
        return await self._set_started(caller, channel_id, started=True)

    async def stop(self, caller: Caller, channel_id: int | None = None) -> list[Channel]:
        """Open no new posts; open ones stay until they are full.

        Raises NotAllowedError, NotSetUpError.
        """
        return await self._set_started(caller, channel_id, started=False)

    async def status(self, caller: Caller, places: Mapping[int, Place]) -> ServerStatus:
        """Return how each channel of the caller's server does, and whom the server bars.

        `places` are the server's channels that the bot sees; one that is missing there was
        deleted or closed to the bot. Raises NotAllowedError.
        """
        guild_id = await self._access.require_manager(caller, "jury.status")
        now = self._clock.now()

        def query(connection: Connection) -> ServerStatus:
            open_posts = channels.open_posts(connection, guild_id)
            lost_posts = channels.lost_posts(connection, guild_id, now - timedelta(days=1))
            statuses = (
                ChannelStatus(
                    channel,
                    open_posts[channel.channel_id],
                    lost_posts.get(channel.channel_id, 0),
                    self._obstacle(connection, channel, places.get(channel.channel_id))
                    or _noted(channel)
                    or _shortage(connection, channel, open_posts[channel.channel_id], now),
                )
                for channel in channels.of_guild(connection, guild_id)
            )
            return ServerStatus(tuple(statuses), tuple(bars.of_guild(connection, guild_id, now)))

        return await self._database.read(query)

    def _obstacle(
        self, connection: Connection, channel: Channel, place: Place | None
    ) -> str | None:
        if place is None:
            return "no_channel"
        home = self._settings.home_guild_id
        if not may_use(connection, channel.data_set_id, {channel.guild_id}, home):
            return "not_granted"
        return place.problem(channel)

    async def _set_started(
        self, caller: Caller, channel_id: int | None, *, started: bool
    ) -> list[Channel]:
        action = "jury.start" if started else "jury.stop"
        guild_id = await self._access.require_manager(caller, action)

        def unit(connection: Connection) -> list[Channel]:
            chosen = [
                channel
                for channel in channels.of_guild(connection, guild_id)
                if channel_id in {None, channel.channel_id}
            ]
            if not chosen:
                raise NotSetUpError
            for each in chosen:
                channels.set_started(connection, each.channel_id, started=started)
                if each.started != started:
                    self._record(connection, caller, action, each)
            return [_known(channels.by_id(connection, each.channel_id)) for each in chosen]

        return await self._database.write(unit)

    def _record(
        self, connection: Connection, caller: Caller, action: str, channel: Channel
    ) -> None:
        self._access.record_manager(
            connection,
            action,
            f"channel:{channel.channel_id}",
            guild_id=channel.guild_id,
            by=caller.discord_id,
        )


def _settings(channel: Channel) -> Channel:
    """Return the channel without what is only noticed."""
    return replace(channel, problem=None, problem_at=None)


def _noted(channel: Channel) -> str | None:
    """Return the problem that was met last, unless it is one that would be seen right now."""
    return None if channel.problem in {"no_channel", "not_age_restricted"} else channel.problem


def _shortage(
    connection: Connection, channel: Channel, open_posts: int, now: datetime
) -> str | None:
    """Tell whether the channel lacks posts because no image is left for it."""
    if not channel.started or open_posts >= channel.open_posts:
        return None
    seeker = Seeker(channel.data_set_id, channel.safe_only, channel_id=channel.channel_id)
    if choosing.begun(connection, seeker, 0, now) or choosing.waiting(connection, seeker, 0):
        return None
    return "nothing_left"


def _known(channel: Channel | None) -> Channel:
    if channel is None:
        raise LookupError("the channel was just written")
    return channel
