"""Which child processes of this one run a module."""

from __future__ import annotations

import os
from pathlib import Path


def children(module: str) -> list[int]:
    """Return the pids of our children that were started with `-m module`, by /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = folder.joinpath("stat").read_text("utf-8").rpartition(")")[2].split()[1]
            words = folder.joinpath("cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(parent) == os.getpid() and module.encode() in words:
            found.append(int(folder.name))
    return found
