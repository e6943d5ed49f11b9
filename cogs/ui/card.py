"""The base of everything that the bot shows in Components V2."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import discord
from discord import ui

from bot.images.store import Rendition


class Card(ui.LayoutView):
    """A message of ours that discord.py sends and forgets.

    Its components are plain: a press is answered by the JuryItem whose template matches the
    custom_id, so it works after a restart. A stopped view is kept neither in memory nor by a
    timer; discord.py otherwise holds each ephemeral view for 15 minutes.
    """

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.stop()


class NoticeCard(Card):
    """One text in the place of a card."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.add_item(ui.TextDisplay(text))


class Upload(discord.File):
    """A file to send; Discord's API description wants its id as text, discord.py sends a number."""

    @classmethod
    def of(cls, rendition: Rendition, description: str | None = None) -> Upload:
        """Return a picture to send, with its alt text."""
        return cls(BytesIO(rendition.data), rendition.filename, description=description)

    def to_dict(self, index: int) -> dict[str, Any]:
        """Return what describes the file beside its bytes; called by discord.py."""
        return {**super().to_dict(index), "id": str(index)}
