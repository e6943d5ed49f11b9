"""What moderators do to images: `/image info|hide|restore`. Home server only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from cogs.ui.choices import image_choices
from cogs.ui.edge import Exchange
from cogs.ui.image_record import ImageRecordCard
from cogs.ui.reported_image import picture_of

if TYPE_CHECKING:
    from bot.client import JuryBot


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

    @app_commands.command(name="info")
    async def info(self, interaction: discord.Interaction[JuryBot], image: str) -> None:
        """Show what is known of an image."""

        async def act(exchange: Exchange) -> None:
            record = await exchange.services.image_records.of(exchange.caller, image)
            await exchange.think()
            picture = await picture_of(exchange, record.image)
            await exchange.finish(ImageRecordCard(exchange, record, picture), picture)

        await self._bot.edge.run(interaction, act)

    @info.autocomplete("image")
    @hide.autocomplete("image")
    @restore.autocomplete("image")
    async def complete_image(
        self, interaction: discord.Interaction[JuryBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer images by the beginning of their key."""
        return await image_choices(await self._bot.edge.exchange(interaction), typed)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    if bot.home is not None:
        bot.tree.add_command(ImageGroup(bot), guild=bot.home)
