from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bot.clock import SystemClock
from bot.datasets.fetching.addresses import Address
from bot.datasets.fetching.turns import Manners
from bot.datasets.imports.laion import gathering as gathering_module
from bot.datasets.imports.laion.importing import LEASE
from bot.datasets.imports.laion.pictures import key_of
from bot.datasets.imports.laion.thresholds import Thresholds
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Summary
from bot.errors import ImportRefusedError, SourceUnavailableError
from bot.images.store import ImageStore
from storage import images
from storage.database import Database
from storage.errors import DatabaseBusyError
from storage.leases import Lease
from tests.datasets.fetching.serving import (
    HOME,
    PICTURE,
    QUICK,
    ROBOTS,
    Answer,
    answer,
    fetcher,
    redirect,
    serving,
)
from tests.datasets.imports.importing import data_set_names, left_out, names_of, stored
from tests.datasets.imports.laion import bring_laion, dead, write_links, write_table
from tests.datasets.imports.test_near_duplicates import PICTURE as ALIKE
from tests.horde.clients import SkippingClock
from tests.images.pictures import animated, drawn, encoded, png_claiming

JPEG = encoded(drawn(30, 20), "JPEG")


def files_below(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


async def test_pictures_are_fetched_kept_and_shown(database: Database, tmp_path: Path) -> None:
    pages = {"/a.png": answer(), "/b": redirect("/c"), "/c": answer(JPEG, {})}
    async with serving(pages) as site:
        a, b = site.url("/a.png"), site.url("/b")
        path = write_table(
            tmp_path / "a.parquet",
            [{"url": a, "TEXT": " first "}, {"url": b, "TEXT": None, "punsafe": 0.3}],
        )
        reports: list[tuple[int, int | None]] = []
        summary = await bring_laion(
            database,
            [path],
            fetcher(site),
            progress=lambda done, total: reports.append((done, total)),
        )
    assert (summary.data_set, summary.read, summary.added, summary.safe) == ("laion", 2, 2, 1)
    assert (reports[-1], summary.left_out, summary.notes) == ((2, 2), (), ())
    query = "member, prompt, width, height, safe, stage, sha256, parameters"
    rows = stored(database, query)
    *values, parameters = rows[key_of(a)]
    key = key_of(a)
    assert values == [
        f"{key[:2]}/{key}.png", "first", 20, 10, 1, "waiting", hashlib.sha256(PICTURE).digest(),
    ]  # fmt: skip
    assert json.loads(parameters) == {
        "url": a, "similarity": 0.35, "punsafe": 0.01, "pwatermark": 0.02, "aesthetic_score": 6.5,
        "hash": -(2**63),
    }  # fmt: skip
    key = key_of(b)
    assert rows[key][:5] == (f"{key[:2]}/{key}.jpg", None, 30, 20, 0)
    assert files_below(tmp_path / "fetched") == sorted(values[0] for values in rows.values())
    store = ImageStore(database, tmp_path / "media", cache_limit=2**24, upload_limit=10 * 2**20)
    image = await database.read(lambda connection: images.by_key(connection, 1, key))
    assert image is not None
    assert (await store.rendition(image)).width == 30
    await store.close()


async def test_again_only_what_is_new_is_fetched(database: Database, tmp_path: Path) -> None:
    pages = {f"/{name}": answer() for name in "abc"} | {"/busy": answer(b"", status=429)}
    async with serving(pages) as site:
        links = [site.url(f"/{name}") for name in ("a", "b", "gone", "busy")]
        one = write_links(tmp_path / "1.parquet", links)
        two = write_links(tmp_path / "2.parquet", [site.url("/b"), site.url("/c")])
        first = await bring_laion(database, [one], fetcher(site), clock=SkippingClock())
        assert (first.added, left_out(first)) == (2, {"not_found": 1, "busy": 1})
        before = stored(database, "id, random_key, imported_at")
        site.asked.clear()
        second = await bring_laion(database, [one, two], fetcher(site), clock=SkippingClock())
        assert (second.read, second.added, second.already_there) == (6, 1, 3)
        assert left_out(second) == {"known_dead": 1, "busy": 1}
        assert set(site.paths) == {"/c", "/busy"}
        assert before.items() < stored(database, "id, random_key, imported_at").items()
        site.asked.clear()
        site.pages["/busy"] = answer()
        third = await bring_laion(database, [one, two], fetcher(site))
        assert (third.added, third.already_there, site.paths) == (1, 4, ["/busy"])


async def test_what_a_site_forbids_robots_is_not_fetched(
    database: Database, tmp_path: Path
) -> None:
    rules = answer(b"User-agent: horde-jury\nDisallow: /*.png$\n", {"Content-Type": "text/plain"})
    async with serving({ROBOTS: answer(b"", status=500), "/a": answer()}) as site:
        table = write_links(tmp_path / "a.parquet", [site.url("/a"), site.url("/b.png")])
        first = await bring_laion(database, [table], fetcher(site))
        assert (left_out(first), site.paths) == ({"rules_unknown": 2}, [ROBOTS])
        site.pages[ROBOTS] = rules
        second = await bring_laion(database, [table], fetcher(site))
        assert (second.added, left_out(second)) == (1, {"disallowed": 1})
        assert await dead(database, site, ["/a", "/b.png"]) == {"/b.png": "disallowed"}
        site.asked.clear()
        third = await bring_laion(database, [table], fetcher(site))
        assert (left_out(third), site.paths) == ({"known_dead": 1}, [])


async def test_a_site_that_forbids_everything_is_not_silent(
    database: Database, tmp_path: Path
) -> None:
    """Of 60 servers half are dead, the others are there and forbid all: this machine is online."""

    def lookup(name: str) -> list[Address]:
        if name.startswith("dead"):
            raise socket.gaierror(socket.EAI_NONAME, name)
        return [HOME]

    rules = answer(b"User-agent: *\nDisallow: /\n", {"Content-Type": "text/plain"})
    async with serving({ROBOTS: rules}) as site:
        hosts = [f"{kind}{n}.test" for n in range(30) for kind in ("dead", "strict")]
        table = write_links(tmp_path / "a.parquet", [site.url("/a", host) for host in hosts])
        summary = await bring_laion(database, [table], fetcher(site, lookup=lookup))
        assert left_out(summary) == {"unknown_host": 30, "disallowed": 30}
        assert len(site.paths) == 30
        again = await bring_laion(database, [table], fetcher(site, lookup=lookup))
        assert left_out(again) == {"known_dead": 60}


async def test_dead_links_are_tried_again_on_demand(database: Database, tmp_path: Path) -> None:
    async with serving({"/html": answer(PICTURE, {"Content-Type": "text/html"})}) as site:
        paths = ["/gone", "/html"]
        table = write_links(tmp_path / "a.parquet", [site.url(path) for path in paths])
        await bring_laion(database, [table], fetcher(site))
        assert await dead(database, site, paths) == {"/gone": "not_found", "/html": "wrong_type"}
        again = await bring_laion(database, [table], fetcher(site))
        assert (again.read, left_out(again)) == (2, {"known_dead": 2})
        assert len(site.asked) == 2
        other = await bring_laion(database, [table], fetcher(site), name="other")
        assert left_out(other) == {"not_found": 1, "wrong_type": 1}
        site.pages["/gone"] = answer()
        retried = await bring_laion(database, [table], fetcher(site), retry_dead=True)
        assert (retried.added, left_out(retried)) == (1, {"wrong_type": 1})
        assert await dead(database, site, paths) == {"/html": "wrong_type"}


async def test_what_cannot_be_taken_is_counted_by_reason(
    database: Database, tmp_path: Path
) -> None:
    inside = "http://10.0.0.1/a.png"
    pages: dict[str, bytes | Answer | list[bytes]] = {
        "/good": answer(),
        "/text": answer(b"not a picture", {"Content-Type": "image/png"}),
        "/svg": answer(b"<svg/>", {"Content-Type": "image/svg+xml"}),
        "/half": answer(PICTURE[:-30]),
        "/vast": answer(png_claiming(100_000, 100_000)),
        "/large": answer(length=10 * 2**30),
        "/slow": lambda writer: writer.wait_closed(),
        "/inside": redirect(inside),
        "/opted": answer(headers={"Content-Type": "image/png", "X-Robots-Tag": "noai"}),
    }
    async with serving(pages) as site:
        no_use = (
            inside, "http://[::ffff:127.0.0.1]/", "http://2130706433/", "data:image/png,a",
            "file:///etc/passwd", "http://nowhere.test/a.png", None, " ",
        )  # fmt: skip
        rows: list[dict[str, object]] = [{"url": url} for url in (*map(site.url, pages), *no_use)]
        rows += [
            {"url": site.url("/unsafe"), "punsafe": 0.9},
            {"url": site.url("/marked"), "pwatermark": 0.9},
        ]
        table = write_table(tmp_path / "a.parquet", rows)

        def unknown(name: str) -> list[Address]:
            raise socket.gaierror(socket.EAI_NONAME, name)

        fetching = fetcher(site, lookup=unknown, limits=replace(QUICK, total=1.0, silence=0.5))
        summary = await bring_laion(database, [table], fetching)
        assert set(site.paths) == set(pages)
    assert summary.added == 1
    assert left_out(summary) == {
        "not_a_picture": 2, "broken": 1, "too_many_pixels": 1, "too_many_bytes": 1, "too_slow": 1,
        "refused_address": 4, "opted_out": 1, "wrong_link": 2, "unknown_host": 1, "no_link": 2,
        "unsafe": 1, "watermark": 1,
    }  # fmt: skip
    assert summary.read == len(rows)
    assert names_of(summary, "no_link") == ("a.parquet, row 16, URL", "a.parquet, row 17, URL")
    assert names_of(summary, "unsafe") == ("a.parquet, row 18",)
    assert "http://2130706433/" in names_of(summary, "refused_address")
    assert len(files_below(tmp_path / "fetched")) == 1
    assert await dead(database, site, list(pages)) == {
        "/text": "not_a_picture", "/svg": "not_a_picture", "/half": "broken",
        "/vast": "too_many_pixels", "/large": "too_many_bytes", "/slow": "too_slow",
        "/inside": "refused_address", "/opted": "opted_out",
    }  # fmt: skip
    assert all(line.isprintable() for line in summary.lines())
    json.dumps(summary.as_dict())


async def test_one_link_in_many_rows_is_one_image(database: Database, tmp_path: Path) -> None:
    async with serving({"/a": answer()}) as site:
        good, gone = site.url("/a"), site.url("/gone")
        rows = [{"url": good, "TEXT": f"caption {n}"} for n in range(5)] + [{"url": gone}] * 3
        tables = [write_table(tmp_path / f"{n}.parquet", rows) for n in range(2)]
        summary = await bring_laion(database, tables, fetcher(site))
        assert sorted(site.paths) == ["/a", "/gone"]
    assert (summary.read, summary.added, summary.already_there) == (16, 1, 9)
    assert sum(left_out(summary).values()) == 6
    assert stored(database, "prompt") == {key_of(good): ("caption 0",)}


async def test_near_duplicates_are_found(database: Database, tmp_path: Path) -> None:
    jpeg = {"Content-Type": "image/jpeg"}
    smaller = ALIKE.resize((300, 200))
    pages = {"/a": answer(encoded(ALIKE)), "/b": answer(encoded(smaller, "JPEG"), jpeg)}
    async with serving(pages) as site:
        a, b = site.url("/a"), site.url("/b")
        tables = [
            write_links(tmp_path / "a.parquet", [a]),
            write_links(tmp_path / "b.parquet", [b, b]),
        ]
        await bring_laion(database, tables[:1], fetcher(site))
        skipped = await bring_laion(database, tables, fetcher(site), near=NearDuplicates.SKIP)
        assert (skipped.already_there, left_out(skipped)) == (1, {"near_duplicate": 2})
        assert names_of(skipped, "near_duplicate") == (f"{b} (like {key_of(a)})",)
        assert len(files_below(tmp_path / "fetched")) == 1
        assert await dead(database, site, ["/a", "/b"]) == {"/b": "near_duplicate"}
        site.asked.clear()
        again = await bring_laion(database, tables, fetcher(site), near=NearDuplicates.SKIP)
        assert (left_out(again), site.asked) == ({"known_dead": 2}, [])
        counted = await bring_laion(
            database, tables, fetcher(site), near=NearDuplicates.COUNT, retry_dead=True
        )
        assert (counted.added, counted.already_there) == (1, 2)
        assert [(note.reason, note.count) for note in counted.notes] == [("near_duplicate", 1)]
        assert await dead(database, site, ["/b"]) == {}


async def test_a_link_of_megabytes_is_not_kept(database: Database, tmp_path: Path) -> None:
    async with serving({}) as site:
        table = write_links(tmp_path / "a.parquet", [site.url("/" + "a" * 5_000_000)])
        summary = await bring_laion(database, [table], fetcher(site))
    assert names_of(summary, "wrong_link") == ("a.parquet, row 1, URL",)
    assert database.path.stat().st_size < 1_000_000


async def test_an_animation_is_noted(database: Database, tmp_path: Path) -> None:
    async with serving({"/a": answer(animated("GIF"), {"Content-Type": "image/gif"})}) as site:
        table = write_links(tmp_path / "a.parquet", [site.url("/a")])
        summary = await bring_laion(database, [table], fetcher(site))
        assert [(note.reason, note.names) for note in summary.notes] == [
            ("animated", (site.url("/a"),))
        ]


async def test_many_links_with_little_at_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering_module, "WINDOW", 20)
    pages = {f"/{number}": answer() for number in range(0, 300, 2)}
    async with serving(pages) as site:
        urls = [site.url(f"/{number}") for number in range(300)]
        tables = [
            write_links(tmp_path / "1.parquet", urls[:170]),
            write_links(tmp_path / "2.parquet", urls[170:]),
        ]
        manners = Manners(connections=7, a_host=7, pause=0)
        summary = await bring_laion(
            database, tables, fetcher(site, manners=manners), clock=SkippingClock()
        )
        assert site.most_at_once <= 7
    assert (summary.added, left_out(summary)) == (150, {"not_found": 150})
    assert len({key for (key,) in stored(database, "random_key").values()}) == 150


