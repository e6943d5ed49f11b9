"""What the votes say, for everybody: `/stats`."""

from __future__ import annotations

from io import BytesIO
from textwrap import shorten
from typing import TYPE_CHECKING, Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.statistics.pictures import Picture
from bot.trust.wording import escape
from cogs.ui.card import Card, Upload
from cogs.ui.edge import Exchange
from cogs.ui.horde import moment

if TYPE_CHECKING:
    from bot.client import JuryBot

FILENAME: Final = "stats.png"

MOST_ALT: Final = 1024
"""Characters of a description (Discord's API, unfurled media items of a gallery)."""

MOST_NAMES: Final = 500
"""Characters of the data sets' names."""

BETWEEN: Final = " \N{MIDDLE DOT} "
CUT: Final = " \N{HORIZONTAL ELLIPSIS}"


class StatisticsCard(Card):
    """The headline figures, and the plots as one picture, which its description says in words."""

    def __init__(self, exchange: Exchange, picture: Picture, data_sets: tuple[str, ...]) -> None:
        super().__init__()
        names = escape(shorten(", ".join(data_sets), MOST_NAMES, placeholder=CUT))
        figures = BETWEEN.join(picture.lines)
        self.add_item(
            ui.TextDisplay(
                f"### {exchange.say('statistics.title')}\n"
                f"{exchange.say('statistics.of_data_sets', names=names)}\n"
                f"**{figures}**\n"
                f"-# {exchange.say('statistics.shown', when=moment(picture.made_at, 'R'))}"
            )
        )
        gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
        alt = shorten(picture.alt, MOST_ALT, placeholder=CUT)
        self.add_item(gallery.add_item(media=f"attachment://{FILENAME}", description=alt))


class StatisticsCog(commands.Cog):
    """Figures of the data sets that may be used where somebody asks."""

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot

    @app_commands.command(name="stats")
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def stats(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show what the votes say."""
        await self._bot.edge.run(interaction, _show)


async def _show(exchange: Exchange) -> None:
    services = exchange.services
    usable = await services.access.usable_data_sets(exchange.caller)
    names = tuple(data_set.name for data_set in usable)
    if not names:
        await exchange.answer(exchange.say("statistics.none_here"))
        return
    await exchange.think()
    language = exchange.texts.locale_for(exchange.language)
    picture = await services.statistics_pictures.of(names, language)
    card = StatisticsCard(exchange, picture, names)
    await exchange.finish(card, Upload(BytesIO(picture.data), FILENAME))


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    await bot.add_cog(StatisticsCog(bot))
