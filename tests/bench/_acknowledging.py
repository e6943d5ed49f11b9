"""The bot that presses are measured against: the same card, and nothing but an acknowledgement."""

from __future__ import annotations

import os
import re
from typing import Any, Self

import discord
import uvloop
from discord import ui
from discord.ext import commands

from bot.discord_internals import use_api

TEMPLATE = r"vote:(?P<scale>[a-z_]+):(?P<value>\d+):(?P<post>\d+)"


class Score(ui.DynamicItem[ui.Item[ui.LayoutView]], template=TEMPLATE):
    """A score button of the card."""

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()


class Acknowledging(commands.AutoShardedBot):
    """Answers every score button."""

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Score)


async def main() -> None:
    use_api(os.environ["DISCORD_API_URL"])
    intents = discord.Intents(guilds=True)
    bot = Acknowledging(commands.when_mentioned, intents=intents, max_messages=None)
    async with bot:
        await bot.start(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    uvloop.run(main())
