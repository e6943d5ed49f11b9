"""The stand-in for the Horde, served to a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.demo.horde.server import PREFIX, HordeStandIn


@asynccontextmanager
async def serving(stand_in: HordeStandIn, port: int = 0) -> AsyncIterator[str]:
    """Serve it on the loopback interface; gives the address for HORDE_API_URL.

    Outside of the block connections are refused; the same port may be served again.
    """
    # An answer that is still to come would else hold up the end for a minute.
    runner = web.AppRunner(stand_in.app(), access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{PREFIX}"
    finally:
        await runner.cleanup()
