"""Presses, commands and modals: the payload that goes in and the answer that comes out."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field

from tests.loopback.world import Json, Person, World

CALLBACK_SECONDS = 3.0
TOKEN_SECONDS = 900.0

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5


@dataclass(slots=True)
class Interaction:
    """One interaction with its answer; `seconds` is how long the answer took."""

    id: int
    token: str
    payload: Json
    sent_at: float = 0.0
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    seconds: float | None = None
    callback: Json | None = None
    response: Json | None = None
    followups: list[Json] = field(default_factory=list)
    edited: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self, callback: Json) -> None:
        self.callback = callback
        self.seconds = time.perf_counter() - self.sent_at
        self.answered.set()

    @property
    def late(self) -> bool:
        return time.perf_counter() - self.sent_at > CALLBACK_SECONDS

    @property
    def expired(self) -> bool:
        return time.perf_counter() - self.sent_at > TOKEN_SECONDS


def build(
    world: World,
    person: Person,
    kind: int,
    channel_id: int,
    *,
    data: Json,
    message: Json | None = None,
) -> Interaction:
    """Return an interaction with everything that Discord puts into one."""
    channel = world.channels[channel_id]
    guild_id = channel.get("guild_id")
    interaction = Interaction(world.snowflakes.next(), secrets.token_urlsafe(24), {})
    payload: Json = {
        "id": str(interaction.id),
        "application_id": str(world.application_id),
        "type": kind,
        "token": interaction.token,
        "version": 1,
        "data": data,
        "channel": channel,
        "channel_id": str(channel_id),
        "app_permissions": "562949953421311",
        "locale": "en-US",
        "entitlements": [],
        "attachment_size_limit": 10 * 1024 * 1024,
        "context": 1 if guild_id is None else 0,
        "authorizing_integration_owners": {"0": guild_id or "0"},
    }
    if message is not None:
        payload["message"] = message
    if guild_id is None:
        payload["user"] = person.as_user()
    else:
        payload["guild_id"] = guild_id
        payload["guild"] = {"id": guild_id, "features": [], "locale": "en-US"}
        payload["guild_locale"] = "en-US"
        payload["member"] = person.as_member()
    interaction.payload = payload
    return interaction


def press_data(custom_id: str, values: list[str] | None = None) -> Json:
    if values is None:
        return {"component_type": 2, "custom_id": custom_id, "id": 1}
    return {"component_type": 3, "custom_id": custom_id, "values": values, "id": 1}


def modal_data(custom_id: str, typed: dict[str, str]) -> Json:
    """Return the data of a modal whose fields each sit in a label."""
    fields = [
        {
            "type": 18,
            "id": 2 * number,
            "component": {"type": 4, "id": 2 * number + 1, "custom_id": name, "value": value},
        }
        for number, (name, value) in enumerate(typed.items(), start=1)
    ]
    return {"custom_id": custom_id, "components": fields}


def command_data(world: World, path: str, options: dict[str, object], guild_id: int | None) -> Json:
    """Return the data of a slash command such as `jury setup`, found among the registered ones."""
    name, *rest = path.split()
    registered = [*world.commands.get(guild_id, ()), *world.commands.get(None, ())]
    command = next(c for c in registered if c["name"] == name and c.get("type", 1) == 1)
    leaf, chain = command, []
    for part in rest:
        leaf = next(o for o in leaf["options"] if o["name"] == part)
        chain.append(leaf)
    declared = {o["name"]: o["type"] for o in leaf.get("options", ())}
    given = [
        {"name": name, "type": declared[name], "value": value} for name, value in options.items()
    ]
    for step in reversed(chain):
        given = [{"name": step["name"], "type": step["type"], "options": given}]
    data: Json = {
        "id": command["id"],
        "name": name,
        "type": 1,
        "options": given,
        "resolved": _resolved(world, declared, options),
    }
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data


def _resolved(world: World, declared: dict[str, int], options: dict[str, object]) -> Json:
    channels = {
        str(value): {**world.channels[int(str(value))], "permissions": "562949953421311"}
        for name, value in options.items()
        if declared[name] == 7
    }
    return {"channels": channels} if channels else {}
