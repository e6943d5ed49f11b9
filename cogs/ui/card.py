"""The base of everything that the bot shows in Components V2."""

from __future__ import annotations

from discord import ui


class Card(ui.LayoutView):
    """A message of ours that discord.py sends and forgets.

    Its components are plain: a press is answered by the DynamicItem whose template matches the
    custom_id, so it works after a restart. A stopped view is kept neither in memory nor by a
    timer; discord.py otherwise holds each ephemeral view for 15 minutes.
    """

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.stop()
