"""A small Discord on the loopback interface, over real sockets, for the real `jury run`.

It does what discord.py relies on and what Discord enforces on a press: an answer within 3 s, one
answer each, tokens of 15 minutes. A route it does not know is a 404 and is remembered, so that a
test can fail on it.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.loopback import interactions
from tests.loopback.gateway import Gateway
from tests.loopback.interactions import Interaction
from tests.loopback.rest import Request, build_routes
from tests.loopback.world import Json, Person, World

PREFIX = "/proxied/api/v10"


@dataclass(slots=True)
class Fault:
    """The next `times` requests that match are answered with this instead."""

    method: str
    path: str
    status: int
    body: Json
    headers: dict[str, str]
    times: int = 1


class LoopbackDiscord:
    """The server; use it as an async context manager."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.gateway = Gateway(self.world)
        self.interactions: dict[str, Interaction] = {}
        self.requests: list[Request] = []
        self.unknown: list[str] = []
        self.faults: list[Fault] = []
        self.recommended_shards = 1
        self.changed = asyncio.Condition()
        self.address = ""
        self._runner: web.AppRunner | None = None

    @property
    def api_url(self) -> str:
        """What DISCORD_API_URL is set to; deliberately not where Discord's own API lies."""
        return f"{self.address}{PREFIX}"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.add_routes([web.get("/gateway", self.gateway.handle), *build_routes(self, PREFIX)])
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        self.gateway.address = f"ws://{host}:{port}/gateway"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def note(self, request: Request) -> None:
        """Remember a request and wake whoever waits for something to happen."""
        self.requests.append(request)
        async with self.changed:
            self.changed.notify_all()

    def fault_for(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.method == method and re.fullmatch(fault.path, path):
                fault.times -= 1
                return fault
        return None

    def paths(self, method: str, pattern: str) -> list[Request]:
        """Return the requests so far whose method and path match."""
        return [r for r in self.requests if r.method == method and re.fullmatch(pattern, r.path)]

    async def wait_for_posts(self, channel_id: int, count: int, seconds: float = 20) -> list[Json]:
        """Return the messages of a channel once there are `count`; raises TimeoutError."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: len(self.world.in_channel(channel_id)) >= count)
        return self.world.in_channel(channel_id)

    async def wait_for_requests(self, method: str, pattern: str, count: int = 1) -> list[Request]:
        """Return the matching requests once there are `count`; raises TimeoutError after 20 s."""
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(lambda: len(self.paths(method, pattern)) >= count)
        return self.paths(method, pattern)

    def build_press(
        self, person: Person, message: Json, custom_id: str, values: list[str] | None = None
    ) -> Interaction:
        """Return a press that is not sent yet."""
        return interactions.build(
            self.world,
            person,
            interactions.COMPONENT,
            int(message["channel_id"]),
            data=interactions.press_data(custom_id, values),
            message=message,
        )

    async def press(
        self, person: Person, message: Json, custom_id: str, values: list[str] | None = None
    ) -> Interaction:
        """Press a button (or choose `values` of a select) and return once it is answered."""
        return await self.send(self.build_press(person, message, custom_id, values))

    async def command(
        self, person: Person, channel_id: int, path: str, **options: object
    ) -> Interaction:
        """Use a slash command and return once it is answered."""
        guild = self.world.channels[channel_id].get("guild_id")
        data = interactions.command_data(self.world, path, options, int(guild) if guild else None)
        interaction = interactions.build(
            self.world, person, interactions.COMMAND, channel_id, data=data
        )
        return await self.send(interaction)

    async def submit(
        self, person: Person, message: Json, modal: Json, typed: dict[str, str]
    ) -> Interaction:
        """Send a modal that a button of the message opened, and return once it is answered."""
        interaction = interactions.build(
            self.world,
            person,
            interactions.MODAL,
            int(message["channel_id"]),
            data=interactions.modal_data(modal["custom_id"], typed),
            message=message,
        )
        return await self.send(interaction)

    async def send(self, interaction: Interaction, *, wait: bool = True) -> Interaction:
        """Dispatch an interaction; with `wait`, return when the callback came in time."""
        self.interactions[interaction.token] = interaction
        guild = interaction.payload.get("guild_id")
        interaction.sent_at = time.perf_counter()
        await self.gateway.dispatch(
            int(guild) if guild else None, "INTERACTION_CREATE", interaction.payload
        )
        if wait:
            async with asyncio.timeout(interactions.CALLBACK_SECONDS):
                await interaction.answered.wait()
        return interaction
