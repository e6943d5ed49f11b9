"""What managers read: which permissions are missing, and how each channel does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import discord
from discord import ui

from bot.rating.channels import NEEDED_PERMISSIONS, ChannelStatus, Place
from cogs.ui.callers import is_age_restricted
from cogs.ui.card import Card
from cogs.ui.edge import Exchange

CHARACTERS: Final = 3800
"""Discord takes 4000 in one message."""


def place_of(channel: discord.abc.GuildChannel) -> Place:
    """Describe a channel by what the bot may do there now."""
    granted = channel.permissions_for(channel.guild.me)
    return Place(
        channel_id=channel.id,
        guild_id=channel.guild.id,
        age_restricted=is_age_restricted(channel),
        missing=tuple(name for name in NEEDED_PERMISSIONS if not getattr(granted, name)),
    )


def permission_names(exchange: Exchange, missing: Sequence[str]) -> str:
    """Return permissions by the names that Discord's settings show."""
    return ", ".join(f"**{exchange.say(f'permission.{name}')}**" for name in missing)


class StatusCard(Card):
    """A line a channel, and one for its problem; as many as Discord takes."""

    def __init__(self, exchange: Exchange, statuses: Sequence[ChannelStatus]) -> None:
        super().__init__()
        text = f"### {exchange.say('jury.status_title')}"
        for number, status in enumerate(statuses):
            lines = _lines(exchange, status)
            if len(text) + len(lines) > CHARACTERS:
                left = len(statuses) - number
                text += f"\n{exchange.count('jury.more_channels', left)}"
                break
            text += f"\n{lines}"
        self.add_item(ui.TextDisplay(text))


def _lines(exchange: Exchange, status: ChannelStatus) -> str:
    channel = status.channel
    line = exchange.say(
        "jury.status_line",
        channel=f"<#{channel.channel_id}>",
        dataset=channel.data_set,
        state=exchange.say("jury.running" if channel.started else "jury.stopped"),
        open=status.open_posts,
        wanted=channel.open_posts,
        images=exchange.say("jury.safe_only" if channel.safe_only else "jury.all_images"),
    )
    if status.lost_posts:
        line += f"\n> {exchange.count('jury.lost_posts', status.lost_posts)}"
    if status.problem is None:
        return line
    problem = status.problem
    if problem == "nothing_left" and channel.safe_only:
        problem = "nothing_left_safe"
    return f"{line}\n> \u26a0\ufe0f {exchange.say(f'problem.{problem}')}"
