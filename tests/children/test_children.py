"""Child processes: what they hear and say, and that none of them stays behind."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.children.asking import Answer, ask

ECHO = "tests.children.echo"
PATIENCE_SECONDS = 20


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while is_alive(pid):  # noqa: ASYNC110 - another process's end wakes nobody here
            await asyncio.sleep(0.01)


async def test_a_child_answers_what_it_is_asked() -> None:
    heard: list[tuple[str, Mapping[str, Any]]] = []
    request = {"act": "sum", "numbers": [2**40, 3], "more": "Größe\n"}
    answer = await ask(ECHO, request, lambda kind, values: heard.append((kind, values)))
    assert answer == Answer("done", {"sum": 2**40 + 3}, 0)
    assert [kind for kind, _ in heard] == ["begun", "done"]
    assert heard[0][1]["more"] == "Größe\n"


async def test_a_child_has_the_environment_of_the_program_and_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JURY_KEPT", "as it was")
    monkeypatch.setenv("JURY_SET", "before")
    request = {"act": "environment", "names": ["JURY_KEPT", "JURY_SET"]}
    answer = await ask(ECHO, request, environment={"JURY_SET": "for the child"})
    assert answer.values == {"JURY_KEPT": "as it was", "JURY_SET": "for the child"}


@pytest.mark.parametrize(("act", "code"), [("die", -9), ("end", 3)])
async def test_a_child_that_ends_early_is_told_from_one_that_is_done(act: str, code: int) -> None:
    answer = await ask(ECHO, {"act": act})
    assert (answer.kind, answer.code) == ("begun", code)


async def test_a_module_that_cannot_start_has_no_answer() -> None:
    assert (await ask("tests.children.no_such", {})).kind is None


async def test_who_is_cancelled_takes_the_child_along(tmp_path: Path) -> None:
    left, begun = tmp_path / "left", asyncio.Event()
    pids: list[int] = []

    def hear(_kind: str, values: Mapping[str, Any]) -> None:
        pids.append(values["pid"])
        begun.set()

    asking = asyncio.create_task(ask(ECHO, {"act": "wait", "left": str(left)}, hear))
    await begun.wait()
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    assert left.read_text() == "cleanly"
    await until_gone(pids[0])


async def test_a_child_leaves_cleanly_when_its_parent_is_killed(tmp_path: Path) -> None:
    left = tmp_path / "left"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.children.parent", str(left), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await until_gone(pid)
    assert left.read_text() == "cleanly"
