"""How far a request came when the network fails, and what is never done with an answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from time import monotonic

import pytest
from aiohttp import web

from bot.horde.client import HordeClient
from bot.horde.errors import HordeError, NotKnownError, NotSentError
from bot.horde.transport import MOST_BYTES
from tests.horde.asking import key_of
from tests.horde.clients import (
    QUICK,
    RESET,
    SILENCE,
    SkippingClock,
    address,
    answering,
    http,
    json_of,
    listening,
    talking_to,
)

PAID = '{"transferred": 10.0}'


async def failure(client: HordeClient) -> HordeError:
    with pytest.raises(HordeError) as raised:
        await client.transfer(2, 10, "key")
    return raised.value


@pytest.mark.parametrize(
    "answer",
    [
        SILENCE,
        RESET,
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n" + PAID[:-1].encode(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n" + PAID.encode(),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 21\r\n\r\n" + PAID.encode(),
        b"HTTP/1.1 2OO OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        http("200 OK", PAID + "}"),
        http("100 Continue", ""),
        http("204 No Content", ""),
        http("302 Found", PAID, "Location: /paid"),
    ],
)
async def test_a_lost_answer_is_not_known(answer: bytes) -> None:
    async with answering(answer) as server, talking_to(server.url, timeouts=QUICK) as client:
        assert type(await failure(client)) is NotKnownError
        assert len(server.requests) == 1, "it was not sent again"
    assert b"Idempotency-Key: key" in server.requests[0]


async def test_an_answer_that_takes_too_long_is_not_waited_for() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()

    began = monotonic()
    async with listening(drip) as port, talking_to(address(port), timeouts=QUICK) as client:
        error = await failure(client)
    assert isinstance(error, NotKnownError)
    assert error.reason == "no answer in time"
    assert monotonic() - began < 5


async def test_no_more_is_read_than_an_answer_can_need() -> None:
    fits = http("200 OK", PAID + " " * (MOST_BYTES - len(PAID)))
    too_long = http("200 OK", PAID + " " * (MOST_BYTES - len(PAID) + 1))
    async with answering(fits, too_long) as server, talking_to(server.url) as client:
        await client.transfer(2, 10, "key")
        error = await failure(client)
    assert isinstance(error, NotKnownError)
    assert error.reason == "the answer has no end"


async def test_a_refused_connection_sent_nothing() -> None:
    with closing_socket() as (listener, port):
        listener.close()
        async with talking_to(address(port)) as client:
            error = await failure(client)
    assert type(error) is NotSentError
    assert (error.rc, error.status, error.retry_after) == ("", 0, 0)
    assert str(port) in error.reason


async def test_a_name_that_does_not_exist_sent_nothing() -> None:
    # RFC 6761: no name below `invalid` exists.
    async with talking_to("http://horde.invalid/api") as client:
        assert type(await failure(client)) is NotSentError


async def test_a_connection_that_does_not_come_about_sent_nothing() -> None:
    """The listener's queue is full, so the kernel answers no more connections."""
    with closing_socket() as (listener, port), closing_connections(port, 2):
        listener.listen(0)
        async with talking_to(address(port), timeouts=QUICK) as client:
            assert type(await failure(client)) is NotSentError


async def test_a_connection_that_is_not_secured_sent_nothing() -> None:
    async with answering(http("200 OK", PAID)) as server:
        url = server.url.replace("http:", "https:")
        async with talking_to(url, timeouts=QUICK) as client:
            assert type(await failure(client)) is NotSentError
    assert server.requests == []


async def test_a_lookup_that_could_not_be_sent_is_tried_again(clock: SkippingClock) -> None:
    with closing_socket() as (listener, port):
        listener.close()
        async with talking_to(address(port), clock) as client:
            with pytest.raises(NotSentError):
                await client.heartbeat()
    assert len(clock.slept) == 2


@contextmanager
def closing_socket() -> Iterator[tuple[socket.socket, int]]:
    """Give a listener that accepts nothing; once it is closed, connections are refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        yield listener, listener.getsockname()[1]


@contextmanager
def closing_connections(port: int, count: int) -> Iterator[None]:
    connections = [socket.socket() for _ in range(count)]
    try:
        for connection in connections:
            connection.settimeout(0)
            connection.connect_ex(("127.0.0.1", port))
        yield
    finally:
        for connection in connections:
            connection.close()


@asynccontextmanager
async def noting(asked: list[web.Request]) -> AsyncIterator[str]:
    """Serve a Horde that redirects one account's lookups, and all transfers, to elsewhere."""

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        if request.path in {"/api/v2/users/3", "/api/v2/kudos/transfer"}:
            raise web.HTTPTemporaryRedirect("/elsewhere")
        return web.json_response(
            {"username": "ada#2", "id": 2, "message": "OK"}, headers={"Set-Cookie": "seen=1"}
        )

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api"
    finally:
        await runner.cleanup()


async def test_one_connection_serves_all_that_is_asked_in_turn() -> None:
    asked: list[web.Request] = []
    ports = set()
    async with noting(asked) as url, talking_to(url) as client:
        for _ in range(5):
            await client.account(2)
            await client.heartbeat()
            assert asked[-1].transport is not None
            ports.add(asked[-1].transport.get_extra_info("peername"))
    assert len(asked) == 10
    assert len(ports) == 1
    assert not any(request.cookies for request in asked), "no cookie came back"


async def test_no_redirect_is_followed() -> None:
    asked: list[web.Request] = []
    async with noting(asked) as url, talking_to(url) as client:
        with pytest.raises(NotKnownError):
            await client.account(3)
        assert type(await failure(client)) is NotKnownError
    assert "/elsewhere" not in {request.path for request in asked}


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
async def test_no_proxy_is_taken_from_the_environment(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(each, raising=False)
    async with answering(json_of("200 OK", PAID)) as server, talking_to(server.url) as client:
        with closing_socket() as (listener, port):
            listener.close()
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
            await client.transfer(2, 10, "key")


async def test_no_password_is_taken_from_the_home_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("default login somebody password secret\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with answering(json_of("200 OK", PAID)) as server, talking_to(server.url) as client:
        await client.transfer(2, 10, "key")
    assert b"authorization" not in server.requests[0].lower()
    assert key_of("jury").encode() in server.requests[0]
