"""`/audit`: the log of what everybody did, for moderators. Home server only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.trust.acts import ACTIONS, LONGEST, REFUSED, refused
from bot.trust.auditing import Question
from cogs.raters import MOMENT_CHARACTERS
from cogs.ui import custom_ids
from cogs.ui.audit_log import ACTORS, AuditCard
from cogs.ui.choices import CHOICES, image_choices
from cogs.ui.edge import Exchange
from cogs.ui.items import JuryItem
from storage.audit import Filter, Who

if TYPE_CHECKING:
    from bot.client import JuryBot


class AuditButton(JuryItem, template=custom_ids.AUDIT):
    """The next page of the log, or the one before; the role is asked for anew."""

    async def press(self, exchange: Exchange) -> None:
        """Show the page in place of this one."""
        place, newer = int(self.groups["place"]), self.groups["way"] == "newer"
        page = await exchange.services.auditing.page(
            exchange.caller,
            self._wanted(),
            before=None if newer else place,
            after=place if newer else None,
        )
        await exchange.respond(AuditCard(exchange, page))

    def _wanted(self) -> Filter:
        groups = self.groups
        action = groups["action"]
        since = groups["since"]
        return Filter(
            actor=ACTORS.get(groups["actor"]),
            action=None if action in {"", REFUSED} else action,
            refused=action == REFUSED,
            rater=int(groups["rater"]) if groups["rater"] else None,
            image=int(groups["image"]) if groups["image"] else None,
            since=datetime.fromtimestamp(int(since), UTC) if since else None,
        )


async def audit(
    interaction: discord.Interaction[JuryBot],
    actor: Who | None = None,
    action: app_commands.Range[str, 1, LONGEST] | None = None,
    *,
    rater: discord.User | None = None,
    image: str | None = None,
    since: app_commands.Range[str, 1, MOMENT_CHARACTERS] | None = None,
) -> None:
    """Look through the audit log."""
    asked = Question(actor, action, None if rater is None else rater.id, image, since)

    async def act(exchange: Exchange) -> None:
        page = await exchange.services.auditing.search(exchange.caller, asked)
        await exchange.answer(AuditCard(exchange, page))

    await interaction.client.edge.run(interaction, act)


async def complete_action(
    interaction: discord.Interaction[JuryBot], typed: str
) -> list[app_commands.Choice[str]]:
    """Offer the log's own words; none to anybody but a moderator."""
    exchange = await interaction.client.edge.exchange(interaction)
    if not exchange.services.access.is_moderator(exchange.caller):
        return []
    wanted = typed.strip().casefold()
    of_refusals = wanted.startswith(REFUSED)
    words = [refused(action) if of_refusals else action for action in ACTIONS]
    names = [word for word in (REFUSED, *words) if wanted in word]
    return [app_commands.Choice(name=name, value=name) for name in names[:CHOICES]]


async def complete_image(
    interaction: discord.Interaction[JuryBot], typed: str
) -> list[app_commands.Choice[str]]:
    """Offer images by the beginning of their key."""
    return await image_choices(await interaction.client.edge.exchange(interaction), typed)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(AuditButton)
    if bot.home is None:
        return
    command: app_commands.Command[Any, ..., Any] = app_commands.Command(
        name="audit", description="audit", callback=audit
    )
    command.default_permissions = discord.Permissions(manage_messages=True)
    command.guild_only = True
    command.autocomplete("action")(complete_action)
    command.autocomplete("image")(complete_image)
    bot.tree.add_command(command, guild=bot.home)
