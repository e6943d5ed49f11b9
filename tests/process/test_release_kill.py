"""kill -9 at any moment of a release: nothing half is under its name, and the next run finishes."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from bot.datasets.releases.verifying import verify
from bot.keyed_hash import KeyedHash
from tests.datasets.releases.releasing import scored
from tests.process.jury import Home

pytestmark = pytest.mark.process

UNFINISHED = "SELECT count(*) FROM releases WHERE finished_at IS NULL"
FINISHED = "SELECT number, folder FROM releases WHERE finished_at IS NOT NULL"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    scored(tmp_path)
    KeyedHash.load_or_create(tmp_path / "hash.key")
    return Home(tmp_path)


def children_of(process: int) -> list[int]:
    """Return the processes that a process has started."""
    found: list[int] = []
    with suppress(FileNotFoundError):
        for task in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def is_alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


async def kill_when(home: Home, place: str, *, child: bool) -> None:
    """Start a release and kill it once `place` is there: its child too, or it alone."""
    process = await home.spawn("release", "first")
    while not (home.folder / place).exists():
        assert process.returncode is None, "it ended before it was killed"
        await asyncio.sleep(0.001)
    victims = children_of(process.pid) if child else []
    with suppress(ProcessLookupError):
        process.kill()
    for victim in victims:
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    await process.wait()
    while any(map(is_alive, victims)):  # noqa: ASYNC110 - it is not our child
        await asyncio.sleep(0.001)


def left(home: Home) -> list[str]:
    return sorted(path.name for path in home.folder.iterdir() if "first" in path.name)


@pytest.mark.parametrize("child", [False, True], ids=["alone", "with its child"])
@pytest.mark.parametrize(
    "place",
    [".first.partial", ".first.partial/votes.parquet", ".first.partial/SHA256SUMS", "first"],
)
async def test_a_killed_release_is_finished_by_the_next_run(
    home: Home, place: str, *, child: bool
) -> None:
    await kill_when(home, place, child=child)
    if (home.folder / "first").exists():
        assert verify(home.folder / "first", lambda *_: None).problems == ()
    known = home.rows(FINISHED)
    again = await home.command("release", "first")
    while again.code and "another" in again.err:
        # The child whose parent was killed is still on its way out.
        again = await home.command("release", "first")
    if known:
        assert (again.code, "is there already" in again.err) == (1, True)
    else:
        assert (again.code, again.err) == (0, "")
    assert left(home) == ["first"]
    assert verify(home.folder / "first", lambda *_: None).problems == ()
    assert home.rows(FINISHED) == [(1, str(home.folder / "first"))]
    assert home.rows(UNFINISHED) == [(0,)]
    checked = await home.command("release", "--verify", "first")
    assert (checked.code, checked.err) == (0, "")
    second = await home.command("release", "second")
    assert (second.code, second.err) == (0, "")
    assert [number for number, _ in home.rows(FINISHED)] == [1, 2]


async def test_a_changed_release_is_told_with_an_exit_code(home: Home) -> None:
    assert (await home.command("release", "first")).code == 0
    path = home.folder / "first" / "votes.parquet"
    path.chmod(0o644)
    path.write_bytes(b"PAR1")
    checked = await home.command("release", "first", "--verify")
    assert checked.code == 1
    assert "- votes.parquet: was changed, its sum is another" in checked.out
    assert "is not as it was released" in checked.err
    nowhere = await home.command("release", "nowhere", "--verify")
    assert (nowhere.code, nowhere.out) == (1, "")
    assert "nowhere" in nowhere.err
