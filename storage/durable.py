"""What is on the disk when a function returns: files, lines added to a file, names of files."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Final

UNFINISHED: Final = ".part"
"""How names of files end that are being written, or that a crash left behind."""


def write_whole(path: Path, data: bytes, workshop: Path) -> None:
    """Write a file that is there whole or not at all.

    It is made in `workshop`, a folder of the same disk; both folders are made where there are
    none. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    workshop.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(suffix=UNFINISHED, dir=workshop)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            # Without it a power cut may leave the name with nothing behind it.
            os.fsync(descriptor)
        Path(unfinished).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(unfinished).unlink()
        raise
    sync_folder(path.parent)


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
