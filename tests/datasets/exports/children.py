"""Processes that an export has started."""

import asyncio
from pathlib import Path


def children() -> set[int]:
    return {
        int(child)
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
    }


async def started_child(before: set[int]) -> int:
    """Wait for the export's process."""
    while not (new := children() - before):  # noqa: ASYNC110 - the kernel has no event for it
        await asyncio.sleep(0.005)
    return new.pop()
