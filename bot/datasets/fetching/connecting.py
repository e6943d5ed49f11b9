"""Connections that go to the very address that was checked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.datasets.fetching.addresses import Address, Destinations
from bot.datasets.fetching.faults import AddressRefusedError

Lookup = Callable[[str], Sequence[Address]]
"""Takes a name to its addresses, on a thread; raises OSError."""

THREADS: Final = 16
"""Lookups at a time; some take as long as their server pleases."""

KEPT_SECONDS: Final = 2.0
"""For how long a connection is kept for the next request: of thousands of servers only few are."""


def connector(destinations: Destinations, lookup: Lookup) -> aiohttp.TCPConnector:
    """Return what aiohttp connects by; it looks every name up once and goes to those addresses."""
    return aiohttp.TCPConnector(
        resolver=CheckedResolver(destinations, lookup),
        use_dns_cache=False,
        limit=0,  # `Turns` limits them
        keepalive_timeout=KEPT_SECONDS,
        socket_factory=partial(_open_socket, destinations),
    )


class CheckedResolver(AbstractResolver):
    """Looks names up; one of whose addresses is not allowed has none."""

    def __init__(self, destinations: Destinations, lookup: Lookup) -> None:
        self._destinations = destinations
        self._lookup = lookup
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="lookup")

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,
    ) -> list[ResolveResult]:
        """Return every address of a name; raises AddressRefusedError and socket.gaierror."""
        loop = asyncio.get_running_loop()
        addresses = await loop.run_in_executor(self._pool, self._lookup, host)
        for address in addresses:
            _check(address, self._destinations)
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,  # noqa: PLR2004 - IPv4
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Take no further names."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def look_up(name: str) -> list[Address]:
    """Ask the system for the addresses of a name. Raises socket.gaierror."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is too long for DNS
        raise socket.gaierror(socket.EAI_NONAME, "no name of a host") from error
    return [ip_address(place[0]) for *_, place in found]


def _open_socket(destinations: Destinations, info: aiohttp.AddrInfoType) -> socket.socket:
    """Open the socket for one connection: the last check, whoever looked the address up.

    aiohttp asks no resolver for what it takes for an address.
    """
    family, kind, protocol, _, place = info
    try:
        address = ip_address(place[0])
    except ValueError as error:
        raise AddressRefusedError(f"{place[0]} is no address") from error
    _check(address, destinations)
    return socket.socket(family, kind, protocol)


def _check(address: Address, destinations: Destinations) -> None:
    if not destinations.allow(address):
        raise AddressRefusedError(f"{address} is not public")
