"""One HTTP request to the Horde and its answer, or how far the request came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp

import bot
from bot.horde.errors import HordeError, NotKnownError, NotSentError

MOST_BYTES: Final = 1 << 20
"""No answer that is of use here comes near it: an account with 1,000 shared keys has 40 KB."""
_PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds: for a connection, for all of a lookup, all of a transfer."""

    connect: float = 5.0
    lookup: float = 10.0
    transfer: float = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `path` begins with `/v2`. It holds the API key and is never shown."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `body` is None where it was no JSON. It may echo the key: never shown."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: object = field(repr=False)


class Transport:
    """A pool of connections to one Horde, made at the first request."""

    def __init__(self, api_url: str, connect_seconds: float) -> None:
        self._api_url = api_url
        self._connect_seconds = connect_seconds
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def close(self) -> None:
        """Close all connections; every request after this raises NotSentError."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def ask(self, request: Request, seconds: float) -> Answer:
        """Send a request once and read the whole answer, following no redirect.

        Raises NotSentError where no connection was made, NotKnownError where the answer was lost.
        """
        if self._closed:
            raise NotSentError("the program is stopping")
        try:
            return await self._ask(request, seconds)
        except HordeError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            failure = _failure(error)
        # Outside of the handler: what aiohttp raises holds the request's headers, or bytes of the
        # answer, and would stay with the error as its context.
        raise failure

    async def _ask(self, request: Request, seconds: float) -> Answer:
        timeout = aiohttp.ClientTimeout(
            total=seconds, connect=self._connect_seconds, sock_connect=self._connect_seconds
        )
        async with self._connections().request(
            request.method,
            f"{self._api_url}{request.path}",
            headers=request.headers,
            json=request.body,
            allow_redirects=False,
            timeout=timeout,
        ) as response:
            return Answer(response.status, response.headers, _parse(await _read(response)))

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Client-Agent": bot.CLIENT_AGENT, "Accept": "application/json"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_chunked(_PIECE):
        body += piece
        if len(body) > MOST_BYTES:
            raise NotKnownError("the answer has no end", response.status)
    return bytes(body)


def _parse(body: bytes) -> object:
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed


def _failure(error: Exception) -> NotSentError | NotKnownError:
    """Tell whether anything of the request can have left this machine.

    aiohttp raises these two kinds only before it has a connection, a TLS one included.
    """
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NotSentError(str(error))
    if isinstance(error, TimeoutError):
        return NotKnownError("no answer in time")
    return NotKnownError(type(error).__name__)
