"""The one base of every button and select that answers presses."""

from __future__ import annotations

import re
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.edge import Exchange

NEVER: Final = re.compile(r"(?!)")
"""The template of a base class: it matches nothing."""


class JuryItem(ui.DynamicItem[ui.Item[ui.LayoutView]], template=NEVER):
    """A component that is known by its custom_id alone, so that it survives every restart.

    A subclass names its template and says in `press` what a press does. Errors, language,
    counting and draining are the edge's; `groups` are the named parts of the custom_id.
    """

    def __init__(self, item: ui.Item[ui.LayoutView], groups: dict[str, str]) -> None:
        super().__init__(item)
        self.groups = groups

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Wrap the pressed component; called by discord.py."""
        return cls(item, match.groupdict())

    @classmethod
    def is_named_by(cls, custom_id: str) -> bool:
        """Tell whether the custom_id is one of this class."""
        pattern: re.Pattern[str] = cls.__discord_ui_compiled_template__
        return pattern.fullmatch(custom_id) is not None

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the press to the edge; called by discord.py."""
        await interaction.client.edge.run(interaction, self.press)

    async def press(self, exchange: Exchange) -> None:
        """Do what the component is for, and answer."""
        raise NotImplementedError

    @property
    def post_id(self) -> int:
        """The post that the custom_id names."""
        return int(self.groups["post"])

    @property
    def choices(self) -> list[str]:
        """What was chosen in a select."""
        return self.item.values if isinstance(self.item, ui.Select) else []
