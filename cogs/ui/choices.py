"""What autocompletes offer."""

from __future__ import annotations

from typing import Final

from discord import app_commands

from cogs.ui.edge import Exchange

CHOICES: Final = 25
"""What Discord shows of an autocomplete."""


CHOICE_CHARACTERS: Final = 100
"""What Discord takes of a choice's name."""


async def data_set_choices(exchange: Exchange, typed: str) -> list[app_commands.Choice[str]]:
    """Offer the data sets that may be used here, those whose name contains what is typed."""
    usable = await exchange.services.access.usable_data_sets(exchange.caller)
    names = [each.name for each in usable if typed.casefold() in each.name.casefold()]
    return [app_commands.Choice(name=name, value=name) for name in names[:CHOICES]]


async def image_choices(exchange: Exchange, typed: str) -> list[app_commands.Choice[str]]:
    """Offer images by the beginning of their key; none to anybody but a moderator."""
    images = await exchange.services.moderation.suggest_images(exchange.caller, typed)
    return [
        app_commands.Choice(name=image.key[:CHOICE_CHARACTERS], value=f"#{image.id}")
        for image in images
    ]
