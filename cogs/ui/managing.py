"""What managers read: which permissions are missing, and how each channel does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import discord
from discord import ui

from bot.rating.channels import NEEDED_PERMISSIONS, ChannelStatus, Place, ServerStatus
from bot.trust.wording import escape
from cogs.ui.callers import is_age_restricted
from cogs.ui.card import Card
from cogs.ui.edge import Exchange
from storage.bars import Barred

CHARACTERS: Final = 3800
"""Discord takes 4000 in one message."""

BARRED_CHARACTERS: Final = 1500
"""The part of it that barred members may fill."""


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
    """A line a channel, one for its problem, and a line a barred person; what Discord takes."""

    def __init__(self, exchange: Exchange, status: ServerStatus) -> None:
        super().__init__()
        barred = _part(
            exchange,
            f"### {exchange.say('jury.barred_title')}",
            [_barred_line(exchange, barred) for barred in status.barred],
            "jury.more_barred",
            BARRED_CHARACTERS,
        )
        title = f"### {exchange.say('jury.status_title')}"
        if not status.channels:
            title += f"\n{exchange.say('error.not_set_up')}"
        room = CHARACTERS - (len(barred) if status.barred else 0)
        lines = [_lines(exchange, channel) for channel in status.channels]
        self.add_item(ui.TextDisplay(_part(exchange, title, lines, "jury.more_channels", room)))
        if status.barred:
            self.add_item(ui.TextDisplay(barred))


def _part(exchange: Exchange, title: str, lines: Sequence[str], more: str, room: int) -> str:
    """Return a title with as many of the lines below it as have room, and how many have not."""
    text = title
    for number, line in enumerate(lines):
        if len(text) + len(line) > room:
            return f"{text}\n{exchange.count(more, len(lines) - number)}"
        text += f"\n{line}"
    return text


def _barred_line(exchange: Exchange, barred: Barred) -> str:
    user, until = f"<@{barred.discord_id}>", barred.bar.until
    since = _day(barred.barred_at)
    if until is None:
        line = exchange.say("jury.barred_line", user=user, since=since)
    else:
        line = exchange.say("jury.barred_line_until", user=user, since=since, until=_day(until))
    if barred.bar.placed_by == "moderator":
        line += f" ({exchange.say('jury.barred_by_moderators')})"
    return f"{line}\n> {escape(barred.reason)}" if barred.reason else line


def _day(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:D>"


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
