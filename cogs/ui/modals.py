"""The base of every modal: sent and forgotten, answered by its custom_id alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import discord
from discord import ui

from cogs.ui.edge import Exchange

if TYPE_CHECKING:
    from bot.client import JuryBot

TIMEOUT_SECONDS: Final = 900
"""An interaction's token lives 15 minutes; a modal sent later than that cannot be answered."""


class JuryModal(ui.Modal):
    """A modal whose custom_id says everything, so that it survives a restart.

    discord.py knows modals only by their object and drops what an earlier process sent; so they
    are answered from `on_interaction`. A stopped modal is not kept in memory.
    """

    template: ClassVar[re.Pattern[str]]

    def __init__(self, title: str, custom_id: str) -> None:
        super().__init__(title=title, custom_id=custom_id, timeout=TIMEOUT_SECONDS)
        self.stop()

    @classmethod
    async def submitted(
        cls, exchange: Exchange, groups: Mapping[str, str], values: Mapping[str, str]
    ) -> None:
        """Do what the modal is for, and answer; `values` are what was typed, by custom_id."""
        raise NotImplementedError


async def answer_modal(
    modals: tuple[type[JuryModal], ...], interaction: discord.Interaction[JuryBot]
) -> bool:
    """Pass a submitted modal to its class; False if none knows it."""
    data: Mapping[str, Any] = interaction.data or {}
    for modal in modals:
        match = modal.template.fullmatch(data["custom_id"])
        if match is not None:
            groups, values = match.groupdict(), dict(_values(data["components"]))

            async def submitted(
                exchange: Exchange,
                modal: type[JuryModal] = modal,
                groups: Mapping[str, str] = groups,
                values: Mapping[str, str] = values,
            ) -> None:
                await modal.submitted(exchange, groups, values)

            await interaction.client.edge.run(interaction, submitted)
            return True
    return False


def _values(components: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Find every typed value, whether it sits in a label or in an action row."""
    for component in components:
        if "value" in component:
            yield component["custom_id"], component["value"] or ""
        inner = component.get("components", [])
        yield from _values([component["component"]] if "component" in component else inner)
