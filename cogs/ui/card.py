"""The base of everything that the bot shows in Components V2."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui


class Card(ui.LayoutView):
    """A message of ours that discord.py sends and forgets.

    Its components are plain: a press is answered by the JuryItem whose template matches the
    custom_id, so it works after a restart. A stopped view is kept neither in memory nor by a
    timer; discord.py otherwise holds each ephemeral view for 15 minutes.
    """

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.stop()


class Upload(discord.File):
    """A file to send; Discord's API description wants its id as text, discord.py sends a number."""

    def to_dict(self, index: int) -> dict[str, Any]:
        """Return what describes the file beside its bytes; called by discord.py."""
        return {**super().to_dict(index), "id": str(index)}
