"""A web server that answers byte for byte what a test wants, and fetchers that may go to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address

from bot.clock import Clock
from bot.datasets.fetching.addresses import Address, Destinations, is_public
from bot.datasets.fetching.fetcher import Fetcher, Limits
from bot.datasets.fetching.turns import Manners
from tests.horde.clients import SkippingClock
from tests.images.pictures import drawn, encoded

ROBOTS = "/robots.txt"
HOME = IPv4Address("127.0.0.1")
PICTURE = encoded(drawn(20, 10))
QUICK = Limits(size=100_000, total=5.0, connect=5.0, silence=5.0)
HASTY = Manners(pause=0.0)

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(
    body: bytes = PICTURE,
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (("Content-Type", "image/png"),),
    *,
    status: int = 200,
    length: int | None = None,
) -> bytes:
    """An answer; `length` is announced instead of the body's own, -1: none is announced."""
    lines = [f"HTTP/1.1 {status} Because"]
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines += [f"{name}: {value}" for name, value in pairs]
    if length != -1:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def redirect(target: str, status: int = 302) -> bytes:
    return answer(b"", {"Location": target}, status=status)


@dataclass
class Site:
    """What is served by path, a list in its order; `asked` are the requests as they came.

    Without a page for it robots.txt is not there, and is not counted when it is asked for.
    """

    port: int = 0
    pages: dict[str, bytes | Answer | list[bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self._serve(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the fetcher has heard enough
        finally:
            self._at_once -= 1
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begin = await reader.readexactly(1)
        if not begin.isalpha():  # TLS is not spoken here
            writer.write(answer(b"", status=400))
            return
        head = (begin + await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        path = head[0].split(" ")[1]
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        if path != ROBOTS or ROBOTS in self.pages:
            self.asked.append((path, {name.lower(): value for name, value in pairs}))
        page = self.pages.get(path, answer(b"", status=404))
        if isinstance(page, list):
            page = page.pop(0)
        if isinstance(page, bytes):
            writer.write(page)
        else:
            await page(writer)


@asynccontextmanager
async def serving(pages: Mapping[str, bytes | Answer | list[bytes]]) -> AsyncIterator[Site]:
    """Serve on the loopback interface."""
    site = Site(pages=dict(pages))
    server = await asyncio.start_server(site.serve, str(HOME), 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()


async def whole(data: bytes) -> bytes:
    """Take the bytes as they are."""
    return data


def names(table: Mapping[str, Sequence[str]]) -> Callable[[str], list[Address]]:
    """A lookup that knows these names."""
    return lambda name: [ip_address(each) for each in table[name]]


def fetcher(
    site: Site,
    *,
    limits: Limits = QUICK,
    manners: Manners = HASTY,
    clock: Clock | None = None,
    table: Mapping[str, Sequence[str]] | None = None,
    lookup: Callable[[str], Sequence[Address]] | None = None,
) -> Fetcher:
    """A fetcher to which this site's address and port are as good as public ones."""
    return Fetcher(
        clock or SkippingClock(),
        limits=limits,
        manners=manners,
        destinations=Destinations(
            frozenset({80, 443, site.port}), lambda address: address == HOME or is_public(address)
        ),
        lookup=lookup or names(table or {}),
    )