def offline(name: str) -> list[Address]:
    raise socket.gaierror(socket.EAI_AGAIN, name)


async def test_a_machine_that_is_not_online_condemns_no_link(
    database: Database, tmp_path: Path
) -> None:
    silent = ["http://xn--/a.png", *(f"http://{number}.test/a.png" for number in range(39))]
    async with serving({"/a": answer()}) as site:

        async def bring(name: str, urls: list[str]) -> Summary:
            table = write_links(tmp_path / name, urls)
            return await bring_laion(database, [table], fetcher(site, lookup=offline))

        with pytest.raises(SourceUnavailableError, match="is this machine online"):
            await bring("many.parquet", silent)
        few = silent[:20]
        # Where nobody answered, nobody can tell.
        assert left_out(await bring("few.parquet", few)) == {"unreachable": 20}
        heard = await bring("heard.parquet", [*few, site.url("/a"), site.url("/gone")])
        assert (heard.added, left_out(heard)) == (1, {"unreachable": 20, "not_found": 1})
        again = await bring("again.parquet", [*few, site.url("/gone")])
        assert left_out(again) == {"known_dead": 21}


async def test_one_import_a_database(database: Database, tmp_path: Path) -> None:
    async with serving({"/a": answer()}) as site:
        table = write_links(tmp_path / "a.parquet", [site.url("/a")])
        async with Lease(database, LEASE, SystemClock()):
            with pytest.raises(DatabaseBusyError, match="import laion"):
                await bring_laion(database, [table], fetcher(site))
        assert site.asked == []


