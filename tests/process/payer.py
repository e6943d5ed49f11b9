"""A process that pays until all is paid, or until it is killed at the step that it was told."""

from __future__ import annotations

import asyncio
import sys

from bot.logs import configure_logs
from bot.rewards.worker import PayoutWorker
from bot.services import open_services
from bot.settings import Settings
from storage import payouts

DONE = "done"
LONGEST_WAIT_SECONDS = 5.0


async def pay(last: str) -> None:
    """Say each step when it is done, and stand still at `last`."""

    async def on_step(step: str) -> None:
        sys.stdout.write(f"{step}\n")
        sys.stdout.flush()
        if step == last:
            await asyncio.Event().wait()

    settings = Settings(_env_file=None)
    configure_logs(settings.log_level)
    async with open_services(settings) as services:
        worker = PayoutWorker(
            services.database,
            services.clock,
            services.random,
            services.settings,
            client=services.horde,
            alerts=services.alerts,
            on_step=on_step,
        )
        wait = 0.0
        while wait < LONGEST_WAIT_SECONDS:
            await services.clock.sleep(wait)
            moment = await worker.step()
            wait = max((moment - services.clock.now()).total_seconds(), 0.0)
        states = await services.database.read(
            lambda c: {payout.state for payout in payouts.latest(c, 1000)}
        )
        await worker.leave()
    sys.stdout.write(f"{DONE} {' '.join(sorted(states))}\n")


if __name__ == "__main__":
    asyncio.run(pay(sys.argv[1]))
