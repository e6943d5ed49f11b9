"""A home server for tests of trust and privacy: all services over the rating core's world."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.caller import Caller
from bot.services import Services, build_services
from storage import audit, data_sets
from storage.audit import AuditEntry
from tests.rating.world import HOME, World

MODERATORS = 300
MODERATOR = 31
OPERATOR = 41
STRANGE_SERVER = 7000
STRANGE_CHANNEL = 7100
CHANNEL = 2000


def caller(discord_id: int, *, roles: tuple[int, ...] = (), manages_server: bool = False) -> Caller:
    """Return somebody in the home server."""
    return Caller(
        discord_id,
        guild_id=HOME,
        channel_id=CHANNEL,
        guild_ids=frozenset({HOME}),
        role_ids=frozenset(roles),
        manages_server=manages_server,
    )


@dataclass
class Home:
    """A world with one channel, and the people of the home server."""

    world: World
    services: Services
    posts: int = 0

    @property
    def moderator(self) -> Caller:
        return caller(MODERATOR, roles=(MODERATORS,))

    @property
    def manager(self) -> Caller:
        return caller(51, manages_server=True)

    async def post(self, *, target: int = 3, message_id: int | None = None) -> int:
        """Open a public post of a new image; ten in a channel, then in the next."""
        data_set = await self.world.data_set(1, target=target)
        full, there = divmod(self.posts, 10)
        channel = await self.world.channel(
            data_set, channel_id=CHANNEL + full, open_posts=there + 1
        )
        self.posts += 1
        new = await self.services.posts.open_post(channel)
        assert new is not None
        await self.services.posts.confirm(new.post_id, message_id or new.post_id + 5000)
        return new.post_id

    async def post_elsewhere(self) -> int:
        """Open a public post of a new image in another server, to which the data set is granted."""
        data_set = await self.world.data_set(1)
        now = self.world.clock.now()
        await self.world.database.write(
            lambda c: data_sets.grant(c, data_set.id, STRANGE_SERVER, now)
        )
        channel = await self.world.channel(
            data_set, channel_id=STRANGE_CHANNEL, guild_id=STRANGE_SERVER, open_posts=10
        )
        return await self.world.public_post(channel)

    async def raters(self, *discord_ids: int) -> None:
        for discord_id in discord_ids:
            await self.services.voting.agree(caller(discord_id))

    async def log(self) -> list[AuditEntry]:
        """Return the audit log, the newest entry first."""
        return await self.world.database.read(lambda c: audit.latest(c, 100))

    async def actions(self) -> list[str]:
        return [entry.action for entry in await self.log()]


@asynccontextmanager
async def open_home(folder: Path, **changes: object) -> AsyncIterator[Home]:
    world = await World.open(
        folder / "jury.db",
        hash_key_file=folder / "hash.key",
        media_dir=folder / "media",
        moderator_role_id=MODERATORS,
        operator_ids=str(OPERATOR),
        **changes,
    )
    try:
        services = build_services(world.settings, world.database, world.clock, world.random)
        world.voting = services.voting
        try:
            yield Home(world, services)
        finally:
            await services.images.close()
    finally:
        await world.database.close()


def elsewhere(who: Caller) -> Caller:
    """Return the same person, with the same roles, in a stranger's server that they manage."""
    return replace(
        who, guild_id=STRANGE_SERVER, guild_ids=frozenset({STRANGE_SERVER}), manages_server=True
    )


def visitor(discord_id: int) -> Caller:
    """Return somebody in the other server, in the channel of its posts."""
    return Caller(
        discord_id,
        guild_id=STRANGE_SERVER,
        channel_id=STRANGE_CHANNEL,
        guild_ids=frozenset({STRANGE_SERVER}),
    )


def in_direct_messages(who: Caller, *guild_ids: int) -> Caller:
    """Return the same person in a direct message, sharing these servers with the bot.

    Without any: the server that they were in.
    """
    shared = frozenset(guild_ids) or who.guild_ids
    return replace(who, guild_id=None, guild_ids=shared)
