"""Who acts now: the simulated Discord takes one action at a time, and people go first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Lets people at a browser act as soon as the running action ends, the crowd in between."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._nobody_waits = asyncio.Event()
        self._nobody_waits.set()

    @asynccontextmanager
    async def person(self) -> AsyncIterator[None]:
        """Hold the turn for somebody who pressed something themselves."""
        self._waiting += 1
        self._nobody_waits.clear()
        try:
            async with self._lock:
                yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._nobody_waits.set()

    @asynccontextmanager
    async def crowd(self) -> AsyncIterator[None]:
        """Hold the turn for everything else, once no person wants it."""
        while True:
            await self._nobody_waits.wait()
            async with self._lock:
                if not self._waiting:
                    yield
                    return
