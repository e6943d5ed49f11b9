"""Pages and APIs on the loopback interface, each on its port."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from aiohttp import web

HOST = "127.0.0.1"


def are_free(first: int, count: int) -> bool:
    """Tell whether `count` ports from `first` on can be served."""
    for port in range(first, first + count):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
    return True


@web.middleware
async def hang_up(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Close the connection after each answer.

    A client that keeps one has a timer for it, and SimCord takes no further action before that.
    """
    answer = await handler(request)
    answer.force_close()
    return answer


async def serve(stack: AsyncExitStack, app: web.Application, port: int) -> str:
    """Serve `app` until the stack is left, on any free port for 0; return its address."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, port).start()
    return f"http://{HOST}:{runner.addresses[0][1]}"
