"""kill -9 of a real process at each step of a payout: nothing is lost, and nothing paid twice."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.demo.horde.limits import Limiter
from bot.keyed_hash import KeyedHash
from tests.process.jury import Home
from tests.process.payer import DONE
from tests.rewards.paying import FIRST_PAYEE, Treasury, treasury

pytestmark = pytest.mark.process

STEPS = ("planned", "listed", "sending", "answered", "settled")
SECONDS = 30


@dataclass
class Office:
    """An installation with awards to pay, and the Horde, which lives in this process."""

    home: Home
    kudos: Treasury

    async def spawn(self, last: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.process.payer",
            last,
            env={**self.home.environment(), "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=asyncio.subprocess.PIPE,
        )

    async def kill_at(self, last: str) -> list[str]:
        """Start a process, kill it at a step, and return the steps that it took."""
        process = await self.spawn(last)
        assert process.stdout is not None
        taken: list[str] = []
        try:
            while not taken or taken[-1] != last:
                line = await asyncio.wait_for(process.stdout.readline(), SECONDS)
                assert line, f"the process ended before {last}: {taken}"
                taken.append(line.decode().strip())
        finally:
            process.kill()
            await process.wait()
        return taken

    async def finish(self) -> str:
        """Start a process that pays all that is left; return what it says at last."""
        process = await self.spawn("none")
        out, _ = await asyncio.wait_for(process.communicate(), SECONDS)
        assert process.returncode == 0
        return out.decode().splitlines()[-1]


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[Office]:
    KeyedHash.load_or_create(folder / "hash.key")
    async with treasury(folder) as kudos:
        kudos.stand_in.limiter = Limiter(SystemClock())
        settings = {
            "HORDE_API_URL": kudos.url,
            "HORDE_API_KEY": kudos.api_key,
            "PAYOUT_MINIMUM": "10",
            "LOG_LEVEL": "ERROR",
        }
        yield Office(Home(folder, settings), kudos)


@pytest.mark.parametrize("step", STEPS)
async def test_a_process_that_is_killed_at_a_step_pays_once(tmp_path: Path, step: str) -> None:
    async with office(tmp_path) as there:
        await there.kudos.earn(1, 20)
        await there.kudos.earn(2, 30)
        first = await there.kill_at(step)
        assert first == list(STEPS[: STEPS.index(step) + 1])
        moved = len(there.kudos.stand_in.paid)
        assert moved == (step in {"answered", "settled"})
        assert await there.kudos.states() == [
            "planned"
            if step in {"planned", "listed"}
            else "paid"
            if step == "settled"
            else "sending"
        ]
        # Once more, while it repairs what the first one left, or with the payout after that.
        await there.kill_at(step)
        assert await there.finish() == f"{DONE} paid"
        assert there.kudos.received() == {FIRST_PAYEE: 20, FIRST_PAYEE + 1: 30}
        assert len(there.kudos.stand_in.paid) == 2
        await there.kudos.check()


async def test_two_processes_at_once_pay_each_award_once(tmp_path: Path) -> None:
    async with office(tmp_path) as there:
        for rater in range(1, 4):
            await there.kudos.earn(rater, 20)
        await asyncio.gather(there.finish(), there.finish())
        assert await there.finish() == f"{DONE} paid"
        assert len(there.kudos.stand_in.paid) == 3
        assert set(await there.kudos.values("SELECT outcome FROM payout_attempts")) == {"paid"}
        await there.kudos.check()
