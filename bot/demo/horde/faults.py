"""Faults on request: what can go wrong between a client and the Horde."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

from aiohttp import web

HTML_PAGE = "<html><head><title>{status}</title></head><body><h1>nginx</h1></body></html>"


class Way(Enum):
    """How it goes wrong."""

    ANSWER = auto()
    """Something else than the Horde's own answer arrives."""
    DROP = auto()
    """The connection is closed without an answer."""
    RESET = auto()
    """The connection is reset."""
    SLOW = auto()
    """The answer takes its time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong; `after`: when the request was already carried out.

    `seconds` are of real time, since a client's patience is, too. Slow and not `after`: the request
    is carried out late, even if the client has gone meanwhile.
    """

    way: Way
    after: bool = False
    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    retry_after: int | None = None
    seconds: float = 0.0

    def once_done(self) -> Fault:
        """Return the same fault, after the request was carried out."""
        return replace(self, after=True)


DROPPED = Fault(Way.DROP)
ANSWER_LOST = DROPPED.once_done()
RESET = Fault(Way.RESET)
RESET_AFTER = RESET.once_done()
CRASHED = Fault(Way.ANSWER, status=500, body='{"message": "Internal Server Error"}')
CRASHED_AFTER = CRASHED.once_done()
RUBBISH = Fault(Way.ANSWER, body="[]")
RUBBISH_AFTER = RUBBISH.once_done()


def too_many(retry_after: int = 1, text: str = "90 per 1 hour") -> Fault:
    """Return the answer of a limit that was reached."""
    body = f'{{"message": "{text}"}}'
    return Fault(Way.ANSWER, status=429, body=body, retry_after=retry_after)


def page(status: int = 502) -> Fault:
    """Return the error page of a proxy."""
    body = HTML_PAGE.format(status=status)
    return Fault(Way.ANSWER, status=status, body=body, content_type="text/html")


def slow(seconds: float) -> Fault:
    """Return an answer that comes late."""
    return Fault(Way.SLOW, seconds=seconds)


@dataclass(slots=True)
class _Planned:
    path: str
    fault: Fault
    times: int


class Faults:
    """The faults that are to come, in order."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []

    def plan(self, path: str, fault: Fault, times: int) -> None:
        """Let the next requests whose path begins with `path` go wrong."""
        self._planned.append(_Planned(path, fault, times))

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self._planned.clear()

    def take(self, path: str) -> Fault | None:
        """Return what goes wrong with this request."""
        for planned in self._planned:
            if path.startswith(planned.path):
                planned.times -= 1
                if not planned.times:
                    self._planned.remove(planned)
                return planned.fault
        return None


async def suffer(
    fault: Fault, request: web.Request, carry_out: Callable[[], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer a request with `fault`."""
    if fault.after:
        done = await carry_out()
    await asyncio.sleep(fault.seconds)
    if fault.way is Way.SLOW:
        return done if fault.after else await carry_out()
    if fault.way is Way.ANSWER:
        answer = web.Response(text=fault.body, status=fault.status, content_type=fault.content_type)
        if fault.retry_after is not None:
            answer.headers["Retry-After"] = str(fault.retry_after)
        return answer
    _hang_up(request, reset=fault.way is Way.RESET)
    return web.Response()


def _hang_up(request: web.Request, *, reset: bool) -> None:
    transport = request.transport
    if transport is None:
        return
    if reset:
        # Without lingering a close is a reset (socket(7), SO_LINGER).
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
