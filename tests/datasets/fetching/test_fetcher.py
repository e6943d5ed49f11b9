from __future__ import annotations

import asyncio
import errno
import gzip
import socket
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import aiohttp
import pytest

from bot.datasets.fetching.addresses import Address, Destinations
from bot.datasets.fetching.connecting import connector, look_up
from bot.datasets.fetching.faults import AddressRefusedError, FetchFailedError
from bot.datasets.fetching.fetcher import USER_AGENT, Fetcher, Limits
from bot.errors import SourceUnavailableError
from tests.datasets.fetching.serving import (
    PICTURE,
    QUICK,
    Answer,
    Site,
    answer,
    fetcher,
    redirect,
    serving,
    whole,
)
from tests.horde.clients import SkippingClock

SHORT = Limits(size=100_000, total=0.3, connect=0.3, silence=0.2)
PNG = {"Content-Type": "image/png"}


async def fault_of(fetching: Fetcher, url: str) -> str:
    with pytest.raises(FetchFailedError) as raised:
        await fetching.fetch(url, whole)
    return str(raised.value.fault)


async def fault_at(page: bytes | Answer, limits: Limits = QUICK) -> str:
    async with serving({"/": page}) as site, fetcher(site, limits=limits) as fetching:
        return await fault_of(fetching, site.url("/"))


async def test_a_picture_is_fetched_with_an_honest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    pages = {"/a.png": answer(headers=[("Content-Type", "image/png"), ("Set-Cookie", "a=b")])}
    async with serving(pages) as site, fetcher(site) as fetching:
        assert await fetching.fetch(site.url("/a.png"), whole) == PICTURE
        assert await fetching.fetch(site.url("/a.png#part"), whole) == PICTURE
        for path, headers in site.asked:
            assert path == "/a.png"
            assert headers["user-agent"] == USER_AGENT
            assert headers["accept-encoding"] == "identity"
            assert not {"cookie", "referer", "authorization"} & set(headers)
    assert USER_AGENT.startswith("horde-jury/")
    assert "+https://" in USER_AGENT


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(status: int) -> None:
    pages = {"/a": redirect("b?c=d", status), "/e": answer()}
    async with serving(pages) as site, fetcher(site) as fetching:
        site.pages["/b?c=d"] = redirect(f"//127.0.0.1:{site.port}/e#part", status)
        assert await fetching.fetch(site.url("/a"), whole) == PICTURE


async def test_redirects_end() -> None:
    chain = {f"/{number}": redirect(f"/{number + 1}") for number in range(9)}
    async with serving({**chain, "/loop": redirect("/loop")}) as site, fetcher(site) as fetching:
        site.pages["/5"] = answer()
        assert await fetching.fetch(site.url("/0"), whole) == PICTURE
        site.pages["/5"], site.pages["/6"] = redirect("/6"), answer()
        assert await fault_of(fetching, site.url("/0")) == "too_many_redirects"
        site.asked.clear()
        assert await fault_of(fetching, site.url("/loop")) == "too_many_redirects"
        assert len(site.asked) == 6


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("http://127.0.0.2/", "refused_address"),
        ("http://169.254.169.254/latest/meta-data/", "refused_address"),
        ("http://[::1]/", "refused_address"),
        ("http://[::ffff:127.0.0.1]/", "refused_address"),
        ("http://[::ffff:10.0.0.1]/", "refused_address"),
        ("http://10.0.0.1/", "refused_address"),
        ("http://2130706434/", "refused_address"),
        ("http://0x7f.2/", "refused_address"),
        ("http://inside.test/", "refused_address"),
        ("http://mixed.test/", "refused_address"),
        ("http://mapped.test/", "refused_address"),
        ("http://127.0.0.1:1/", "wrong_link"),
        ("http://a:b@127.0.0.1/", "wrong_link"),
        ("data:image/png;base64,AAAA", "wrong_link"),
        ("file:///etc/passwd", "wrong_link"),
        ("http://[", "bad_answer"),
        ("http://a\\b/", "bad_answer"),
    ],
)
async def test_a_redirect_is_checked_like_a_link(target: str, fault: str) -> None:
    table = {
        "inside.test": ["192.168.1.1"],
        "mixed.test": ["127.0.0.1", "10.0.0.1"],
        "mapped.test": ["::ffff:192.168.0.1"],
    }
    pages = {"/": redirect("/second"), "/second": redirect(target)}
    async with serving(pages) as site, fetcher(site, table=table) as fetching:
        assert await fault_of(fetching, site.url("/")) == fault
        assert site.paths == ["/", "/second"]


