"""Every touch of discord.py that its documentation does not promise; made for 2.7.

`check` looks for all of them at start, so that an incompatible library is one clear line instead
of a strange failure later.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, cast

import discord
import yarl
from discord import app_commands
from discord.app_commands.transformers import CommandParameter
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, MultipartParameters, Route
from discord.state import ConnectionState
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from bot.errors import JuryError

if TYPE_CHECKING:
    import aiohttp
    from discord.types.interactions import InteractionCallback

_PRESSED: Final = "INTERACTION_CREATE"
_UNREAD: Final = "jury_components"
"""Where in the data of an interaction the components of the pressed message are kept."""


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
    for name in ("get_bot_gateway", "start_private_message"):
        yield f"HTTPClient.{name}", callable(getattr(HTTPClient, name, None))
    yield "async_context", isinstance(async_context, ContextVar)
    yield "AsyncWebhookAdapter.request", hasattr(AsyncWebhookAdapter, "request")
    answering = getattr(AsyncWebhookAdapter, "create_interaction_response", None)
    brief = inspect.signature(BriefAdapter.create_interaction_response).parameters
    yield (
        "AsyncWebhookAdapter.create_interaction_response",
        answering is not None and inspect.signature(answering).parameters.keys() == brief.keys(),
    )
    yield "Client._connection", "_connection" in discord.Client.__init__.__code__.co_names
    yield "ConnectionState.parsers", "parsers" in ConnectionState.__init__.__code__.co_names
    reading = hasattr(ConnectionState, f"parse_{_PRESSED.lower()}")
    yield f"ConnectionState.parse_{_PRESSED.lower()}", reading
    yield "Message._handle_components", hasattr(discord.Message, "_handle_components")

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


class BriefAdapter(AsyncWebhookAdapter):
    """Answers interactions as discord.py does, but does not have the answer sent back.

    discord.py asks for the message that each answer makes and builds it anew. Nobody here looks at
    it, and a press must be cheap.
    """

    async def create_interaction_response(
        self,
        interaction_id: int,
        token: str,
        *,
        session: aiohttp.ClientSession,
        proxy: str | None = None,
        proxy_auth: aiohttp.BasicAuth | None = None,
        params: MultipartParameters,
    ) -> InteractionCallback:
        """Send an answer; return what is known of it without asking."""
        route = Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=interaction_id,
            webhook_token=token,
        )
        await self.request(
            route,
            session,
            payload=params.payload,
            multipart=params.multipart,
            files=params.files,
            proxy=proxy,
            proxy_auth=proxy_auth,
        )
        return cast("InteractionCallback", {"interaction": {"id": str(interaction_id)}})


def answer_briefly() -> None:
    """Answer interactions with a `BriefAdapter` in this task and those that it begins."""
    async_context.set(BriefAdapter())  # type: ignore[no-untyped-call] # of discord.py


def leave_components_unread(client: discord.Client) -> None:
    """Have presses come without the components of the pressed message.

    discord.py builds an object of each, which is half of what it takes to read a press.
    A press is answered by its custom_id alone; `pressed_message` is for whoever needs more.
    """
    parsers = client._connection.parsers  # noqa: SLF001 - by event, as the gateway finds them
    parse = parsers[_PRESSED]

    def parse_press(event: dict[str, Any]) -> None:
        if event["type"] == discord.InteractionType.component.value and "message" in event:
            message = event["message"]
            event = {
                **event,
                "message": {**message, "components": []},
                "data": {**event["data"], _UNREAD: message.get("components", [])},
            }
        parse(event)

    parsers[_PRESSED] = parse_press


def pressed_message(interaction: discord.Interaction[Any]) -> discord.Message | None:
    """Return the pressed message with its components, which were left unread."""
    message, data = interaction.message, cast("dict[str, Any]", interaction.data or {})
    if message is not None and _UNREAD in data:
        message._handle_components(data[_UNREAD])  # noqa: SLF001 - as discord.py would have done
    return message


async def use_gateway_of_api(client: discord.Client) -> None:
    """Let every connection of this process go where the API's `/gateway/bot` says.

    discord.py asks there only for the first connection, and only if it chooses the shard count.
    """
    _, address, _ = await client.http.get_bot_gateway()
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(address)


async def direct_channel(client: discord.Client, discord_id: int) -> int:
    """Return the channel of direct messages with a person; raises discord.HTTPException.

    With the id as text: Discord's API description wants it so, discord.py sends a number.
    """
    found = await client.http.start_private_message(str(discord_id))
    return int(found["id"])


def parameters(command: app_commands.Command[Any, ..., Any]) -> dict[str, CommandParameter]:
    """Return a command's parameters by their name in Python, to fill in their descriptions."""
    return command._params  # noqa: SLF001 - the public view of them is read-only
