"""What robots.txt says, as RFC 9309 reads it, and what is made of it on the way to a picture."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.datasets.fetching import permissions as module
from bot.datasets.fetching.faults import FetchFailedError
from bot.datasets.fetching.fetcher import Limits
from bot.datasets.fetching.robots import LARGEST, MOST_RULES, read_rules
from tests.datasets.fetching.serving import (
    PICTURE,
    ROBOTS,
    Answer,
    Site,
    answer,
    fetcher,
    redirect,
    serving,
    whole,
)
from tests.horde.clients import SkippingClock

TEXT = {"Content-Type": "text/plain"}
SHORT = Limits(size=100_000, total=0.3, connect=0.3, silence=0.2)
NOBODY = b"User-agent: *\nDisallow: /\n"


def allows(text: str, path: str = "/a/b.png?c=d") -> bool:
    return read_rules(text.encode()).allow(path)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("<html>Disallow: /</html>", True),
        ("Disallow: /", True),  # of nobody
        ("User-agent: *\nDisallow: /", False),
        ("user-AGENT :*\rDISALLOW:/ # all", False),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: # /", True),
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: Horde-Jury\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        ("User-agent: horde-jury/1.0\nDisallow: /", False),
        ("User-agent: horde-jury-2\nDisallow: /", True),
        ("User-agent: horde-jury\nDisallow: /x\nUser-agent: *\nDisallow: /", True),
        # Several names of one group, and several groups of one name.
        ("User-agent: other\nUser-agent: horde-jury\nDisallow: /", False),
        ("User-agent: *\nAllow: /x\nUser-agent: x\nAllow: /\nUser-agent: *\nDisallow: /", False),
        # What is no rule ends no group.
        ("User-agent: *\nSitemap: http://x/\nCrawl-delay: 9\nDisallow: /a\n", False),
        ("User-agent: *\nnonsense\n: \nUser-agent: x\nDisallow: /a\n", False),
        ("\ufeffUser-agent: *\r\nDisallow: /a\r\n", False),
    ],
)  # fmt: skip
def test_groups(text: str, *, allowed: bool) -> None:
    assert allows(text) is allowed


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /a", "/ab", False),
        ("Disallow: /a/", "/a", True),
        ("Disallow: /A", "/a", True),
        ("Disallow: a", "/a", True),
        ("Disallow: /a\nAllow: /a/b", "/a/b.png", True),
        ("Allow: /a/b\nDisallow: /a", "/a/c.png", False),
        ("Allow: /a\nDisallow: /a", "/a", True),
        ("Disallow: /a\nAllow: /a", "/a", True),
        ("Disallow: /*.png$", "/a/b.png", False),
        ("Disallow: /*.png$", "/a/b.png?c", True),
        ("Disallow: /*.png", "/a/b.png?c", False),
        ("Disallow: *.png", "/a/b.png", False),
        ("Disallow: /a$", "/a", False),
        ("Disallow: /a$", "/ab", True),
        ("Disallow: /a*b$", "/ab", False),
        ("Disallow: /ab*b$", "/ab", True),
        ("Disallow: /*/*/c", "/a/b/c", False),
        ("Disallow: /*/*/c", "/a/c", True),
        ("Disallow: /a*$", "/ab", False),
        ("Disallow: /?", "/?a", False),
        ("Disallow: /\u00e4", "/%C3%A4", False),
        ("Disallow: /%c3%a4", "/%C3%A4", False),
        ("Disallow: /%61%2D", "/a-", False),
        ("Disallow: /a%2Fb", "/a/b", True),
        ("Disallow: /a%2Fb", "/a%2fb", False),
    ],
)
def test_patterns(rules: str, path: str, *, allowed: bool) -> None:
    assert allows(f"User-agent: *\n{rules}", path) is allowed


def test_half_a_line_at_the_limit_is_no_rule() -> None:
    begin = "User-agent: *\nDisallow: /private\n"
    text = begin + "#" * (LARGEST - len(begin) - 12) + "\nDisallow: /public"
    assert text[:LARGEST].endswith("\nDisallow: /")
    assert (allows(text, "/a"), allows(text, "/private")) == (True, False)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["user-agent:*"] * 20_000 + ["disallow:/a"] * 20_000, 1),
        (["user-agent:*"] * 39_000, 0),
        (
            ["user-agent:x", "user-agent:*"] * 10_000 + [f"allow:/{n}" for n in range(15_000)],
            10_000,
        ),
        (["user-agent:*", *(f"disallow:/{n}" for n in range(30_000))], MOST_RULES),
        (["user-agent:*", "disallow:/a"] * 20_000, 1),
    ],
)
def test_a_hostile_file_has_few_rules(lines: list[str], kept: int) -> None:
    data = "\n".join(lines).encode()
    assert len(data) <= LARGEST
    assert len(read_rules(data).patterns) == kept


def test_the_first_rules_count_where_there_are_too_many() -> None:
    text = "\n".join(["user-agent: *", *(f"disallow: /{n}/" for n in range(MOST_RULES + 1))])
    assert not allows(text, f"/{MOST_RULES - 1}/")
    assert allows(text, f"/{MOST_RULES}/")
    assert allows(f"{text}\nallow: /0/", "/0/")  # of a pattern that is there already


def test_a_pattern_of_many_stars_is_no_work() -> None:
    assert allows(f"User-agent: *\nDisallow: /{'a*' * 100_000}b$", "/" + "a" * 8000)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.text(max_size=30))
def test_anything_is_read(data: bytes, path: str) -> None:
    assert read_rules(data).allow(f"/{path}") in {True, False}


async def outcome(site: Site, path: str = "/a", host: str = "127.0.0.1") -> str:
    """What came of a picture: its fault, or that it was fetched."""
    async with fetcher(site, table={"other.test": ["127.0.0.1"]}) as fetching:
        try:
            data = await fetching.fetch(site.url(path, host), whole)
        except FetchFailedError as error:
            return str(error.fault)
    assert data == PICTURE
    return "fetched"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (answer(NOBODY, TEXT), "disallowed"),
        (answer(NOBODY, {"Content-Type": "image/png", "X-Robots-Tag": "noai"}), "disallowed"),
        (answer(gzip.compress(NOBODY), {**TEXT, "Content-Encoding": "gzip"}), "disallowed"),
        (answer(gzip.compress(NOBODY + b"#" * 2**24), {"Content-Encoding": "gzip"}), "disallowed"),
        (answer(NOBODY + b"#" * (LARGEST + 10**6), TEXT), "disallowed"),
        (answer(NOBODY.replace(b"/", b"/b"), TEXT), "fetched"),
        (answer(b"", TEXT), "fetched"),
        (answer(b"", status=404), "fetched"),
        (answer(NOBODY, TEXT, status=403), "fetched"),
        (answer(b"", status=500), "rules_unknown"),
        (answer(b"", status=204), "rules_unknown"),
        (answer(NOBODY, {"Content-Encoding": "br"}), "rules_unknown"),
        (b"no answer at all\r\n\r\n", "rules_unknown"),
        (redirect("/moved"), "disallowed"),
        (redirect("/robots.txt"), "fetched"),  # round and round
        (redirect("http://10.0.0.1/robots.txt"), "fetched"),
        (redirect("ftp://127.0.0.1/robots.txt"), "fetched"),
    ],
)
async def test_what_a_site_answers_for_its_rules(page: bytes, expected: str) -> None:
    pages: dict[str, bytes | Answer | list[bytes]] = {ROBOTS: page, "/a": answer()}
    pages["/moved"] = answer(NOBODY, TEXT)
    async with serving(pages) as site:
        assert await outcome(site) == expected
        assert ("/a" in site.paths) is (expected == "fetched")


async def test_a_site_is_asked_once() -> None:
    pages = {ROBOTS: answer(NOBODY.replace(b"/", b"/no"), TEXT), "/a": answer(), "/b": answer()}
    async with serving(pages) as site, fetcher(site) as fetching:
        links = [site.url(path) for path in ("/a", "/b", "/no", "/no/c", "/a")]
        results = await asyncio.gather(
            *(fetching.fetch(link, whole) for link in links), return_exceptions=True
        )
        assert [getattr(each, "fault", None) for each in results] == [
            None,
            None,
            "disallowed",
            "disallowed",
            None,
        ]
        assert site.paths[0] == ROBOTS
        assert sorted(site.paths[1:]) == ["/a", "/a", "/b"]


async def test_every_site_on_the_way_is_asked() -> None:
    async with serving({ROBOTS: [answer(b"", TEXT), answer(NOBODY, TEXT)]}) as site:
        site.pages["/a"] = redirect(site.url("/b", "other.test"))
        assert await outcome(site) == "disallowed"
        assert site.paths == [ROBOTS, "/a", ROBOTS]


async def test_a_busy_site_is_asked_for_its_rules_later() -> None:
    busy = answer(b"", {"Retry-After": "20"}, status=429)
    async with serving({ROBOTS: [busy, answer(NOBODY, TEXT)], "/a": answer()}) as site:
        clock = SkippingClock()
        async with fetcher(site, clock=clock) as fetching:
            with pytest.raises(FetchFailedError) as raised:
                await fetching.fetch(site.url("/a"), whole)
        assert (raised.value.fault, sum(clock.slept)) == ("disallowed", 20)


async def test_a_site_that_says_nothing_is_asked_again_for_the_next_link() -> None:
    async def be_silent(writer: asyncio.StreamWriter) -> None:
        site.pages[ROBOTS] = answer(b"", status=404)
        await asyncio.sleep(30)

    pages: dict[str, bytes | Answer | list[bytes]] = {ROBOTS: be_silent, "/a": answer()}
    async with serving(pages) as site, fetcher(site, limits=SHORT) as fetching:
        with pytest.raises(FetchFailedError) as raised:
            await fetching.fetch(site.url("/a"), whole)
        assert raised.value.fault == "too_slow"
        assert await fetching.fetch(site.url("/a"), whole) == PICTURE


async def test_the_rules_of_many_sites_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    text = b"User-agent: *\nDisallow: /" + b"x" * 99

    async def ask(link: URL) -> bytes:
        asked.append(link.host)
        return text

    for limit in ("MOST_SITES", "MOST_CHARACTERS"):
        monkeypatch.setattr(module, limit, 2 if limit == "MOST_SITES" else 250)
        asked.clear()
        permissions = module.Permissions(ask)
        for number in [1, 1, 2, 1, 3, 2, 3, 1]:
            await permissions.check(URL(f"http://{number}.test/"))
        assert asked == ["1.test", "2.test", "3.test", "2.test", "1.test"]
        monkeypatch.undo()


async def test_a_site_forgotten_while_it_is_asked_counts_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, asyncio.Future[bytes]]] = []

    async def ask(link: URL) -> bytes:
        asked.append((str(link.host), asyncio.get_running_loop().create_future()))
        return await asked[-1][1]

    async def check(host: str) -> asyncio.Task[None]:
        task = asyncio.create_task(permissions.check(URL(f"http://{host}/")))
        await asyncio.sleep(0)
        return task

    monkeypatch.setattr(module, "MOST_SITES", 1)
    monkeypatch.setattr(module, "MOST_CHARACTERS", 150)
    text = b"User-agent: *\nDisallow: /" + b"x" * 99
    permissions = module.Permissions(ask)
    first, other = await check("a.test"), await check("b.test")
    asked[1][1].set_result(text)
    await other  # a.test is forgotten
    again = await check("a.test")
    for _, answered in (asked[0], asked[2]):
        answered.set_result(text)
    await asyncio.gather(first, again)
    last = await check("a.test")
    assert [host for host, _ in asked] == ["a.test", "b.test", "a.test"]
    await last
