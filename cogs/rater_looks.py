"""What moderators look at of raters: `/rater info|ratings|check|validate|unvalidate`.

With their buttons, and the context menu of users. Home server only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import discord
from discord import app_commands

from bot.errors import UnknownButtonError
from bot.trust.ratings import MOST_MINUTES
from cogs.banning import ask_for_ban, unban
from cogs.ui import custom_ids
from cogs.ui.dossier import DossierCard, picture_of
from cogs.ui.edge import Exchange
from cogs.ui.items import JuryItem
from cogs.ui.pressed import user_of
from cogs.ui.ratings import CHOICE, RatingsCard, check_text
from storage.rater_listing import Sieve

if TYPE_CHECKING:
    from bot.client import JuryBot

HOUR: Final = 60
"""Minutes that a check looks back where nobody says how many."""

SUSPECT: Final = 4
"""Points from the mean of the others from which a check counts a vote where nobody says."""

Score = app_commands.Range[int, 0, 10]


class RaterButton(JuryItem, template=custom_ids.RATER):
    """A look at a rater, or a word about them; the role is asked for anew."""

    async def press(self, exchange: Exchange) -> None:
        """Show what was asked for in place of the card."""
        user = user_of(self.groups)
        act = _ACTS.get(self.groups["action"])
        if act is None:
            raise UnknownButtonError
        await act(exchange, user)


class RatingsButton(JuryItem, template=custom_ids.RATINGS):
    """The next page of a rater's votes, or the one before."""

    async def press(self, exchange: Exchange) -> None:
        """Show the page in place of this one."""
        place, newer = int(self.groups["place"]), self.groups["way"] == "newer"
        page = await exchange.services.ratings.page(
            exchange.caller,
            int(self.groups["rater"]),
            _sieve(self.groups),
            before=None if newer else place,
            after=place if newer else None,
        )
        await exchange.respond(RatingsCard(exchange, page))


class RatingSelect(JuryItem, template=custom_ids.RATING):
    """Takes one vote of the page out, or brings it back."""

    async def press(self, exchange: Exchange) -> None:
        """Do what was chosen, and show the page as it is then."""
        choice = CHOICE.fullmatch(self.choices[0] if self.choices else "")
        if choice is None:
            raise UnknownButtonError
        look = partial(
            exchange.services.ratings.page,
            exchange.caller,
            int(self.groups["rater"]),
            _sieve(self.groups),
            before=int(self.groups["place"]) or None,
        )
        discord_id = (await look()).rater.discord_id
        assert discord_id is not None  # noqa: S101 - a page is of somebody who can be named
        voiding = exchange.services.voiding
        decide = voiding.void_vote if choice["act"] == "void" else voiding.restore_vote
        await decide(exchange.caller, discord_id, int(choice["image"]))
        await exchange.respond(RatingsCard(exchange, await look()))


async def info(interaction: discord.Interaction[JuryBot], user: discord.User) -> None:
    """Show what is known of a rater."""

    async def act(exchange: Exchange) -> None:
        await show_rater(exchange, user.id)

    await interaction.client.edge.run(interaction, act)


async def ratings(
    interaction: discord.Interaction[JuryBot],
    user: discord.User,
    scale: Literal["aesthetic", "artifacts"] = "aesthetic",
    *,
    at_least: Score | None = None,
    at_most: Score | None = None,
    divergence: Score | None = None,
) -> None:
    """Show a rater's votes, newest first."""
    sieve = Sieve(scale, at_least, at_most, divergence)

    async def act(exchange: Exchange) -> None:
        page = await exchange.services.ratings.of(exchange.caller, user.id, sieve)
        await exchange.answer(RatingsCard(exchange, page))

    await interaction.client.edge.run(interaction, act)


async def check(
    interaction: discord.Interaction[JuryBot],
    user: discord.User,
    minutes: app_commands.Range[int, 1, MOST_MINUTES] = HOUR,
    divergence: Score = SUSPECT,
) -> None:
    """Show the figures that the Ratings API has of a rater."""

    async def act(exchange: Exchange) -> None:
        found = await exchange.services.ratings.check(exchange.caller, user.id, minutes, divergence)
        await exchange.answer(check_text(exchange, found))

    await interaction.client.edge.run(interaction, act)


async def validate(interaction: discord.Interaction[JuryBot], user: discord.User) -> None:
    """Mark a rater as trusted."""

    async def act(exchange: Exchange) -> None:
        changed = await exchange.services.validation.validate(exchange.caller, user.id)
        key = "rater.validated" if changed else "rater.validated_before"
        await exchange.answer(exchange.say(key, user=user.mention))

    await interaction.client.edge.run(interaction, act)


async def unvalidate(interaction: discord.Interaction[JuryBot], user: discord.User) -> None:
    """Take the mark of trust away."""

    async def act(exchange: Exchange) -> None:
        changed = await exchange.services.validation.unvalidate(exchange.caller, user.id)
        key = "rater.unvalidated" if changed else "rater.not_validated"
        await exchange.answer(exchange.say(key, user=user.mention))

    await interaction.client.edge.run(interaction, act)


async def menu_info(interaction: discord.Interaction[JuryBot], user: discord.User) -> None:
    """Show what is known of the user who was clicked on."""

    async def act(exchange: Exchange) -> None:
        await show_rater(exchange, user.id)

    await interaction.client.edge.run(interaction, act)


async def show_rater(exchange: Exchange, discord_id: int) -> None:
    """Show the dossier: as a new answer, or in place of the card pressed."""
    dossier = await exchange.services.dossiers.of(exchange.caller, discord_id)
    await exchange.think()
    picture = await picture_of(exchange, dossier)
    await exchange.finish(DossierCard(exchange, dossier, picture), picture)


async def _show_ratings(exchange: Exchange, discord_id: int) -> None:
    page = await exchange.services.ratings.of(exchange.caller, discord_id, Sieve())
    await exchange.respond(RatingsCard(exchange, page))


async def _validate(exchange: Exchange, discord_id: int) -> None:
    await exchange.services.validation.validate(exchange.caller, discord_id)
    await show_rater(exchange, discord_id)


async def _unvalidate(exchange: Exchange, discord_id: int) -> None:
    await exchange.services.validation.unvalidate(exchange.caller, discord_id)
    await show_rater(exchange, discord_id)


_ACTS: Final[Mapping[str, Callable[[Exchange, int], Awaitable[None]]]] = {
    "info": show_rater,
    "ratings": _show_ratings,
    "validate": _validate,
    "unvalidate": _unvalidate,
    "ban": ask_for_ban,
    "unban": unban,
}


def _sieve(groups: Mapping[str, str]) -> Sieve:
    low, high, apart = (_number(groups[name]) for name in ("low", "high", "apart"))
    return Sieve(groups["scale"], low, high, apart)


def _number(text: str) -> int | None:
    return int(text) if text else None


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects, after `/rater`."""
    bot.answer(RaterButton, RatingsButton, RatingSelect)
    if bot.home is None:
        return
    group = bot.tree.get_command("rater", guild=bot.home)
    assert isinstance(group, app_commands.Group)  # noqa: S101 - added by cogs.raters
    for callback in (info, ratings, check, validate, unvalidate):
        name = callback.__name__
        group.add_command(app_commands.Command(name=name, description=name, callback=callback))
    menu = app_commands.ContextMenu(
        name=app_commands.locale_str("Rater: info", key="menu.rater_info"), callback=menu_info
    )
    menu.default_permissions = discord.Permissions(manage_messages=True)
    bot.tree.add_command(menu, guild=bot.home)
