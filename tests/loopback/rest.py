"""The REST routes of the loopback Discord."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader, web

from tests.loopback.interactions import Interaction
from tests.loopback.messages import create_message, edit_message
from tests.loopback.world import EPHEMERAL, Json

if TYPE_CHECKING:
    from tests.loopback.server import LoopbackDiscord


@dataclass(frozen=True, slots=True)
class Request:
    """One REST request as it arrived; `path` is without the prefix."""

    method: str
    path: str
    content_type: str
    status: int
    body: Json | list[Json] | None
    authorized: bool


REVOKED_TOKEN = "a.revoked.token"  # noqa: S105 - refused here, unknown elsewhere
Uploads = dict[int, bytes]
Route = Callable[["Call"], Awaitable[tuple[int, object]]]

NEW_MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE = 4, 5, 6, 7


class RefusalError(Exception):
    """An error as Discord answers it: HTTP status, its own code, and a text."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


class Call:
    """One request, parsed."""

    def __init__(
        self, discord: LoopbackDiscord, request: web.Request, body: object, uploads: Uploads
    ) -> None:
        self.discord, self.request, self.uploads = discord, request, uploads
        self.world = discord.world
        self.body: Json = body if isinstance(body, dict) else {}
        self.entries: list[Json] = body if isinstance(body, list) else []

    def number(self, name: str) -> int:
        return int(self.request.match_info[name])

    def interaction(self) -> Interaction:
        found = self.discord.interactions.get(self.request.match_info["token"])
        if found is None or found.expired:
            raise RefusalError(404, 10015, "Unknown Webhook")
        return found


async def me(call: Call) -> tuple[int, object]:
    return 200, call.world.bot_user()


async def application(call: Call) -> tuple[int, object]:
    return 200, call.world.application()


async def gateway_bot(call: Call) -> tuple[int, object]:
    limits = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    shards = call.discord.recommended_shards
    return 200, {
        "url": call.discord.gateway.address,
        "shards": shards,
        "session_start_limit": limits,
    }


async def gateway(call: Call) -> tuple[int, object]:
    return 200, {"url": call.discord.gateway.address}


async def put_commands(call: Call) -> tuple[int, object]:
    guild = call.request.match_info.get("guild")
    commands = []
    for entry in call.entries:
        made: Json = {
            "id": str(call.world.snowflakes.next()),
            "application_id": str(call.world.application_id),
            "version": "1",
            "type": 1,
            "description": "",
            "default_member_permissions": None,
            **entry,
        }
        if guild is not None:
            made["guild_id"] = guild
        commands.append(made)
    call.world.commands[int(guild) if guild else None] = commands
    return 200, commands


async def get_commands(call: Call) -> tuple[int, object]:
    guild = call.request.match_info.get("guild")
    return 200, call.world.commands.get(int(guild) if guild else None, [])


async def get_channel(call: Call) -> tuple[int, object]:
    channel = call.world.channels.get(call.number("channel"))
    if channel is None:
        raise RefusalError(404, 10003, "Unknown Channel")
    return 200, channel


async def get_guild(call: Call) -> tuple[int, object]:
    guild = call.world.guilds.get(call.number("guild"))
    if guild is None:
        raise RefusalError(404, 10004, "Unknown Guild")
    return 200, guild


async def get_guilds(call: Call) -> tuple[int, object]:
    return 200, [{"id": g["id"], "name": g["name"]} for g in call.world.guilds.values()]


async def get_roles(call: Call) -> tuple[int, object]:
    return 200, call.world.guilds[call.number("guild")]["roles"]


async def get_member(call: Call) -> tuple[int, object]:
    return 200, call.world.guilds[call.number("guild")]["members"][0]


async def get_channels(call: Call) -> tuple[int, object]:
    guild = str(call.number("guild"))
    return 200, [c for c in call.world.channels.values() if c["guild_id"] == guild]


async def post_message(call: Call) -> tuple[int, object]:
    channel_id = call.number("channel")
    await get_channel(call)
    return 200, create_message(
        call.world, channel_id, call.body, call.uploads, address=call.discord.address
    )


async def patch_message(call: Call) -> tuple[int, object]:
    message = _kept(call, call.number("message"))
    return 200, edit_message(
        call.world, message, call.body, call.uploads, address=call.discord.address
    )


async def get_message(call: Call) -> tuple[int, object]:
    return 200, _kept(call, call.number("message"))


async def delete_message(call: Call) -> tuple[int, object]:
    del call.world.messages[int(_kept(call, call.number("message"))["id"])]
    return 204, None


async def post_callback(call: Call) -> tuple[int, object]:
    interaction = call.interaction()
    if interaction.callback is not None:
        raise RefusalError(400, 40060, "Interaction has already been acknowledged.")
    if interaction.late:
        raise RefusalError(404, 10062, "Unknown interaction")
    kind, data = call.body["type"], call.body.get("data") or {}
    if kind == NEW_MESSAGE:
        interaction.response = _respond(call, interaction, data)
    elif kind == UPDATE:
        origin = call.world.messages[int(interaction.payload["message"]["id"])]
        interaction.response = edit_message(
            call.world, origin, data, call.uploads, address=call.discord.address
        )
    elif kind == DEFERRED_UPDATE:
        interaction.response = interaction.payload["message"]
    interaction.answer(call.body)
    if call.request.query.get("with_response") not in {"1", "true"}:
        return 204, None
    resource: Json = {"type": kind}
    if kind in {NEW_MESSAGE, UPDATE}:
        resource["message"] = interaction.response
    return 200, {
        "interaction": {"id": str(interaction.id), "type": interaction.payload["type"]},
        "resource": resource,
    }


