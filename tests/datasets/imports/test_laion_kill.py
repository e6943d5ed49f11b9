"""An import from links that is killed at any moment is finished by the next one."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from storage.database import Database
from tests.datasets.fetching.serving import Answer, Site, answer, fetcher, redirect, serving
from tests.datasets.imports.importing import left_out, stored
from tests.datasets.imports.laion import bring_laion, dead, write_links
from tests.images.pictures import encoded, noise

ROOT = Path(__file__).parents[3]
LINKS = 400
SCRIPT = """
import asyncio, sys
from pathlib import Path
from storage.database import Database
from tests.datasets.fetching.serving import Site, fetcher
from tests.datasets.imports.laion import bring_laion
async def main():
    database = await Database.open(Path(sys.argv[1]))
    site = Site(port=int(sys.argv[3]))
    report = lambda *done: print(*done, flush=True)
    await bring_laion(database, [Path(sys.argv[2])], fetcher(site), progress=report)
    await database.close()
asyncio.run(main())
"""

pytestmark = pytest.mark.process


def site_pages() -> Mapping[str, bytes | Answer | list[bytes]]:
    """Every tenth link is dead, every tenth is moved."""
    pages: dict[str, bytes | Answer | list[bytes]] = {}
    for number in range(LINKS):
        if number % 10 == 1:
            pages[f"/{number}"] = redirect(f"/moved/{number}")
            pages[f"/moved/{number}"] = answer(encoded(noise(40, 30)))
        elif number % 10:
            pages[f"/{number}"] = answer(encoded(noise(40, 30)))
    return pages


async def kill_after(database: Path, table: Path, site: Site, done: int, seconds: float) -> None:
    """Import in a process of its own and kill it so long after it had done with so many links."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, str(database), str(table), str(site.port), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            if int(line.split()[0]) >= done:
                break
        await asyncio.sleep(seconds)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_killed_import_is_finished_by_the_next(tmp_path: Path) -> None:
    path, folder = tmp_path / "jury.db", tmp_path / "fetched"
    database = await Database.open(path)
    random = Random(5)
    seen = [0]
    async with serving(site_pages()) as site:
        table = write_links(
            tmp_path / "a.parquet", [site.url(f"/{number}") for number in range(LINKS)]
        )
        for more in (0, 1, 60, 60):
            # Before anything is stored, and amid it.
            await kill_after(path, table, site, seen[-1] + more, random.random() * 0.2)
            check(database, folder)
            seen.append(len(stored(database, "id")))
        assert seen == sorted(seen)
        assert any(0 < number < LINKS * 9 // 10 for number in seen), seen
        known_dead = len(await dead(database, site, [f"/{n}" for n in range(0, LINKS, 10)]))
        site.asked.clear()
        summary = await bring_laion(database, [table], fetcher(site))
        assert (summary.read, summary.already_there) == (LINKS, seen[-1])
        assert summary.already_there + summary.added == LINKS * 9 // 10
        assert sum(left_out(summary).values()) == LINKS // 10
        assert left_out(summary).get("known_dead", 0) == known_dead
        # Nothing is asked for that was stored.
        first = [asked for asked in site.paths if not asked.startswith("/moved/")]
        assert len(first) == LINKS - seen[-1] - known_dead
    check(database, folder)
    assert not list(folder.glob("*.part"))
    assert len([each for each in folder.rglob("*") if each.is_file()]) == LINKS * 9 // 10
    await database.close()


def check(database: Database, folder: Path) -> None:
    """Every image has its whole picture, and no name has half of one."""
    for member, sha256, width in stored(database, "member, sha256, width").values():
        assert hashlib.sha256((folder / member).read_bytes()).digest() == sha256
        assert width == 40
    for path in folder.glob("??/*"):
        assert path.read_bytes().endswith(b"IEND\xaeB`\x82"), path
