"""The gateway: HELLO, READY, GUILD_CREATE, heartbeats, resumes, and events to the right shard."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.loopback.world import Json, World

HEARTBEAT_MS = 41_250
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 9, 10, 11


@dataclass(slots=True)
class Shard:
    """One connection of the bot."""

    socket: web.WebSocketResponse
    number: int
    session_id: str = field(default_factory=lambda: secrets.token_hex(8))
    sequence: int = 0

    async def dispatch(self, event: str, data: Json) -> None:
        self.sequence += 1
        frame = {"op": DISPATCH, "t": event, "s": self.sequence, "d": data}
        await self.socket.send_str(json.dumps(frame))


class Gateway:
    """Every connection of the bot, by shard."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.address = ""
        self.shards: dict[int, Shard] = {}
        self.identified_at: list[float] = []
        self.changed = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await socket.send_str(
            json.dumps({"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT_MS}, "s": None})
        )
        shard: Shard | None = None
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    shard = await self._receive(socket, json.loads(message.data), shard)
        finally:
            if shard is not None and self.shards.get(shard.number) is shard:
                del self.shards[shard.number]
                async with self.changed:
                    self.changed.notify_all()
        return socket

    async def _receive(
        self, socket: web.WebSocketResponse, frame: Json, shard: Shard | None
    ) -> Shard | None:
        match frame["op"]:
            case 1:
                await socket.send_str(json.dumps({"op": HEARTBEAT_ACK, "d": None, "s": None}))
            case 2:
                return await self._identify(socket, frame["d"])
            case 6:  # nothing is replayed: the bot must live with a fresh session
                await socket.send_str(json.dumps({"op": INVALID_SESSION, "d": False, "s": None}))
        return shard

    async def _identify(self, socket: web.WebSocketResponse, identify: Json) -> Shard:
        number, count = identify.get("shard") or (0, 1)
        self.world.shard_count = count
        self.identified_at.append(time.monotonic())
        shard = Shard(socket, number)
        guilds = [g for g in self.world.guilds if self.world.shard_of(g) == number]
        await shard.dispatch(
            "READY",
            {
                "v": 10,
                "user": self.world.bot_user(),
                "guilds": [{"id": str(g), "unavailable": True} for g in guilds],
                "session_id": shard.session_id,
                "resume_gateway_url": self.address,
                "shard": [number, count],
                "application": {"id": str(self.world.application_id), "flags": 0},
            },
        )
        for guild_id in guilds:
            await shard.dispatch("GUILD_CREATE", self.world.guild_create(guild_id))
        self.shards[number] = shard
        async with self.changed:
            self.changed.notify_all()
        return shard

    async def wait_for_shards(self, count: int, seconds: float) -> None:
        """Return once `count` shards are connected; raises TimeoutError."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: len(self.shards) >= count)

    async def dispatch(self, guild_id: int | None, event: str, data: Json) -> None:
        """Send an event to the shard that serves the server."""
        await self.shards[self.world.shard_of(guild_id)].dispatch(event, data)