async def test_what_a_killed_import_left_is_taken_away(database: Database, tmp_path: Path) -> None:
    (tmp_path / "fetched").mkdir()
    (tmp_path / "fetched" / "tmpabc.part").write_bytes(PICTURE[:9])
    (tmp_path / "fetched" / "mine.txt").write_text("mine")
    async with serving({}) as site:
        await bring_laion(database, [write_links(tmp_path / "a.parquet", [])], fetcher(site))
    assert files_below(tmp_path / "fetched") == ["mine.txt"]


async def test_a_disk_that_takes_nothing_stops_the_import(
    database: Database, tmp_path: Path
) -> None:
    async with serving({"/a": answer(), "/b": answer()}) as site:
        table = write_links(tmp_path / "a.parquet", [site.url("/a"), site.url("/b")])
        (tmp_path / "fetched").mkdir()
        for url in (site.url("/a"), site.url("/b")):
            (tmp_path / "fetched" / key_of(url)[:2]).write_text("a file where a folder should be")
        with pytest.raises(SourceUnavailableError, match="cannot be written"):
            await bring_laion(database, [table], fetcher(site))
        assert stored(database, "id") == {}
        shutil.rmtree(tmp_path / "fetched")
        assert (await bring_laion(database, [table], fetcher(site))).added == 2


