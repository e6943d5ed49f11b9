"""The bytes behind a link."""

from __future__ import annotations

import errno
import socket
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

import aiohttp
from yarl import URL

import bot
from bot.clock import Clock
from bot.datasets.fetching.addresses import Destinations
from bot.datasets.fetching.connecting import Lookup, connector, look_up
from bot.datasets.fetching.faults import (
    SILENT,
    AddressRefusedError,
    FetchFailedError,
    FetchFault,
)
from bot.datasets.fetching.links import check_link, read_link
from bot.datasets.fetching.turns import Manners, Turns
from bot.errors import JuryError, SourceUnavailableError
from bot.horde.headers import retry_after

T = TypeVar("T")

USER_AGENT: Final = f"horde-jury/{bot.__version__} (+{bot.PROJECT_ADDRESS})"
ATTEMPTS: Final = 2
"""How often a link is asked for whose server said that it is busy."""
UNSAID_PAUSE: Final = 10.0
"""Seconds for which a server is spared that has too many requests and does not say for how long."""

_HEADERS: Final = {
    "User-Agent": USER_AGENT,
    "Accept": "image/png, image/webp, image/jpeg, image/gif",
    "Accept-Encoding": "identity",
}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OK: Final = 200
_REFUSED: Final = range(400, 500)
_CRASHED: Final = range(500, 600)
_TOO_MANY_REQUESTS: Final = 429
_UNAVAILABLE: Final = 503
_NOT_SAID: Final = frozenset({"application/octet-stream", "binary/octet-stream"})
# What sites say that want no part in the training of models; img2dataset heeds the same two.
_OPT_OUTS: Final = frozenset({"noai", "noimageai"})
_NO_SUCH_NAME: Final = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)
)
_OWN_FAULTS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What no server is to blame for: no open files, sockets or memory left."""
_PIECE: Final = 1 << 16
_ZLIB_OR_GZIP: Final = 32 + zlib.MAX_WBITS
"""zlib's own sign for: either header."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one link may cost: `size` in bytes, unpacked too; times in seconds.

    `total` is all of one request with its answer, `silence` between two of its bytes.
    """

    size: int = 16 * 2**20
    total: float = 30.0
    connect: float = 10.0
    silence: float = 10.0
    redirects: int = 5


class Fetcher:
    """Fetches pictures from links that nobody vouches for. Use as an async context.

    Every hop of a link goes to an address that was checked just before: see `Destinations`. No
    proxies or passwords of the environment, no cookies, no referrers.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        limits: Limits | None = None,
        manners: Manners | None = None,
        destinations: Destinations | None = None,
        lookup: Lookup = look_up,
    ) -> None:
        self._clock = clock
        self._limits = limits or Limits()
        self._turns = Turns(clock, manners or Manners())
        self._destinations = destinations or Destinations()
        self._lookup = lookup
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        limits = self._limits
        self._session = aiohttp.ClientSession(
            connector=connector(self._destinations, self._lookup),
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=limits.total, sock_connect=limits.connect, sock_read=limits.silence
            ),
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, text: str, take: Callable[[bytes], Awaitable[T]]) -> T:
        """Give the bytes behind a link, which claim to be a picture, to `take`; return its result.

        The request's place is kept meanwhile: no more pictures are in memory than requests may
        run. Raises FetchFailedError, SourceUnavailableError where this machine can make no
        connections, and whatever `take` does.
        """
        link = read_link(text, self._destinations)
        for _ in range(self._limits.redirects + 1):
            answer = await self._ask_patiently(link, take)
            if not isinstance(answer, URL):
                return answer
            link = answer
        raise FetchFailedError(
            FetchFault.TOO_MANY_REDIRECTS, f"more than {self._limits.redirects} redirects"
        )

    async def _ask_patiently(self, link: URL, take: Callable[[bytes], Awaitable[T]]) -> T | URL:
        """Ask again where the server was busy; its turn comes when it wants it."""
        for attempt in range(ATTEMPTS):
            try:
                return await self._ask_in_turn(link, take)
            except FetchFailedError as error:
                if error.fault != FetchFault.BUSY or attempt + 1 == ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _ask_in_turn(self, link: URL, take: Callable[[bytes], Awaitable[T]]) -> T | URL:
        """Return what `take` made of the bytes, or where a redirect leads to."""
        host = (link.raw_host or "").removesuffix(".")
        async with self._turns.turn(host):
            try:
                answer = await self._ask(link)
            except FetchFailedError as error:
                if error.fault == FetchFault.BUSY:
                    self._turns.put_off(host, error.wait)
                    self._turns.failed(host)
                elif error.fault in SILENT:
                    self._turns.failed(host)
                else:
                    self._turns.heard(host)
                raise
            self._turns.heard(host)
            return answer if isinstance(answer, URL) else await take(answer)

    async def _ask(self, link: URL) -> bytes | URL:
        try:
            return await self._request(link)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(error) from error

    async def _request(self, link: URL) -> bytes | URL:
        if self._session is None:
            raise RuntimeError("a Fetcher is used as an async context")
        async with self._session.get(link, allow_redirects=False) as response:
            try:
                if response.status in _REDIRECTS:
                    return self._target(response)
                self._check_status(response)
                _check_headers(response, self._limits.size)
                return _unpack(
                    await _read(response, self._limits.size),
                    response.headers.get("Content-Encoding", ""),
                    self._limits.size,
                )
            finally:
                if not response.content.at_eof():
                    response.close()  # what is left of it is not waited for

    def _target(self, response: aiohttp.ClientResponse) -> URL:
        try:
            target = response.url.join(URL(response.headers.get("Location", "")))
        except ValueError as error:
            raise FetchFailedError(
                FetchFault.BAD_ANSWER, f"the redirect leads nowhere: {error}"
            ) from error
        return check_link(target.with_fragment(None), self._destinations)

    def _check_status(self, response: aiohttp.ClientResponse) -> None:
        status = response.status
        if status == _OK:
            return
        wait = retry_after(response.headers, self._clock.now())
        if status == _TOO_MANY_REQUESTS or (status == _UNAVAILABLE and wait > 0):
            raise FetchFailedError(
                FetchFault.BUSY, f"the server is busy: {status}", wait or UNSAID_PAUSE
            )
        fault = FetchFault.BAD_ANSWER
        if status in _REFUSED:
            fault = FetchFault.NOT_FOUND
        elif status in _CRASHED:
            fault = FetchFault.SERVER_FAULT
        raise FetchFailedError(fault, f"the server answers {status}")


