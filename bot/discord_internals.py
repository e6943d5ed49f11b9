"""Every touch of discord.py that its documentation does not promise; made for 2.7.

`check` looks for all of them at start, so that an incompatible library is one clear line instead
of a strange failure later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.app_commands.transformers import CommandParameter
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from bot.errors import JuryError


class IncompatibleLibraryError(JuryError):
    """The installed discord.py lacks something that this program relies on."""


def check() -> None:
    """Raise IncompatibleLibraryError unless everything that is used here is there."""
    missing = [name for name, there in _findings() if not there]
    if missing:
        raise IncompatibleLibraryError(
            f"discord.py {discord.__version__} lacks {', '.join(missing)}; install 2.7.1"
        )


def _findings() -> Iterator[tuple[str, bool]]:
    yield "Route.BASE", isinstance(getattr(Route, "BASE", None), str)
    gateway = getattr(DiscordWebSocket, "DEFAULT_GATEWAY", None)
    yield "DiscordWebSocket.DEFAULT_GATEWAY", isinstance(gateway, yarl.URL)
    for name in ("warn_nacl", "warn_dave"):
        yield f"VoiceClient.{name}", hasattr(discord.VoiceClient, name)
    yield "HTTPClient.get_bot_gateway", callable(getattr(HTTPClient, "get_bot_gateway", None))

    async def probe(interaction: discord.Interaction, argument: str) -> None: ...

    command: app_commands.Command[Any, ..., None] = app_commands.Command(
        name="probe", description="probe", callback=probe
    )
    parameter = getattr(command, "_params", {}).get("argument")
    yield "Command._params", isinstance(parameter, CommandParameter)


def use_api(address: str) -> None:
    """Send every REST call of this process to `address`, such as https://discord.com/api/v10."""
    Route.BASE = address


def expect_no_voice() -> None:
    """Keep discord.py from warning that it cannot speak: it never will here."""
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False


async def use_gateway_of_api(client: discord.Client) -> None:
    """Let every connection of this process go where the API's `/gateway/bot` says.

    discord.py asks there only for the first connection, and only if it chooses the shard count.
    """
    _, address, _ = await client.http.get_bot_gateway()
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(address)


def parameters(command: app_commands.Command[Any, ..., Any]) -> dict[str, CommandParameter]:
    """Return a command's parameters by their name in Python, to fill in their descriptions."""
    return command._params  # noqa: SLF001 - the public view of them is read-only
