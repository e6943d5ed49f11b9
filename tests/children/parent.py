"""A process for tests that asks a child, prints its pid, and waits until it is killed."""

from __future__ import annotations

import asyncio
import sys

from bot.children.asking import ask
from tests.children.test_children import ECHO

if __name__ == "__main__":
    asyncio.run(
        ask(
            ECHO,
            {"act": "wait", "left": sys.argv[1]},
            lambda _kind, values: print(values["pid"], flush=True),  # noqa: T201 - read by a test
        )
    )
