"""What moderators do to images: `/image info|hide|restore|gold`. Home server only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.rating.scales import AESTHETIC, ARTIFACTS
from bot.trust.wording import REASON_LENGTH
from cogs.ui.choices import image_choices
from cogs.ui.edge import Exchange
from cogs.ui.gold import GoldListCard, gold_lines
from cogs.ui.image_record import ImageRecordCard
from cogs.ui.reported_image import picture_of

if TYPE_CHECKING:
    from bot.client import JuryBot

Scores = app_commands.Range[str, 1, 20]
"""What is typed for a scale: a score, a range, or a dash."""


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

    @app_commands.command(name="gold")
    async def gold(
        self,
        interaction: discord.Interaction[JuryBot],
        *,
        image: str | None = None,
        aesthetic: Scores | None = None,
        artifacts: Scores | None = None,
        explanation: app_commands.Range[str, 1, REASON_LENGTH] | None = None,
        retire: bool = False,
    ) -> None:
        """Say what is right on an image, look at one or all of them, or retire one."""
        given = {AESTHETIC.name: aesthetic, ARTIFACTS.name: artifacts}
        typed = {scale: text for scale, text in given.items() if text is not None}

        async def act(exchange: Exchange) -> None:
            gold = exchange.services.gold
            if image is None:
                await exchange.answer(GoldListCard(exchange, await gold.accepted(exchange.caller)))
                return
            found = await exchange.services.moderation.find_image(exchange.caller, image)
            if retire:
                entry = await gold.retire(exchange.caller, found.id)
            elif typed or explanation is not None:
                entry = await gold.mark(exchange.caller, found.id, typed, explanation)
            else:
                entry = await gold.look(exchange.caller, found.id)
            await exchange.answer("\n".join(gold_lines(exchange, entry)))

        await self._bot.edge.run(interaction, act)

    @gold.autocomplete("image")
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