def _check_headers(response: aiohttp.ClientResponse, limit: int) -> None:
    """Refuse before the first byte what the headers rule out."""
    announced = response.content_length
    if announced is not None and announced > limit:
        raise _too_many_bytes(limit)
    kind = response.content_type
    if not kind.startswith("image/") and kind not in _NOT_SAID:
        raise FetchFailedError(FetchFault.WRONG_TYPE, f"it is {kind}, not a picture")
    if _opts_out(response.headers.getall("X-Robots-Tag", [])):
        raise FetchFailedError(FetchFault.OPTED_OUT, "the site wants no part in training")


def _opts_out(tags: list[str]) -> bool:
    """Tell whether a site forbids the use for models: to all, or to a robot that it names."""
    directives = (
        directive.rpartition(":")[2].strip().lower() for tag in tags for directive in tag.split(",")
    )
    return not _OPT_OUTS.isdisjoint(directives)


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_chunked(_PIECE):
        body += piece
        if len(body) > limit:
            raise _too_many_bytes(limit)
    return bytes(body)


def _unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo a compression that was not asked for, without trusting how much it unpacks to."""
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip" | "deflate":
            unpacking = zlib.decompressobj(_ZLIB_OR_GZIP)
        case _:
            raise FetchFailedError(FetchFault.BAD_ANSWER, f"the encoding {encoding} is not known")
    try:
        data = unpacking.decompress(body, limit + 1)
    except zlib.error as error:
        raise FetchFailedError(FetchFault.BAD_ANSWER, f"it does not unpack: {error}") from error
    if len(data) > limit:
        raise _too_many_bytes(limit)
    if not unpacking.eof:
        raise FetchFailedError(FetchFault.BAD_ANSWER, "the answer was cut off")
    return data


def _too_many_bytes(limit: int) -> FetchFailedError:
    return FetchFailedError(FetchFault.TOO_MANY_BYTES, f"it has more than {limit:,} bytes")


def _failure(error: Exception) -> JuryError:
    """Sort what asyncio and aiohttp raise; what kept a connection from being made is the cause."""
    cause = error.__cause__ or error
    if isinstance(cause, OSError) and cause.errno in _OWN_FAULTS:
        return SourceUnavailableError(f"this machine can make no more connections: {cause}")
    if isinstance(cause, AddressRefusedError):
        fault = FetchFault.REFUSED_ADDRESS
    elif isinstance(cause, socket.gaierror):
        unknown = cause.errno in _NO_SUCH_NAME
        fault = FetchFault.UNKNOWN_HOST if unknown else FetchFault.UNREACHABLE
    elif isinstance(error, TimeoutError):
        fault = FetchFault.TOO_SLOW
    elif isinstance(error, aiohttp.ClientConnectorError):
        fault = FetchFault.UNREACHABLE
    else:
        fault = FetchFault.BAD_ANSWER
    return FetchFailedError(fault, f"{type(error).__name__}: {error}"[:500])