async def test_a_name_goes_to_the_address_that_was_checked() -> None:
    """A second lookup for the picture would lead into the own network; there is none."""
    looked_up: list[str] = []

    def rebinding(name: str) -> list[Address]:
        looked_up.append(name)
        # The first is for robots.txt, which goes over a connection of its own.
        return [ip_address("127.0.0.1")] if len(looked_up) <= 2 else [ip_address("10.0.0.1")]

    async with serving({"/": answer()}) as site:
        async with fetcher(site, lookup=rebinding) as fetching:
            assert await fetching.fetch(site.url("/", "moving.test"), whole) == PICTURE
            assert looked_up == ["moving.test"] * 2
            assert site.asked[0][1]["host"] == f"moving.test:{site.port}"
            # A new connection looks it up anew, and is checked anew.
            assert await fault_of(fetching, site.url("/", "moving.test")) == "refused_address"
        assert len(site.asked) == 1


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["127.0.0.1", "::1"],
     ["::ffff:127.0.0.1"], ["fe80::1%1"], ["64:ff9b::7f00:1"]],
)  # fmt: skip
async def test_one_private_address_refuses_a_name(addresses: list[str]) -> None:
    async with serving({"/": answer()}) as site:
        async with fetcher(site, table={"mixed.test": addresses}) as fetching:
            assert await fault_of(fetching, site.url("/", "mixed.test")) == "refused_address"
        assert site.asked == []


async def test_without_leave_nothing_goes_to_loopback() -> None:
    async with serving({"/": answer()}) as site, Fetcher(SkippingClock()) as fetching:
        for host in ("127.0.0.1", "localhost"):
            assert await fault_of(fetching, f"http://{host}/") == "refused_address"
            assert await fault_of(fetching, site.url("/", host)) == "wrong_link"
        assert site.asked == []


async def test_no_connection_escapes_the_check() -> None:
    """Not even one for which aiohttp asks no resolver."""
    async with serving({"/": answer()}) as site:
        checked = connector(Destinations(), look_up)
        async with aiohttp.ClientSession(connector=checked) as session:
            with pytest.raises(aiohttp.ClientConnectorError) as raised:
                await session.get(site.url("/"))
        assert isinstance(raised.value.__cause__, AddressRefusedError)
        assert site.asked == []


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (answer(b"", status=404), "not_found"),
        (answer(b"", status=403), "not_found"),
        (answer(b"", status=410), "not_found"),
        (answer(b"", status=500), "server_fault"),
        (answer(b"", status=503), "server_fault"),
        (answer(b"", status=204), "bad_answer"),
        (answer(b"", status=304), "bad_answer"),
        (answer(PICTURE, {"Content-Type": "text/html"}), "wrong_type"),
        (answer(PICTURE, {"Content-Type": "video/mp4"}), "wrong_type"),
        (answer(headers={**PNG, "X-Robots-Tag": "noai"}), "opted_out"),
        (answer(headers={**PNG, "X-Robots-Tag": "noindex, NoImageAI"}), "opted_out"),
        (answer(headers={**PNG, "X-Robots-Tag": "anybot: noai"}), "opted_out"),
        (answer(headers={**PNG, "Content-Encoding": "br"}), "bad_answer"),
        (answer(headers={**PNG, "Content-Encoding": "gzip"}), "bad_answer"),
        (answer(length=len(PICTURE) + 1), "bad_answer"),
        (answer(length=10 * 2**30), "too_many_bytes"),
        (answer(b"a" * 100_001), "too_many_bytes"),
        (answer(b"a" * 100_001, length=-1), "too_many_bytes"),
        (answer(headers={**PNG, "X-Long": "a" * 100_000}), "bad_answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "bad_answer"),
        (b"\x00\xff" * 100, "bad_answer"),
        (b"", "bad_answer"),
        (redirect(""), "too_many_redirects"),
    ],
)  # fmt: skip
async def test_bad_answers(page: bytes, fault: str) -> None:
    assert await fault_at(page) == fault


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "image/x-whatever"}, {"Content-Type": "application/octet-stream"},
     {**PNG, "X-Robots-Tag": "noindex"}, {**PNG, "Content-Encoding": "identity"}],
)  # fmt: skip
async def test_good_answers(headers: dict[str, str]) -> None:
    async with serving({"/": answer(headers=headers)}) as site, fetcher(site) as fetching:
        assert await fetching.fetch(site.url("/"), whole) == PICTURE


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_what_is_packed_unasked_is_unpacked_within_limits(
    name: str, pack: Callable[[bytes], bytes]
) -> None:
    headers = {**PNG, "Content-Encoding": name}
    pages = {
        "/": answer(pack(PICTURE), headers),
        "/bomb": answer(pack(bytes(50_000_000)), headers),
        "/cut": answer(pack(PICTURE)[:-9], headers),
        "/broken": answer(b"broken", headers),
    }
    async with serving(pages) as site, fetcher(site) as fetching:
        assert await fetching.fetch(site.url("/"), whole) == PICTURE
        assert await fault_of(fetching, site.url("/bomb")) == "too_many_bytes"
        assert await fault_of(fetching, site.url("/cut")) == "bad_answer"
        assert await fault_of(fetching, site.url("/broken")) == "bad_answer"


