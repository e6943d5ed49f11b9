"""The bot: what it listens to, how commands are registered, and how it stops."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot import discord_internals
from bot.errors import UnknownButtonError
from bot.services import Services
from bot.settings import Settings
from bot.texts.languages import Languages
from cogs import (
    account,
    alerts,
    appeals,
    auditing,
    banning,
    captcha,
    community,
    horde,
    kudos,
    moderation,
    operator,
    rater_looks,
    raters,
    rating,
    reviewing,
    statistics,
)
from cogs.publishing import listener as publishing
from cogs.publishing.publisher import Publisher
from cogs.ui.callers import SharedServers
from cogs.ui.edge import Edge
from cogs.ui.items import JuryItem, find_item
from cogs.ui.modals import JuryModal, answer_modal
from cogs.ui.translator import CatalogueTranslator, describe
from storage import remembered

DISCORD_API: Final[str] = Settings.model_fields["discord_api_url"].default

DRAIN_SECONDS: Final = 3.0
"""Discord waits no longer than that for an answer."""

COGS: Final = (
    publishing.setup,
    rating.setup,
    captcha.setup,
    account.setup,
    horde.setup,
    community.setup,
    reviewing.setup,
    raters.setup,
    appeals.setup,
    moderation.setup,
    rater_looks.setup,
    banning.setup,
    auditing.setup,
    operator.setup,
    kudos.setup,
    statistics.setup,
    alerts.setup,
)
"""Each adds its cog, buttons and modals to the bot."""

_log = structlog.get_logger()


class JuryTree(app_commands.CommandTree["JuryBot"]):
    """The commands; what goes wrong before one of them runs is answered like everything else."""

    async def on_error(
        self, interaction: discord.Interaction[JuryBot], error: app_commands.AppCommandError
    ) -> None:
        """Answer an error that no command caught."""
        await self.client.edge.fail(interaction, error)


class JuryBot(commands.AutoShardedBot):
    """The Discord side of the program. Needs no privileged intent and keeps no members."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=JuryTree,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            shard_count=settings.shard_count,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.services = services
        self.languages = Languages(
            services.database, services.clock, services.access, services.enrolment
        )
        self.edge = Edge(services.texts, self.languages)
        self.shared_servers = SharedServers(
            self, services.database, services.clock, settings.home_guild_id
        )
        self.publisher = Publisher(self)
        self.items: tuple[type[JuryItem], ...] = ()
        self.modals: tuple[type[JuryModal], ...] = ()

    @property
    def home(self) -> discord.Object | None:
        """The server in which moderators' and operators' commands are registered."""
        guild_id = self.services.settings.home_guild_id
        return discord.Object(guild_id) if guild_id is not None else None

    def answer(self, *handlers: type[JuryItem | JuryModal]) -> None:
        """Have these buttons, selects and modals answered; their templates must not overlap."""
        self.items += tuple(h for h in handlers if issubclass(h, JuryItem))
        self.modals += tuple(h for h in handlers if issubclass(h, JuryModal))

    async def language_of(self, channel_id: int) -> str:
        """Return the language of a channel's server: chosen there, else Discord's."""
        guild = getattr(self.get_channel(channel_id), "guild", None)
        if guild is None:
            return self.services.texts.locale_for(None)
        chosen = await self.languages.of_server(guild.id)
        return self.services.texts.locale_for(chosen, str(guild.preferred_locale))

    async def setup_hook(self) -> None:
        """Add everything that answers; called once by discord.py, before it connects."""
        discord_internals.leave_components_unread(self)
        if not is_discords_own(self.services.settings):
            await discord_internals.use_gateway_of_api(self)
        for setup in COGS:
            await setup(self)
        await self.tree.set_translator(CatalogueTranslator(self.services.texts))
        await self._register(None)
        if self.home is not None:
            await self._register(self.home)

    async def close(self) -> None:
        """Take no new presses, let those in flight finish, then disconnect."""
        await self.edge.drain(DRAIN_SECONDS)
        await super().close()

    async def on_interaction(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Answer presses and modals, and politely what nothing knows."""
        if interaction.type is discord.InteractionType.component:
            data: Any = interaction.data
            item = find_item(self.items, data)
            if item is not None:
                await self.edge.run(interaction, item.press)
            else:
                await self.edge.fail(interaction, UnknownButtonError())
        elif interaction.type is discord.InteractionType.modal_submit and not await answer_modal(
            self.modals, interaction
        ):
            await self.edge.fail(interaction, UnknownButtonError())

    async def _register(self, guild: discord.Object | None) -> None:
        """Register commands if they differ from those registered last: Discord limits changes."""
        found = self.tree.get_commands(guild=guild)
        for command in found:
            if not isinstance(command, app_commands.ContextMenu):
                describe(command, self.services.texts)
        translator = self.tree.translator
        assert translator is not None  # noqa: S101 - set in setup_hook, for the type checker
        payload = [await c.get_translated_payload(self.tree, translator) for c in found]
        text = json.dumps([self.application_id, payload], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        name = f"commands:{guild.id if guild else 'global'}"
        database = self.services.database
        if await database.read(lambda c: remembered.recall(c, name)) == digest:
            return
        try:
            await self.tree.sync(guild=guild)
        except discord.Forbidden:
            _log.error("commands_not_registered", guild=guild.id if guild else None)
            return
        await database.write(lambda c: remembered.remember(c, name, digest))
        _log.info("commands_registered", guild=guild.id if guild else None, count=len(found))


def is_discords_own(settings: Settings) -> bool:
    """Tell whether the API address is Discord's own, the default."""
    return settings.discord_api_url == DISCORD_API