async def post_followup(call: Call) -> tuple[int, object]:
    interaction = call.interaction()
    message = _respond(call, interaction, call.body)
    interaction.followups.append(message)
    return 200, message


async def patch_original(call: Call) -> tuple[int, object]:
    interaction = call.interaction()
    if interaction.response is None:
        interaction.response = _respond(call, interaction, call.body)
    else:
        edit_message(
            call.world,
            interaction.response,
            call.body,
            call.uploads,
            address=call.discord.address,
        )
    interaction.edited.set()
    return 200, interaction.response


async def get_original(call: Call) -> tuple[int, object]:
    response = call.interaction().response
    if response is None:
        raise RefusalError(404, 10008, "Unknown Message")
    return 200, response


async def delete_original(call: Call) -> tuple[int, object]:
    call.interaction().response = None
    return 204, None


def _respond(call: Call, interaction: Interaction, data: Json) -> Json:
    channel_id = int(interaction.payload["channel_id"])
    if interaction.callback is not None:  # what was deferred as ephemeral stays so
        deferred = (interaction.callback.get("data") or {}).get("flags") or 0
        data = {**data, "flags": (data.get("flags") or 0) | (deferred & EPHEMERAL)}
    return create_message(call.world, channel_id, data, call.uploads, address=call.discord.address)


def _kept(call: Call, message_id: int) -> Json:
    message = call.world.messages.get(message_id)
    if message is None or message["flags"] & EPHEMERAL:
        raise RefusalError(404, 10008, "Unknown Message")
    return message


ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET", "/users/@me", me),
    ("GET", "/users/@me/guilds", get_guilds),
    ("GET", "/applications/@me", application),
    ("GET", "/oauth2/applications/@me", application),
    ("GET", "/gateway", gateway),
    ("GET", "/gateway/bot", gateway_bot),
    ("PUT", "/applications/{application}/commands", put_commands),
    ("GET", "/applications/{application}/commands", get_commands),
    ("PUT", "/applications/{application}/guilds/{guild}/commands", put_commands),
    ("GET", "/applications/{application}/guilds/{guild}/commands", get_commands),
    ("GET", "/guilds/{guild}", get_guild),
    ("GET", "/guilds/{guild}/channels", get_channels),
    ("GET", "/guilds/{guild}/roles", get_roles),
    ("GET", "/guilds/{guild}/members/{member}", get_member),
    ("GET", "/channels/{channel}", get_channel),
    ("POST", "/channels/{channel}/messages", post_message),
    ("GET", "/channels/{channel}/messages/{message}", get_message),
    ("PATCH", "/channels/{channel}/messages/{message}", patch_message),
    ("DELETE", "/channels/{channel}/messages/{message}", delete_message),
    ("POST", "/interactions/{interaction}/{token}/callback", post_callback),
    ("POST", "/webhooks/{application}/{token}", post_followup),
    ("PATCH", "/webhooks/{application}/{token}/messages/@original", patch_original),
    ("GET", "/webhooks/{application}/{token}/messages/@original", get_original),
    ("DELETE", "/webhooks/{application}/{token}/messages/@original", delete_original),
)


def build_routes(discord: LoopbackDiscord, prefix: str) -> list[web.RouteDef]:
    """Return the aiohttp routes; the last one catches what is not implemented."""
    known = [
        web.route(method, prefix + path, _served(discord, prefix, route))
        for method, path, route in ROUTES
    ]
    return [*known, web.route("*", "/{path:.*}", _served(discord, prefix, None))]


def _served(
    discord: LoopbackDiscord, prefix: str, route: Route | None
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        path = request.path.removeprefix(prefix)
        body, uploads = await _parse(request)
        headers: dict[str, str] = {}
        fault = discord.fault_for(request.method, path)
        if fault is not None:
            status, answer, headers = fault.status, fault.body, fault.headers
        elif request.headers.get("Authorization") == f"Bot {REVOKED_TOKEN}":
            status, answer = 401, {"code": 0, "message": "401: Unauthorized"}
        elif route is None:
            discord.unknown.append(f"{request.method} {request.path}")
            status, answer = 404, {"code": 0, "message": "404: Not Found"}
        else:
            try:
                status, answer = await route(Call(discord, request, body, uploads))  # type: ignore[assignment] # any JSON
            except RefusalError as refusal:
                status, answer = refusal.status, {"code": refusal.code, "message": str(refusal)}
        authorized = request.headers.get("Authorization", "").startswith("Bot ")
        await discord.note(
            Request(request.method, path, request.content_type, status, body, authorized)
        )
        return web.Response(status=204) if status == 204 else reply(answer, status, headers)

    return serve


async def _parse(request: web.Request) -> tuple[Json | list[Json] | None, Uploads]:
    if request.content_type == "application/json":
        return await request.json(), {}
    if not request.content_type.startswith("multipart/"):
        return None, {}
    body: Json = {}
    uploads: Uploads = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        assert part.name is not None
        if part.name == "payload_json":
            body = json.loads(await part.text())
        else:
            uploads[int(part.name.removeprefix("files[").rstrip("]"))] = bytes(await part.read())
    return body, uploads


def reply(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return JSON as Discord does: discord.py reads it only without a charset."""
    response = web.Response(body=json.dumps(body).encode(), status=status, headers=headers)
    response.headers["Content-Type"] = "application/json"
    return response
