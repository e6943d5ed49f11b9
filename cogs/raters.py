"""What moderators do to raters: `/rater ban|unban|revert|restore|review`. Home server only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

import discord
from discord import app_commands

from bot.trust.banning import Place, Sentence, Votes
from cogs.reviewing import show_next
from cogs.ui import verdicts
from cogs.ui.choices import CHOICES
from cogs.ui.edge import Exchange

if TYPE_CHECKING:
    from bot.client import JuryBot

REASON_CHARACTERS: Final = 500
MOMENT_CHARACTERS: Final = 40

LENGTHS: Final[Mapping[str, timedelta | None]] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "good": None,
}
"""How long a ban may be; None: until it is lifted."""


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
        length: Literal["hour", "day", "week", "month", "good"] = "good",
        *,
        place: Place = "everywhere",
        votes: Votes | None = None,
    ) -> None:
        """Ban a person from rating."""
        sentence = Sentence(LENGTHS[length], place, votes)

        async def act(exchange: Exchange) -> None:
            await exchange.think()
            verdict = await exchange.services.bans.ban(exchange.caller, user.id, reason, sentence)
            self._bot.publisher.wake()
            await exchange.finish(verdicts.banned(exchange, user.mention, sentence, verdict))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="unban")
    async def unban(self, interaction: discord.Interaction[JuryBot], user: discord.User) -> None:
        """Lift a ban; what it took out counts again."""

        async def act(exchange: Exchange) -> None:
            await exchange.think()
            verdict = await exchange.services.bans.unban(exchange.caller, user.id)
            self._bot.publisher.wake()
            await exchange.finish(verdicts.unbanned(exchange, user.mention, verdict))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="revert")
    async def revert(
        self,
        interaction: discord.Interaction[JuryBot],
        user: discord.User,
        since: app_commands.Range[str, 1, MOMENT_CHARACTERS],
        reason: app_commands.Range[str, 1, REASON_CHARACTERS] | None = None,
    ) -> None:
        """Take out what a person rated since a moment."""

        async def act(exchange: Exchange) -> None:
            await exchange.think()
            done = await exchange.services.voiding.revert(exchange.caller, user.id, since, reason)
            self._bot.publisher.wake()
            await exchange.finish(verdicts.reverted(exchange, user.mention, done))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="restore")
    async def restore(
        self,
        interaction: discord.Interaction[JuryBot],
        user: discord.User,
        revert: app_commands.Range[int, 1] | None = None,
    ) -> None:
        """Bring back what was reverted."""

        async def act(exchange: Exchange) -> None:
            await exchange.think()
            done = await exchange.services.voiding.restore(exchange.caller, user.id, revert)
            self._bot.publisher.wake()
            await exchange.finish(verdicts.restored(exchange, user.mention, done))

        await self._bot.edge.run(interaction, act)

    @restore.autocomplete("revert")
    async def complete_revert(
        self, interaction: discord.Interaction[JuryBot], _: str
    ) -> list[app_commands.Choice[int]]:
        """Offer the reverts of the chosen person that are in force."""
        exchange = await self._bot.edge.exchange(interaction)
        user = interaction.namespace.user
        if user is None:
            return []
        reverts = await exchange.services.voiding.reverts(exchange.caller, user.id)
        return [
            app_commands.Choice(name=verdicts.revert_name(exchange, revert), value=revert.id)
            for revert in reverts[:CHOICES]
        ]

    @app_commands.command(name="review")
    async def review(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show the case that has waited longest: a report, a suspect, an appeal, a candidate."""
        await self._bot.edge.run(interaction, show_next)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    if bot.home is not None:
        bot.tree.add_command(RaterGroup(bot), guild=bot.home)
