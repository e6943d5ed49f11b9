"""Who may be asked now: so many at a time, a server's next request after a pause."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.datasets.fetching.faults import FetchFailedError, FetchFault

MOST_IDLE: Final = 4096
"""Hosts kept in mind whose pause may be over."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How many requests run at once, in all and a host, and how servers are spared.

    `pause`: seconds between the beginnings of two requests to a host. `patience`: the longest
    Retry-After, in seconds, that is waited for; a host that asks for more is not asked again, nor
    is one that was busy or silent `failures` times in a row.
    """

    connections: int = 32
    a_host: int = 2
    pause: float = 0.25
    patience: float = 60.0
    failures: int = 5


@dataclass(slots=True)
class _Host:
    places: asyncio.Semaphore
    not_before: datetime
    door: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    failures: int = 0


class Turns:
    """Gives each request its turn. Belongs to one event loop."""

    def __init__(self, clock: Clock, manners: Manners) -> None:
        self._clock = clock
        self._manners = manners
        self._all = asyncio.Semaphore(manners.connections)
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host's pause and for a place, and keep the place while inside.

        Raises FetchFailedError: BUSY where the host asked for a longer pause than is waited for,
        GIVEN_UP where it failed too often.
        """
        known = self._known(host)
        known.users += 1
        try:
            async with known.places:
                await self._wait(known)
                async with self._all:
                    yield
        finally:
            known.users -= 1

    def put_off(self, host: str, seconds: float) -> None:
        """Ask a host nothing for so long."""
        known = self._known(host)
        known.not_before = max(known.not_before, self._clock.now() + timedelta(seconds=seconds))

    def heard(self, host: str) -> None:
        """Take note that a host answered."""
        self._known(host).failures = 0

    def failed(self, host: str) -> None:
        """Take note that a host was busy or silent."""
        self._known(host).failures += 1

    async def _wait(self, host: _Host) -> None:
        async with host.door:
            if host.failures >= self._manners.failures:
                raise FetchFailedError(
                    FetchFault.GIVEN_UP, f"the server failed {host.failures} times in a row"
                )
            while (left := (host.not_before - self._clock.now()).total_seconds()) > 0:
                if left > self._manners.patience:
                    raise FetchFailedError(
                        FetchFault.BUSY, f"the server wants to be left alone for {left:.0f} s", left
                    )
                await self._clock.sleep(left)
            host.not_before = self._clock.now() + timedelta(seconds=self._manners.pause)

    def _known(self, host: str) -> _Host:
        if host not in self._hosts:
            now = self._clock.now()
            if len(self._hosts) >= MOST_IDLE:
                self._hosts = {
                    name: each
                    for name, each in self._hosts.items()
                    if each.users
                    or each.not_before > now
                    or each.failures >= self._manners.failures
                }
            self._hosts[host] = _Host(asyncio.Semaphore(self._manners.a_host), now)
        return self._hosts[host]
