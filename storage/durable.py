"""What is on the disk when a function returns: lines added to a file, and names of files."""

from __future__ import annotations

import os
from pathlib import Path


def append_line(path: Path, text: str) -> None:
    """Add a line of its own to a file that only this account may read, made where there is none.

    Raises OSError; a part of the line may then be there, and spoils no other.
    """
    # The break before it parts it from one that a crash cut short.
    left = memoryview(f"\n{text}\n".encode())
    new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
