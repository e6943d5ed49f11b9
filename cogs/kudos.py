"""What operators do about kudos: `/kudos` and its buttons. Home server only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from cogs.ui import custom_ids
from cogs.ui.edge import Exchange
from cogs.ui.items import JuryItem
from cogs.ui.kudos import LATER, CaseCard, KudosCard

if TYPE_CHECKING:
    from bot.client import JuryBot


class KudosButton(JuryItem, template=custom_ids.KUDOS):
    """A button below the sums; that an operator presses it is checked anew."""

    async def press(self, exchange: Exchange) -> None:
        """Pause, resume or look; then show how it is now."""
        services, action = exchange.services, self.groups["action"]
        if action == "cases":
            await _show_case(exchange)
            return
        if action == "pause":
            await services.overview.pause(exchange.caller)
        elif action == "resume":
            await services.overview.resume(exchange.caller)
            services.payouts.wake()
        await _show(exchange)


class PayoutButton(JuryItem, template=custom_ids.PAYOUT):
    """An operator's word on a payout in doubt; that it is an operator's is checked anew."""

    async def press(self, exchange: Exchange) -> None:
        """Take the word, or not now, then show the next case in place of this one."""
        entry, answer = int(self.groups["entry"]), self.groups["answer"]
        if answer != LATER:
            await exchange.services.cases.settle(exchange.caller, entry, paid=answer == "paid")
            exchange.services.payouts.wake()
        await _show_case(exchange, after=entry)


class KudosCog(commands.Cog):
    """`/kudos`."""

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot

    @app_commands.command(name="kudos")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def kudos(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show what is owed and paid, and whether payouts go on."""
        await self._bot.edge.run(interaction, _show)


async def _show(exchange: Exchange) -> None:
    """Show the sums; the Horde is asked for the balance, so it may take a while."""
    await exchange.services.access.require_operator(exchange.caller, "kudos")
    await exchange.think()
    overview = await exchange.services.overview.of(exchange.caller)
    await exchange.finish(KudosCard(exchange, overview))


async def _show_case(exchange: Exchange, *, after: int = 0) -> None:
    """Show the next case, or the sums where no other is left."""
    case = await exchange.services.cases.next(exchange.caller, after=after)
    if case is None or case.item.id == after:
        await _show(exchange)
    else:
        await exchange.respond(CaseCard(exchange, case))


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(KudosButton, PayoutButton)
    if bot.home is not None:
        await bot.add_cog(KudosCog(bot), guild=bot.home)
