"""What moderators do to images: `/image hide|restore`. Home server only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import discord
from discord import app_commands

from cogs.ui.edge import Exchange

if TYPE_CHECKING:
    from bot.client import JuryBot

CHOICE_CHARACTERS: Final = 100
"""What Discord takes of a choice's name."""


class ImageGroup(app_commands.Group):
    """`/image`."""

    def __init__(self, bot: JuryBot) -> None:
        super().__init__(
            name="image",
            description="image",
            guild_only=True,
            default_permissions=discord.Permissions(manage_messages=True),
        )
        self._bot = bot

    @app_commands.command(name="hide")
    async def hide(self, interaction: discord.Interaction[JuryBot], image: str) -> None:
        """Take an image out of sight."""

        async def act(exchange: Exchange) -> None:
            found = await exchange.services.moderation.find_image(exchange.caller, image)
            changed = await exchange.services.moderation.hide(exchange.caller, found.id)
            self._bot.publisher.wake()
            key = "image.hidden" if changed else "image.hidden_before"
            await exchange.answer(exchange.say(key, id=found.id))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="restore")
    async def restore(self, interaction: discord.Interaction[JuryBot], image: str) -> None:
        """Bring a hidden image back."""

        async def act(exchange: Exchange) -> None:
            found = await exchange.services.moderation.find_image(exchange.caller, image)
            changed = await exchange.services.moderation.restore(exchange.caller, found.id)
            self._bot.publisher.wake()
            key = "image.restored" if changed else "image.not_hidden"
            await exchange.answer(exchange.say(key, id=found.id))

        await self._bot.edge.run(interaction, act)

    @hide.autocomplete("image")
    @restore.autocomplete("image")
    async def complete_image(
        self, interaction: discord.Interaction[JuryBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer images by the beginning of their key."""
        exchange = await self._bot.edge.exchange(interaction)
        images = await exchange.services.moderation.suggest_images(exchange.caller, typed)
        return [
            app_commands.Choice(name=image.key[:CHOICE_CHARACTERS], value=f"#{image.id}")
            for image in images
        ]


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    if bot.home is not None:
        bot.tree.add_command(ImageGroup(bot), guild=bot.home)
