"""From a Discord interaction to the Caller that services know."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import discord

from bot.caller import Caller
from bot.clock import Clock
from storage import data_sets
from storage.database import Database

if TYPE_CHECKING:
    from bot.client import JuryBot

SHARED_FOR: Final = timedelta(minutes=10)
"""How long a server is taken as shared before Discord is asked again."""

ASK_SECONDS: Final = 1.5
"""How long Discord may take to say who is a member; an interaction dies after 3 s."""


async def caller_of(interaction: discord.Interaction[JuryBot]) -> Caller:
    """Build the Caller of this very interaction: current roles, current channel."""
    user = interaction.user
    guild_id = interaction.guild_id
    guild_ids = (
        frozenset({guild_id})
        if guild_id is not None
        else await interaction.client.shared_servers.of(user.id)
    )
    return Caller(
        discord_id=user.id,
        locale=str(interaction.locale),
        guild_id=guild_id,
        channel_id=interaction.channel_id,
        guild_ids=guild_ids,
        role_ids=_roles(user),
        manages_server=guild_id is not None and interaction.permissions.manage_guild,
        age_restricted=is_age_restricted(interaction.channel),
        account_created_at=user.created_at,
    )


def is_age_restricted(channel: object) -> bool:
    """Tell whether Discord marks the channel; threads go by their parent, doubt means no."""
    if isinstance(channel, discord.Thread):
        return channel.parent is not None and channel.parent.is_nsfw()
    if isinstance(channel, discord.TextChannel | discord.VoiceChannel | discord.StageChannel):
        return channel.is_nsfw()
    return False


def _roles(user: discord.User | discord.Member) -> frozenset[int]:
    if isinstance(user, discord.Member):
        return frozenset(role.id for role in user.roles)
    return frozenset()


class SharedServers:
    """Which servers with data sets a person and the bot share, for direct messages.

    The bot keeps no members in memory, so Discord is asked, at most once in ten minutes a
    person and server. Whatever it does not answer in time is not shared.
    """

    def __init__(
        self, bot: JuryBot, database: Database, clock: Clock, home_guild_id: int | None
    ) -> None:
        self._bot = bot
        self._database = database
        self._clock = clock
        self._home = home_guild_id
        self._answers: dict[tuple[int, int], tuple[bool, datetime]] = {}
        self._asking: dict[tuple[int, int], asyncio.Task[None]] = {}

    async def of(self, discord_id: int) -> frozenset[int]:
        """Return the servers, out of those that may use any data set."""
        granted = await self._database.read(data_sets.every_granted_guild)
        serving = {*granted, *([self._home] if self._home is not None else [])}
        guilds = [guild for guild in map(self._bot.get_guild, serving) if guild is not None]
        self._drop_old()
        await self._ask(discord_id, [g for g in guilds if (g.id, discord_id) not in self._answers])
        no_answer = (False, None)
        return frozenset(
            g.id for g in guilds if self._answers.get((g.id, discord_id), no_answer)[0]
        )

    async def _ask(self, discord_id: int, guilds: Iterable[discord.Guild]) -> None:
        questions = [self._question(guild, discord_id) for guild in guilds]
        if questions:
            await asyncio.wait(questions)

    def _question(self, guild: discord.Guild, discord_id: int) -> asyncio.Task[None]:
        """Return the question to Discord that is under way, or a new one; presses share it."""
        key = (guild.id, discord_id)
        if key not in self._asking:
            self._asking[key] = asyncio.create_task(self._look(guild, discord_id))
            self._asking[key].add_done_callback(lambda _: self._asking.pop(key))
        return self._asking[key]

    async def _look(self, guild: discord.Guild, discord_id: int) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await guild.fetch_member(discord_id)
        except discord.NotFound:
            shared = False
        except (discord.HTTPException, TimeoutError):
            return
        else:
            shared = True
        self._answers[guild.id, discord_id] = (shared, self._clock.now() + SHARED_FOR)

    def _drop_old(self) -> None:
        now = self._clock.now()
        for key in [key for key, (_, until) in self._answers.items() if until <= now]:
            del self._answers[key]
