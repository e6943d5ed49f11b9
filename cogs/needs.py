"""What the bot must be allowed to do in a server, and the link that asks for exactly that."""

from __future__ import annotations

from typing import Final

import discord

NEEDED: Final = discord.Permissions(
    view_channel=True,
    send_messages=True,
    attach_files=True,
    read_message_history=True,  # to notice that a post was deleted
)
"""Needed in each channel with posts."""

SCOPES: Final = ("bot", "applications.commands")


def invite_link(application_id: int) -> str:
    """Return the address at which a manager lets the bot into a server."""
    return discord.utils.oauth_url(application_id, permissions=NEEDED, scopes=SCOPES)


def missing(granted: discord.Permissions) -> tuple[str, ...]:
    """Return the names of the needed permissions that `granted` lacks."""
    return tuple(name for name, wanted in NEEDED if wanted and not getattr(granted, name))
