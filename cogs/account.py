"""What people do about themselves: `/me`, `/language`, `/privacy show|download|erase`."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.texts import LANGUAGES
from cogs.ui import custom_ids
from cogs.ui.card import NoticeCard, Upload
from cogs.ui.edge import Exchange
from cogs.ui.items import JuryItem
from cogs.ui.personal import (
    ConfirmErasureCard,
    ErasedCard,
    OverviewCard,
    PastCard,
    held_back,
)

if TYPE_CHECKING:
    from bot.client import JuryBot

AUTO: Final = "auto"


class PrivacyButton(JuryItem, template=custom_ids.PRIVACY):
    """The answer to whether everything is erased; it is about whoever presses, nobody else."""

    async def press(self, exchange: Exchange) -> None:
        """Erase the presser, or leave everything as it is."""
        if self.groups["answer"] == "keep":
            await exchange.respond(NoticeCard(exchange.say("privacy.kept_all")))
            return
        await exchange.think()
        erased = await exchange.services.erasure.erase(exchange.caller)
        exchange.interaction.client.languages.forget(exchange.caller.discord_id)
        await exchange.finish(ErasedCard(exchange, erased))


class AccountCog(commands.Cog):
    """Commands that show nobody anything but themselves."""

    privacy = app_commands.Group(
        name="privacy",
        description="privacy",
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=False
        ),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot

    @app_commands.command(name="me")
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def me(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show what the caller did, and how to change the vote just given."""

        async def act(exchange: Exchange) -> None:
            past = await exchange.services.personal_data.past(exchange.caller)
            await exchange.answer(PastCard(exchange, past))

        await self._bot.edge.run(interaction, act)

    @app_commands.command(name="language")
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def language(
        self,
        interaction: discord.Interaction[JuryBot],
        language: Literal["auto", "en", "de"],
        where: Literal["me", "server"] = "me",
    ) -> None:
        """Store a language for the caller, or by its managers for the server."""

        async def act(exchange: Exchange) -> None:
            chosen = None if language == AUTO else language
            if where == "server":
                await self._choose_for_server(exchange, chosen)
                return
            await self._bot.languages.set_for_rater(exchange.caller.discord_id, chosen)
            spoken = exchange.texts.locale_for(chosen, exchange.caller.locale)
            key = "language.auto" if chosen is None else "language.chosen"
            await exchange.answer(exchange.texts.say(key, spoken, language=LANGUAGES[spoken]))

        await self._bot.edge.run(interaction, act)

    async def _choose_for_server(self, exchange: Exchange, chosen: str | None) -> None:
        access = exchange.services.access
        guild_id = await access.require_manager(exchange.caller, "language.server")
        by = exchange.caller.discord_id
        await self._bot.languages.set_for_server(guild_id, chosen, by=by)
        key = "language.server_auto" if chosen is None else "language.server"
        await exchange.answer(exchange.say(key, language=LANGUAGES.get(chosen or "", "")))

    @privacy.command(name="show")
    async def show(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Show what is kept about the caller."""

        async def act(exchange: Exchange) -> None:
            overview = await exchange.services.personal_data.overview(exchange.caller)
            await exchange.answer(OverviewCard(exchange, overview))

        await self._bot.edge.run(interaction, act)

    @privacy.command(name="download")
    async def download(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Hand out everything that is kept about the caller."""

        async def act(exchange: Exchange) -> None:
            await exchange.think()
            download = await exchange.services.personal_data.download(
                exchange.caller, interaction.filesize_limit
            )
            if download is None:
                await exchange.finish(exchange.say("privacy.too_large"))
                return
            file = Upload(BytesIO(download.content), download.filename)
            said = [exchange.say("privacy.download")]
            if download.held_back_until is not None:
                said.append(held_back(exchange, download.held_back_until))
            if download.but_earned_before:
                said.append(exchange.say("privacy.download_before"))
            await exchange.finish("\n".join(said), file)

        await self._bot.edge.run(interaction, act)

    @privacy.command(name="erase")
    async def erase(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Ask whether everything about the caller is to be erased."""

        async def act(exchange: Exchange) -> None:
            stake = await exchange.services.erasure.at_stake(exchange.caller)
            await exchange.answer(ConfirmErasureCard(exchange, stake))

        await self._bot.edge.run(interaction, act)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(PrivacyButton)
    await bot.add_cog(AccountCog(bot))