async def test_a_bomb_is_not_unpacked_whole() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    headers = {**PNG, "Content-Encoding": "gzip"}
    async with serving({"/": answer(bomb, headers)}) as site, fetcher(site) as fetching:
        tracemalloc.start()
        try:
            assert await fault_of(fetching, site.url("/")) == "too_many_bytes"
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()


def drip(piece: bytes, beginning: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    """Something every now and then, for ever: never silent for long."""

    async def page(writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)

    return page


async def silent(writer: asyncio.StreamWriter) -> None:
    await writer.wait_closed()


async def half_and_silent(writer: asyncio.StreamWriter) -> None:
    writer.write(answer(PICTURE[:20], length=len(PICTURE)))
    await writer.wait_closed()


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(answer(b"", length=-1))
    while True:
        writer.write(bytes(10_000))
        await writer.drain()


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (silent, "too_slow"),
        (half_and_silent, "too_slow"),
        (drip(b"a", answer(b"", length=90_000)), "too_slow"),
        (drip(b"X-Header: a\r\n", b"HTTP/1.1 200 OK\r\n"), "too_slow"),
        (drip(b"a", b"HTTP/1.1 200 OK\r\nX-Header: "), "too_slow"),
    ],
    ids=["silent", "half", "loris body", "loris headers", "loris header"],
)
async def test_slow_servers_are_left(page: Answer, fault: str) -> None:
    assert await fault_at(page, SHORT) == fault


async def test_an_endless_body_is_left() -> None:
    assert await fault_at(endless) == "too_many_bytes"


async def test_no_server_is_blamed_for_a_want_of_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    async with serving({"/": answer()}) as site, fetcher(site) as fetching:
        monkeypatch.setattr("bot.datasets.fetching.connecting.socket.socket", none_left)
        with pytest.raises(SourceUnavailableError, match="no more connections"):
            await fetching.fetch(site.url("/"), whole)


async def test_who_cannot_be_reached() -> None:
    async with serving({}) as site:
        port = site.port

        def lookup(name: str) -> list[Address]:
            if name == "nowhere.test":
                raise socket.gaierror(-2, "Name or service not known")
            raise socket.gaierror(-3, "Temporary failure in name resolution")

        async with fetcher(site, lookup=lookup) as fetching:
            assert await fault_of(fetching, "http://nowhere.test/") == "unknown_host"
            assert await fault_of(fetching, "http://later.test/") == "unreachable"
            # Not TLS at all on the other side.
            assert await fault_of(fetching, f"https://127.0.0.1:{port}/") == "unreachable"
    async with fetcher(Site(port=port)) as fetching:
        assert await fault_of(fetching, f"http://127.0.0.1:{port}/") == "unreachable"
