"""What moderators do to raters: `/rater ban|unban|review`. Home server only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import discord
from discord import app_commands

from cogs.reviewing import show_next
from cogs.ui.edge import Exchange

if TYPE_CHECKING:
    from bot.client import JuryBot

REASON_CHARACTERS: Final = 500


class RaterGroup(app_commands.Group):
    """`/rater`."""

    def __init__(self, bot: JuryBot) -> None:
        super().__init__(
            name="rater",
            description="rater",
            guild_only=True,
            default_permissions=discord.Permissions(manage_messages=True),
        )
        self._bot = bot

    @app_commands.command(name="ban")
    async def ban(
        self,
        interaction: discord.Interaction[JuryBot],
        user: discord.User,
        reason: app_commands.Range[str, 1, REASON_CHARACTERS],
    ) -> None:
        """Ban a person from rating; what they voted no longer counts."""

        async def act(exchange: Exchange) -> None:
            await exchange.think()
            verdict = await exchange.services.bans.ban(exchange.caller, user.id, reason)
            self._bot.publisher.wake()
            key = "rater.banned" if verdict.changed else "rater.banned_before"
            await exchange.finish(exchange.say(key, user=user.mention))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="unban")
    async def unban(self, interaction: discord.Interaction[JuryBot], user: discord.User) -> None:
        """Lift a ban; what the person voted counts again."""

        async def act(exchange: Exchange) -> None:
            await exchange.think()
            verdict = await exchange.services.bans.unban(exchange.caller, user.id)
            self._bot.publisher.wake()
            key = "rater.unbanned" if verdict.changed else "rater.not_banned"
            await exchange.finish(exchange.say(key, user=user.mention))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="review")
    async def review(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show the reported image that has waited longest."""
        await self._bot.edge.run(interaction, show_next)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    if bot.home is not None:
        bot.tree.add_command(RaterGroup(bot), guild=bot.home)
