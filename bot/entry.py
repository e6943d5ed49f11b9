"""The way into `jury`: nothing of it is loaded yet, so that Ctrl-C is quiet from the beginning."""

from __future__ import annotations

import sys

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells count."""


def main() -> None:
    """Run the command line."""
    try:
        from bot.cli import main as run  # noqa: PLC0415 - takes the better part of a second

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
