"""The bytes behind a link."""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

import aiohttp
from yarl import URL

import bot
from bot.clock import Clock
from bot.datasets.fetching.addresses import Destinations
from bot.datasets.fetching.bodies import read_beginning, read_picture
from bot.datasets.fetching.connecting import Lookup, connector, look_up
from bot.datasets.fetching.faults import (
    SILENT,
    AddressRefusedError,
    FetchFailedError,
    FetchFault,
)
from bot.datasets.fetching.links import check_link, read_link
from bot.datasets.fetching.permissions import Permissions
from bot.datasets.fetching.robots import LARGEST, PRODUCT
from bot.datasets.fetching.turns import Manners, Turns
from bot.errors import JuryError, SourceUnavailableError
from bot.horde.headers import retry_after

T = TypeVar("T")

USER_AGENT: Final = f"{PRODUCT}/{bot.__version__} (+{bot.PROJECT_ADDRESS})"
ATTEMPTS: Final = 2
"""How often a link is asked for whose server said that it is busy."""
UNSAID_PAUSE: Final = 10.0
"""Seconds for which a server is spared that has too many requests and does not say for how long."""

_HEADERS: Final = {
    "User-Agent": USER_AGENT,
    "Accept-Encoding": "identity",
}
_PICTURES: Final = "image/png, image/webp, image/jpeg, image/gif"
_TEXT: Final = "text/plain, */*;q=0.5"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OK: Final = 200
_REFUSED: Final = range(400, 500)
_CRASHED: Final = range(500, 600)
_TOO_MANY_REQUESTS: Final = 429
_UNAVAILABLE: Final = 503
_NO_SUCH_NAME: Final = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)
)
_OWN_FAULTS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What no server is to blame for: no open files, sockets or memory left."""


Read = Callable[[aiohttp.ClientResponse], Awaitable[bytes]]


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
        self._permissions = Permissions(self._rules_of)
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

        Each site on the way is asked first whether it lets us: see `Permissions`. The request's
        place is kept meanwhile: no more pictures are in memory than requests may run. Raises
        FetchFailedError, SourceUnavailableError where this machine can make no connections, and
        whatever `take` does.
        """
        link = read_link(text, self._destinations)
        return await self._follow(link, partial(self._ask_patiently, take=take))

    async def _rules_of(self, link: URL) -> bytes:
        """Return the beginning of a robots.txt, as much as it may have."""
        read = partial(read_beginning, limit=LARGEST)

        async def ask(link: URL) -> bytes | URL:
            return await self._ask_in_turn(link, _TEXT, read, _as_it_is)

        return await self._follow(check_link(link, self._destinations), ask)

    async def _follow(self, link: URL, ask: Callable[[URL], Awaitable[T | URL]]) -> T:
        """Return what `ask` says in the end, which may return where a redirect leads to."""
        for _ in range(self._limits.redirects + 1):
            answer = await ask(link)
            if not isinstance(answer, URL):
                return answer
            link = answer
        raise FetchFailedError(
            FetchFault.TOO_MANY_REDIRECTS, f"more than {self._limits.redirects} redirects"
        )

    async def _ask_patiently(self, link: URL, take: Callable[[bytes], Awaitable[T]]) -> T | URL:
        """Ask again where the server was busy; its turn comes when it wants it."""
        read = partial(read_picture, limit=self._limits.size)
        for attempt in range(ATTEMPTS):
            try:
                await self._permissions.check(link)
                return await self._ask_in_turn(link, _PICTURES, read, take)
            except FetchFailedError as error:
                if error.fault != FetchFault.BUSY or attempt + 1 == ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _ask_in_turn(
        self, link: URL, accept: str, read: Read, take: Callable[[bytes], Awaitable[T]]
    ) -> T | URL:
        """Return what `take` made of the bytes, or where a redirect leads to."""
        host = (link.raw_host or "").removesuffix(".")
        async with self._turns.turn(host):
            try:
                answer = await self._ask(link, accept, read)
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

    async def _ask(self, link: URL, accept: str, read: Read) -> bytes | URL:
        try:
            return await self._request(link, accept, read)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(error) from error

    async def _request(self, link: URL, accept: str, read: Read) -> bytes | URL:
        if self._session is None:
            raise RuntimeError("a Fetcher is used as an async context")
        headers = {"Accept": accept}
        async with self._session.get(link, headers=headers, allow_redirects=False) as response:
            try:
                if response.status in _REDIRECTS:
                    return self._target(response)
                self._check_status(response)
                return await read(response)
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


async def _as_it_is(data: bytes) -> bytes:
    return data


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
