"""The client under test, a clock that it can wait with, and what it talks to."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from socket import SO_LINGER, SOL_SOCKET
from uuid import uuid4

import pytest
from pydantic import SecretStr

from bot.demo.horde.server import HordeStandIn
from bot.horde.client import HordeClient
from bot.horde.errors import HordeError
from bot.horde.transport import Timeouts
from tests.horde.asking import key_of

QUICK = Timeouts(connect=0.15, lookup=0.3, transfer=0.3)
PATIENT = Timeouts()


class SkippingClock:
    """A clock that jumps to the moment for which somebody sleeps."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.turn(seconds)
        await asyncio.sleep(0)

    def turn(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@asynccontextmanager
async def talking_to(
    url: str,
    clock: SkippingClock | None = None,
    *,
    key: str | None = key_of("jury"),
    timeouts: Timeouts = PATIENT,
    seed: int = 1,
) -> AsyncIterator[HordeClient]:
    secret = None if key is None else SecretStr(key)
    client = HordeClient(url, secret, clock or SkippingClock(), Random(seed), timeouts)
    try:
        yield client
    finally:
        await client.close()


@dataclass
class RawServer:
    """Reads whole requests and answers each with the next of `answers`, as it is.

    The last answer is repeated. RESET resets the connection and SILENCE leaves it open.
    """

    answers: list[bytes]
    url: str = ""
    requests: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await _request(reader))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if answer == SILENCE:
                await reader.read()
            elif answer == RESET:
                connection = writer.get_extra_info("socket")
                connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            else:
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


RESET = b"RESET"
SILENCE = b"SILENCE"


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    return head + await reader.readexactly(length)


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[RawServer]:
    raw = RawServer(list(answers))
    async with listening(raw.serve) as port:
        raw.url = address(port)
        yield raw


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]],
) -> AsyncIterator[int]:
    """Serve connections until all clients have closed theirs."""
    served: list[asyncio.Future[None]] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*served)
        await server.wait_closed()


def address(port: int) -> str:
    return f"http://127.0.0.1:{port}/api"


def http(status: str, body: str, *headers: str) -> bytes:
    """Return a whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", *headers, "", body]
    return "\r\n".join(lines).encode()


def json_of(status: str, body: str, *headers: str) -> bytes:
    return http(status, body, "Content-Type: application/json", *headers)


class Horde:
    """A stand-in, a client that pays from its account 1, and the clock of both."""

    def __init__(self, stand_in: HordeStandIn, client: HordeClient, clock: SkippingClock) -> None:
        self.stand_in = stand_in
        self.client = client
        self.clock = clock

    def mark(self, number: int, *marks: str) -> None:
        self.stand_in.accounts[number].marks.update(marks)

    async def refused(self, payee: int = 2, amount: int = 10, key: str = "") -> HordeError:
        with pytest.raises(HordeError) as raised:
            await self.client.transfer(payee, amount, key or str(uuid4()))
        return raised.value

    def moved(self) -> list[tuple[int, int, int]]:
        return [(each.sender, each.payee, each.amount) for each in self.stand_in.paid]
