"""The channels in which alerts are shown: the operators', and one for moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from bot.trust.alerts import AlertsUndeliverableError

if TYPE_CHECKING:
    from bot.client import JuryBot

UNKNOWN_MESSAGE: Final = 10008
"""Discord's code for a message that was deleted."""

_UNREACHABLE: Final = (discord.HTTPException, aiohttp.ClientError, TimeoutError)


class DiscordAlerts:
    """Sends and edits alerts; what Discord refuses is one kind of error for the service."""

    def __init__(self, bot: JuryBot, channel_id: int) -> None:
        self._channel = bot.get_partial_messageable(channel_id)

    async def send(self, text: str) -> int:
        """Post an alert and return the message's id; raises AlertsUndeliverableError."""
        try:
            return (await self._channel.send(text)).id
        except _UNREACHABLE as error:
            raise AlertsUndeliverableError(str(error)) from error

    async def edit(self, message_id: int, text: str) -> bool:
        """Change an alert; False where it was deleted. Raises AlertsUndeliverableError."""
        try:
            await self._channel.get_partial_message(message_id).edit(content=text)
        except discord.NotFound as error:
            if error.code == UNKNOWN_MESSAGE:
                return False
            raise AlertsUndeliverableError(str(error)) from error
        except _UNREACHABLE as error:
            raise AlertsUndeliverableError(str(error)) from error
        return True


async def setup(bot: JuryBot) -> None:
    """Have alerts shown in the channels of the settings; called by the bot before it connects."""
    settings = bot.services.settings
    operators, moderators = (
        None if channel_id is None else DiscordAlerts(bot, channel_id)
        for channel_id in (settings.alert_channel_id, settings.moderator_channel_id)
    )
    if operators is not None or moderators is not None:
        bot.services.alerts.connect(operators, moderators)
