"""A process that goes on taking votes out, as a start does, until it is killed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.trust.home import open_home


def go_on(folder: Path) -> None:
    """Carry out what is ordered and not done yet."""
    asyncio.run(_resume(folder))


async def _resume(folder: Path) -> None:
    async with open_home(folder) as home:
        await home.services.bans.resume()
