"""What raters do about their kudos: `/horde link|verify|status|unlink`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, ClassVar, Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.rewards.month import FILENAME, draw_month
from cogs.ui import custom_ids
from cogs.ui.card import Upload
from cogs.ui.edge import Exchange
from cogs.ui.horde import LinkedCard, ProofCard, ProvedCard, shown
from cogs.ui.horde_status import StatusCard, month_alt
from cogs.ui.items import JuryItem
from cogs.ui.modals import JuryModal

if TYPE_CHECKING:
    from bot.client import JuryBot

KEY_CHARACTERS: Final = (36, 300)
"""A UUID, and room for a link that holds it. Discord's clients send no API key, which has 22."""


class ProveButton(JuryItem, template=custom_ids.HORDE_PROVE):
    """Asks for the shared key."""

    async def press(self, exchange: Exchange) -> None:
        """Open the modal; the proof is checked when it comes back."""
        await exchange.interaction.response.send_modal(SharedKeyModal(exchange))


class SharedKeyModal(JuryModal):
    """The id of the shared key that proves an account."""

    template: ClassVar[re.Pattern[str]] = re.compile(custom_ids.HORDE_KEY)

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange.say("horde.key_title"), custom_ids.HORDE_KEY)
        shortest, longest = KEY_CHARACTERS
        key: ui.TextInput[SharedKeyModal] = ui.TextInput(
            custom_id="key", min_length=shortest, max_length=longest
        )
        self.add_item(
            ui.Label(
                text=exchange.say("horde.key_label"),
                description=exchange.say("horde.key_hint"),
                component=key,
            )
        )

    @classmethod
    async def submitted(
        cls, exchange: Exchange, groups: Mapping[str, str], values: Mapping[str, str]
    ) -> None:
        """Read the key and verify its owner's account; the steps stay until that is done."""
        del groups
        await exchange.think()
        linking = exchange.services.linking
        proved = await linking.finish_proof(exchange.caller, values.get("key", ""))
        await exchange.finish(ProvedCard(exchange, proved))


class HordeCog(commands.Cog):
    """Commands about the rater's own account and kudos alone."""

    horde = app_commands.Group(
        name="horde",
        description="horde",
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=False
        ),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot

    @horde.command(name="link")
    async def link(self, interaction: discord.Interaction[JuryBot], account: str) -> None:
        """Link an account by its name."""

        async def act(exchange: Exchange) -> None:
            await exchange.think()
            link = await exchange.services.linking.link(exchange.caller, account)
            await exchange.finish(LinkedCard(exchange, link))

        await self._bot.edge.run(interaction, act)

    @horde.command(name="verify")
    async def verify(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show how to prove an account."""

        async def act(exchange: Exchange) -> None:
            proof = await exchange.services.linking.begin_proof(exchange.caller)
            link = (await exchange.services.status.of(exchange.caller)).link
            await exchange.answer(ProofCard(exchange, proof, link))

        await self._bot.edge.run(interaction, act)

    @horde.command(name="status")
    async def status(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show what the caller earned and what became of it."""

        async def act(exchange: Exchange) -> None:
            status = await exchange.services.status.of(exchange.caller)
            if not any(status.month.kudos):
                await exchange.answer(StatusCard(exchange, status, with_month=False))
                return
            picture = await asyncio.to_thread(draw_month, status.month)
            alt = month_alt(exchange, status.month)
            file = Upload(BytesIO(picture), FILENAME, description=alt)
            await exchange.answer(StatusCard(exchange, status, with_month=True), file)

        await self._bot.edge.run(interaction, act)

    @horde.command(name="unlink")
    async def unlink(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Link no account any more."""

        async def act(exchange: Exchange) -> None:
            link = await exchange.services.linking.unlink(exchange.caller)
            if link is None:
                await exchange.answer(exchange.say("horde.not_linked"))
            else:
                on = "" if exchange.services.settings.rewards_on else "_off"
                await exchange.answer(exchange.say(f"horde.unlinked{on}", account=shown(link)))

        await self._bot.edge.run(interaction, act)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(ProveButton, SharedKeyModal)
    await bot.add_cog(HordeCog(bot))
