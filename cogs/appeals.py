"""What limited and banned raters do about that: `/appeal`; and how they are answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import aiohttp
import discord
from discord import app_commands, ui
from discord.ext import commands

from bot import discord_internals
from bot.trust.appeal_answers import NotSentError
from bot.trust.appeals import WORDS_LENGTH
from cogs.ui import custom_ids
from cogs.ui.appealing import StandingCard
from cogs.ui.card import NoticeCard
from cogs.ui.edge import Exchange
from cogs.ui.items import JuryItem
from cogs.ui.modals import JuryModal

if TYPE_CHECKING:
    from bot.client import JuryBot


class AppealButton(JuryItem, template=custom_ids.APPEAL_WRITE):
    """Asks for the words of an appeal; it is about whoever presses, nobody else."""

    async def press(self, exchange: Exchange) -> None:
        """Open the modal, for those who may write."""
        await exchange.services.appeals.require_cause(exchange.caller)
        await exchange.interaction.response.send_modal(AppealModal(exchange))


class AppealModal(JuryModal):
    """The words of an appeal."""

    template: ClassVar[re.Pattern[str]] = re.compile(custom_ids.APPEAL_WORDS)

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange.say("appeal.form.title"), custom_ids.APPEAL_WORDS)
        words: ui.TextInput[AppealModal] = ui.TextInput(
            custom_id="words", style=discord.TextStyle.paragraph, max_length=WORDS_LENGTH
        )
        self.add_item(
            ui.Label(
                text=exchange.say("appeal.form.words"),
                description=exchange.say("appeal.form.hint"),
                component=words,
            )
        )

    @classmethod
    async def submitted(
        cls, exchange: Exchange, groups: Mapping[str, str], values: Mapping[str, str]
    ) -> None:
        """Put the words before the moderators."""
        del groups
        words = values.get("words", "")
        await exchange.services.appeals.open(exchange.caller, exchange.id, words, exchange.language)
        await exchange.respond(NoticeCard(exchange.say("appeal.sent")))


class AppealCog(commands.Cog):
    """`/appeal`."""

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot

    @app_commands.command(name="appeal")
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def appeal(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show what limits the caller, and the way to the moderators."""

        async def act(exchange: Exchange) -> None:
            standing = await exchange.services.appeals.standing(exchange.caller)
            await exchange.answer(StandingCard(exchange, standing))

        await self._bot.edge.run(interaction, act)


class DiscordMessages:
    """Direct messages; whom Discord lets nobody write to is no error."""

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot

    async def send(self, discord_id: int, text: str) -> bool:
        """Send a message; False where this person takes none. Raises NotSentError."""
        try:
            channel_id = await discord_internals.direct_channel(self._bot, discord_id)
            await self._bot.get_partial_messageable(channel_id).send(text)
        except (discord.Forbidden, discord.NotFound):
            return False
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
            raise NotSentError(str(error)) from error
        return True


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(AppealButton, AppealModal)
    bot.services.answers.connect(DiscordMessages(bot))
    await bot.add_cog(AppealCog(bot))
