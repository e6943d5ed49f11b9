"""The real `jury` as a process of its own, in a folder of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

JURY = Path(sys.executable).with_name("jury")
HOME_GUILD, CHANNEL, OPERATOR, MODERATOR_ROLE = 1 << 40, (1 << 40) + 100, 55, (1 << 40) + 7
READY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Home:
    """A folder with everything that one installation keeps."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / "jury.db"

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ
        }
        own = {
            "DATABASE_URL": f"sqlite:///{self.database}",
            "MEDIA_DIR": str(self.folder / "images"),
            "ORIGINALS_DIR": str(self.folder / "originals"),
            "HASH_KEY_FILE": str(self.folder / "hash.key"),
            "HOME_GUILD_ID": str(HOME_GUILD),
            "OPERATOR_IDS": str(OPERATOR),
            "MODERATOR_ROLE_ID": str(MODERATOR_ROLE),
            "DISCORD_TOKEN": "a.loopback.token",
            "CAPTCHA_EVERY": "0",
        }
        return {**kept, **own, **self.settings, **(more or {})}

    async def spawn(self, *arguments: str, **more: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            JURY,
            *arguments,
            cwd=self.folder,
            env=self.environment(more),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def command(self, *arguments: str, **more: str) -> Finished:
        """Run a command to its end."""
        process = await self.spawn(*arguments, **more)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        return Finished(process.returncode, out.decode(), err.decode())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database as somebody beside the program would."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()


@dataclass(slots=True)
class Running:
    """A `jury run`; its log is kept so that a failing test can show it."""

    process: asyncio.subprocess.Process
    log: list[str] = field(default_factory=list)

    def kill(self) -> None:
        self.process.kill()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 10)


@asynccontextmanager
async def running(home: Home, **more: str) -> AsyncIterator[Running]:
    """Start `jury run`; on leaving it is killed if it still runs, and its log printed."""
    process = await home.spawn("run", **more)
    started = Running(process)
    reading = [asyncio.create_task(_keep(stream, started.log)) for stream in _pipes(process)]
    try:
        yield started
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await asyncio.gather(*reading)
        sys.stdout.write("".join(started.log))


def _pipes(process: asyncio.subprocess.Process) -> tuple[asyncio.StreamReader, ...]:
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdout, process.stderr


async def _keep(stream: asyncio.StreamReader, log: list[str]) -> None:
    while line := await stream.readline():
        log.append(line.decode(errors="replace"))
