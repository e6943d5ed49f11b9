"""Banning by a form: from the menu of a user, and from a rater's card. Home server only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, get_args

import discord
from discord import app_commands, ui

from bot.errors import WordsNeededError, WrongValueError
from bot.trust.banning import Place, Sentence, Votes
from bot.trust.wording import REASON_LENGTH, tidy
from cogs.raters import LENGTHS
from cogs.ui import custom_ids, verdicts
from cogs.ui.edge import Exchange
from cogs.ui.modals import JuryModal
from cogs.ui.pressed import user_of

if TYPE_CHECKING:
    from bot.client import JuryBot

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "length": tuple(LENGTHS),
    "place": get_args(Place),
    "votes": get_args(Votes),
}
"""What is chosen of each, as `/rater ban` has it; texts are those of its options."""

CHOSEN: Final = {"length": "good", "place": "everywhere"}
"""What stands in the form when it opens, as where the command is not told. Of the votes nothing is
chosen: what becomes of them follows from the rest then."""


class BanModal(JuryModal):
    """Asks why, for how long, where, and what becomes of the ratings."""

    template: ClassVar[re.Pattern[str]] = re.compile(custom_ids.BAN)

    def __init__(self, exchange: Exchange, discord_id: int) -> None:
        super().__init__(exchange.say("ban.title"), custom_ids.ban(discord_id))
        self.add_item(ui.TextDisplay(exchange.say("ban.whom", user=f"<@{discord_id}>")))
        reason: ui.TextInput[BanModal] = ui.TextInput(
            custom_id="reason", style=discord.TextStyle.paragraph, max_length=REASON_LENGTH
        )
        self.add_item(
            ui.Label(
                text=exchange.say("ban.reason"),
                description=exchange.say("ban.reason_hint"),
                component=reason,
            )
        )
        for name in CHOICES:
            hint = None if name in CHOSEN else exchange.say(f"ban.{name}_hint")
            label = exchange.say(f"ban.{name}")
            choice = _choice(exchange, name)
            self.add_item(ui.Label(text=label, description=hint, component=choice))

    @classmethod
    async def submitted(
        cls, exchange: Exchange, groups: Mapping[str, str], values: Mapping[str, str]
    ) -> None:
        """Ban as the form says; a forged choice or an empty reason changes nothing."""
        user = user_of(groups)
        await _require(exchange, user)
        sentence, reason = _sentence(values), tidy(values.get("reason"))
        if sentence is None:
            raise WrongValueError
        if reason is None:
            raise WordsNeededError
        await exchange.think()
        verdict = await exchange.services.bans.ban(exchange.caller, user, reason, sentence)
        exchange.interaction.client.publisher.wake()
        await exchange.finish(verdicts.banned(exchange, f"<@{user}>", sentence, verdict))


async def ask_for_ban(exchange: Exchange, discord_id: int) -> None:
    """Open the form; only a moderator sees it, and not of themselves."""
    await _require(exchange, discord_id)
    await exchange.interaction.response.send_modal(BanModal(exchange, discord_id))


async def unban(exchange: Exchange, discord_id: int) -> None:
    """Lift a ban from a rater's card."""
    await exchange.think()
    verdict = await exchange.services.bans.unban(exchange.caller, discord_id)
    exchange.interaction.client.publisher.wake()
    await exchange.finish(verdicts.unbanned(exchange, f"<@{discord_id}>", verdict))


async def menu_ban(interaction: discord.Interaction[JuryBot], user: discord.User) -> None:
    """Ban the user who was clicked on."""

    async def act(exchange: Exchange) -> None:
        await ask_for_ban(exchange, user.id)

    await interaction.client.edge.run(interaction, act)


async def _require(exchange: Exchange, user: int) -> None:
    await exchange.services.access.require_moderator(exchange.caller, "rater.ban", about=user)


def _choice(exchange: Exchange, name: str) -> ui.RadioGroup[BanModal]:
    options = [
        discord.RadioGroupOption(
            label=exchange.say(f"command.rater.ban.{name}.choice.{value}"),
            value=value,
            default=value == CHOSEN.get(name),
        )
        for value in CHOICES[name]
    ]
    return ui.RadioGroup(custom_id=name, options=options, required=name in CHOSEN)


def _sentence(values: Mapping[str, str]) -> Sentence | None:
    """Return what was chosen; None for what no form of ours offers."""
    chosen = {name: values.get(name) or CHOSEN.get(name) for name in CHOICES}
    if any(one is not None and one not in CHOICES[name] for name, one in chosen.items()):
        return None
    length, place = str(chosen["length"]), chosen["place"]
    votes: dict[str | None, Votes] = {each: each for each in get_args(Votes)}
    return Sentence(
        LENGTHS[length], "here" if place == "here" else "everywhere", votes.get(chosen["votes"])
    )


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(BanModal)
    if bot.home is None:
        return
    menu = app_commands.ContextMenu(
        name=app_commands.locale_str("Rater: ban", key="menu.rater_ban"), callback=menu_ban
    )
    menu.default_permissions = discord.Permissions(manage_messages=True)
    bot.tree.add_command(menu, guild=bot.home)
