"""What a server's managers do: `/jury setup|start|stop|status|bar|unbar`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import MissingPermissionsError
from cogs.ui.choices import data_set_choices
from cogs.ui.edge import Exchange
from cogs.ui.managing import StatusCard, permission_names, place_of
from storage.channels import Channel

if TYPE_CHECKING:
    from bot.client import JuryBot

REASON_CHARACTERS: Final = 500


@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class CommunityCog(commands.GroupCog, group_name="jury"):
    """The channels of a server; every command asks anew whether its caller manages it."""

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot

    @app_commands.command(name="setup")
    async def set_up(
        self,
        interaction: discord.Interaction[JuryBot],
        channel: discord.TextChannel,
        dataset: str,
        posts: app_commands.Range[int, 1, 10] = 3,
        images: Literal["safe", "all"] = "safe",
    ) -> None:
        """Choose what a channel shows."""

        async def act(exchange: Exchange) -> None:
            try:
                done = await exchange.services.channels.set_up(
                    exchange.caller,
                    place_of(channel),
                    dataset,
                    open_posts=posts,
                    safe_only=images == "safe",
                )
            except MissingPermissionsError as error:
                names = permission_names(exchange, error.missing)
                await exchange.answer(
                    exchange.say("jury.missing", channel=channel.mention, permissions=names)
                )
                return
            self._bot.publisher.wake(channel.id)
            key = "jury.changed" if done.started else "jury.set_up"
            await exchange.answer(
                exchange.count(key, posts, channel=channel.mention, dataset=done.data_set)
            )

        await self._bot.edge.run(interaction, act)

    @set_up.autocomplete("dataset")
    async def complete_data_set(
        self, interaction: discord.Interaction[JuryBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the data sets that were granted to this server."""
        exchange = await self._bot.edge.exchange(interaction)
        if not exchange.services.access.is_manager(exchange.caller):
            return []
        return await data_set_choices(exchange, typed)

    @app_commands.command(name="start")
    async def start(
        self, interaction: discord.Interaction[JuryBot], channel: discord.TextChannel | None = None
    ) -> None:
        """Show posts in one channel or in all that were set up."""

        async def act(exchange: Exchange) -> None:
            started = await exchange.services.channels.start(
                exchange.caller, channel.id if channel else None
            )
            for each in started:
                self._bot.publisher.wake(each.channel_id)
            await exchange.answer(exchange.say("jury.started", channels=_mentions(started)))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="stop")
    async def stop(
        self, interaction: discord.Interaction[JuryBot], channel: discord.TextChannel | None = None
    ) -> None:
        """Show no new posts."""

        async def act(exchange: Exchange) -> None:
            stopped = await exchange.services.channels.stop(
                exchange.caller, channel.id if channel else None
            )
            await exchange.answer(exchange.say("jury.stopped_now", channels=_mentions(stopped)))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="status")
    async def status(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show each channel of the server and what is wrong with it."""

        async def act(exchange: Exchange) -> None:
            guild = interaction.guild
            seen = guild.channels if guild is not None else ()
            places = {channel.id: place_of(channel) for channel in seen}
            status = await exchange.services.channels.status(exchange.caller, places)
            if status.channels or status.barred:
                await exchange.answer(StatusCard(exchange, status))
            else:
                await exchange.answer(exchange.say("error.not_set_up"))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="bar")
    async def bar(
        self,
        interaction: discord.Interaction[JuryBot],
        user: discord.User,
        reason: app_commands.Range[str, 1, REASON_CHARACTERS] | None = None,
    ) -> None:
        """Keep somebody from rating in this server."""

        async def act(exchange: Exchange) -> None:
            new = await exchange.services.bars.bar(exchange.caller, user.id, reason)
            key = "jury.barred" if new else "jury.barred_before"
            await exchange.answer(exchange.say(key, user=user.mention))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="unbar")
    async def unbar(self, interaction: discord.Interaction[JuryBot], user: discord.User) -> None:
        """Let somebody rate in this server again."""

        async def act(exchange: Exchange) -> None:
            changed = await exchange.services.bars.unbar(exchange.caller, user.id)
            key = "jury.unbarred" if changed else "jury.not_barred"
            await exchange.answer(exchange.say(key, user=user.mention))

        await self._bot.edge.run(interaction, act)


def _mentions(channels: list[Channel]) -> str:
    return ", ".join(f"<#{channel.channel_id}>" for channel in channels)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    await bot.add_cog(CommunityCog(bot))
