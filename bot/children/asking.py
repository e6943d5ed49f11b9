"""The side of the program: starts a child process, hears how it gets on, and what came of it.

A child reads one JSON object from its stdin and writes one a line to its stdout, each with a
`kind`; `bot.children.answering` is its side. It runs the program's code, and ends with it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

import bot

IMPORT_ROOT: Final = Path(bot.__file__).parent.parent
"""Where the child starts, so that it runs the same code."""

SECONDS_TO_STOP: Final = 10

KEEPS_FREED_MEMORY: Final = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}
"""Environment (mallopt(3)) of a child that makes one large array after another: each takes the
memory of the last. The C library would give it back to the system, and zeroing it again took half
of the time. Its peak is the same."""

Heard = Callable[[str, Mapping[str, Any]], None]
"""Hears each line as it comes: its kind, and what else it says."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The last line of a child, and its exit code; `kind` is None where it wrote none."""

    kind: str | None
    values: Mapping[str, Any]
    code: int


async def ask(
    module: str,
    request: Mapping[str, Any],
    heard: Heard | None = None,
    *,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Answer:
    """Run a module as a child process with this request, and return its answer.

    `environment` is set for it over that of the program. A caller that is cancelled stops the
    child: SIGTERM, and SIGKILL ten seconds later.
    """
    kind: str | None = None
    values: dict[str, Any] = {}
    async with _child(module, environment) as child:
        stdin = cast("asyncio.StreamWriter", child.stdin)
        stdin.write(f"{json.dumps(dict(request))}\n".encode())
        # It stays open: its end tells the child that nobody waits for the answer any more.
        async for line in cast("asyncio.StreamReader", child.stdout):
            values = json.loads(line)
            kind = str(values.pop("kind"))
            if heard is not None:
                heard(kind, values)
        code = await child.wait()
    return Answer(kind, values, code)


@asynccontextmanager
async def _child(
    module: str, environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the child, and stop it if it is left before its end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=IMPORT_ROOT,
        env={**os.environ, **environment},
        start_new_session=True,
    )  # fmt: skip
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), SECONDS_TO_STOP)
            except TimeoutError:
                child.kill()
                await child.wait()
