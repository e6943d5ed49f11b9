"""Tells the publisher what happens to channels and servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from cogs.publishing.publisher import Publisher

if TYPE_CHECKING:
    from bot.client import JuryBot


class PublishingCog(commands.Cog):
    """Listens to what may end a channel's problem, or begin one."""

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
    async def on_guild_role_update(self, _before: discord.Role, after: discord.Role) -> None:
        """Try again at once: permissions may have changed."""
        await self._publisher.wake_server(after.guild.id)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Serve the channels of a server that is back."""
        await self._publisher.wake_server(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Serve the channels of a server that let the bot in again."""
        await self._publisher.wake_server(guild.id)


async def setup(bot: JuryBot) -> None:
    """Listen to channels; called by the bot before it connects."""
    await bot.add_cog(PublishingCog(bot.publisher))
