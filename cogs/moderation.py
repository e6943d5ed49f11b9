"""What moderators do: `/rater ban|unban|review`, `/image hide|restore`. Home server only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import discord
from discord import app_commands

from cogs.ui import custom_ids
from cogs.ui.card import NoticeCard
from cogs.ui.edge import Exchange
from cogs.ui.items import JuryItem
from cogs.ui.reviewing import LATER, ReviewCard, picture_of

if TYPE_CHECKING:
    from bot.client import JuryBot

CHOICE_CHARACTERS: Final = 100
"""What Discord takes of a choice's name."""

REASON_CHARACTERS: Final = 500


class ReviewButton(JuryItem, template=custom_ids.REVIEW):
    """A decision about a reported image; the role is asked for anew."""

    async def press(self, exchange: Exchange) -> None:
        """Decide, or not now, then show the next case in place of this one."""
        entry, action = int(self.groups["entry"]), self.groups["action"]
        if action == LATER:
            await _show_next(exchange, after=entry)
            return
        await exchange.services.review.decide(exchange.caller, entry, action)
        exchange.interaction.client.publisher.wake()
        await _show_next(exchange)


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
            verdict = await exchange.services.moderation.ban(exchange.caller, user.id, reason)
            self._bot.publisher.wake()
            key = "rater.banned" if verdict.changed else "rater.banned_before"
            await exchange.finish(exchange.say(key, user=user.mention))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="unban")
    async def unban(self, interaction: discord.Interaction[JuryBot], user: discord.User) -> None:
        """Lift a ban; what the person voted counts again."""

        async def act(exchange: Exchange) -> None:
            await exchange.think()
            verdict = await exchange.services.moderation.unban(exchange.caller, user.id)
            self._bot.publisher.wake()
            key = "rater.unbanned" if verdict.changed else "rater.not_banned"
            await exchange.finish(exchange.say(key, user=user.mention))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="review")
    async def review(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show the reported image that has waited longest."""
        await self._bot.edge.run(interaction, _show_next)


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


async def _show_next(exchange: Exchange, *, after: int = 0) -> None:
    """Show the next case: as a new answer to the command, in place of the card pressed."""
    case = await exchange.services.review.next_case(exchange.caller, after=after)
    if case is None:
        await exchange.respond(NoticeCard(exchange.say("review.nothing")))
        return
    picture = await picture_of(exchange, case)
    await exchange.respond(ReviewCard(exchange, case, picture), picture)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(ReviewButton)
    if bot.home is not None:
        bot.tree.add_command(RaterGroup(bot), guild=bot.home)
        bot.tree.add_command(ImageGroup(bot), guild=bot.home)