async def test_what_came_before_a_full_disk_is_stored(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "fetched"

    class UntilAllEnded(SkippingClock):
        """A clock for which a little while is as long as all links take."""

        async def sleep(self, seconds: float) -> None:
            while any(task.get_name().startswith("link ") for task in asyncio.all_tasks()):  # noqa: ASYNC110 - tasks
                await asyncio.sleep(0.01)
            await asyncio.sleep(0)

    async with serving({f"/{name}": answer() for name in "abcd"}) as site:
        links = [site.url(f"/{name}") for name in "abcd"]
        table = write_links(tmp_path / "a.parquet", links)
        blocked = folder / key_of(links[0])[:2]
        blocked.parent.mkdir()
        blocked.write_text("a file where a folder should be")
        with pytest.raises(SourceUnavailableError, match="cannot be written"):
            await bring_laion(database, [table], fetcher(site), clock=UntilAllEnded())
        assert set(stored(database, "id")) == {key_of(link) for link in links[1:]}
        blocked.unlink()
        site.asked.clear()
        again = await bring_laion(database, [table], fetcher(site))
        assert (again.added, again.already_there, site.paths) == (1, 3, ["/a"])


async def test_tables_are_checked_before_anything_is_fetched(
    database: Database, tmp_path: Path
) -> None:
    async with serving({"/a": answer()}) as site:
        good = write_links(tmp_path / "good.parquet", [site.url("/a")])
        (tmp_path / "bad.parquet").write_bytes(b"PAR1 is not enough")
        for files, message in (
            ([good, tmp_path / "bad.parquet"], r"bad\.parquet cannot be read as parquet"),
            ([good, tmp_path / "none.parquet"], r"none\.parquet cannot be read"),
            ([good, tmp_path], "cannot be read"),
        ):
            with pytest.raises(ImportRefusedError, match=message):
                await bring_laion(database, files, fetcher(site))
        with pytest.raises(ImportRefusedError, match="cannot name a data set"):
            await bring_laion(database, [good], fetcher(site), name="../up")
        assert (site.asked, await data_set_names(database)) == ([], [])


async def test_a_table_that_is_damaged_inside_keeps_what_came_before(
    database: Database, tmp_path: Path
) -> None:
    pages = {f"/{number}": answer() for number in range(100)}
    async with serving(pages) as site:
        path = write_links(tmp_path / "a.parquet", [site.url(page) for page in pages])
        links = pq.ParquetFile(path).metadata.row_group(1).column(0)
        begin = links.dictionary_page_offset
        whole = bytearray(path.read_bytes())
        whole[begin : begin + 200] = b"\xff" * 200
        path.write_bytes(whole)
        with pytest.raises(ImportRefusedError, match=r"a\.parquet is damaged after row 50"):
            await bring_laion(database, [path], fetcher(site))
    assert len(stored(database, "id")) == 50


async def test_an_interrupted_import_gives_up_and_goes_on(
    database: Database, tmp_path: Path
) -> None:
    begun = asyncio.Event()

    async def hang(writer: asyncio.StreamWriter) -> None:
        begun.set()
        await writer.wait_closed()

    async with serving({"/a": answer(), "/hang": hang}) as site:
        table = write_links(tmp_path / "a.parquet", [site.url("/a"), site.url("/hang")])
        importing = asyncio.create_task(bring_laion(database, [table], fetcher(site)))
        await begun.wait()
        importing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await importing
        site.pages["/hang"] = answer()
        summary = await bring_laion(database, [table], fetcher(site))
        assert summary.added + summary.already_there == 2


async def test_thresholds_are_the_operators(database: Database, tmp_path: Path) -> None:
    async with serving({"/a": answer()}) as site:
        table = write_table(
            tmp_path / "a.parquet", [{"url": site.url("/a"), "punsafe": 0.9, "pwatermark": 1.0}]
        )
        summary = await bring_laion(
            database, [table], fetcher(site), thresholds=Thresholds(1.0, 1.0, 0.95)
        )
        assert (summary.added, summary.safe) == (1, 1)
