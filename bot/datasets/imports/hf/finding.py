"""Which files of a folder are tables about pictures, and which have pictures in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.errors import ImportRefusedError

TABLES: Final = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


@dataclass(frozen=True, slots=True)
class Files:
    """Paths relative to the folder, in their order, with '/' between their parts."""

    tables: tuple[str, ...]
    shards: tuple[str, ...]


def find(directory: Path) -> Files:
    """Return the tables and shards below a folder; hidden folders and files are left alone.

    Raises ImportRefusedError.
    """
    found = sorted(_walk(directory))
    tables = tuple(name for name in found if name.rpartition("/")[2] in TABLES)
    shards = tuple(name for name in found if name.endswith(".parquet") and name not in tables)
    return Files(tables, shards)


def _walk(directory: Path) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        raise ImportRefusedError(f"{error.filename} cannot be read: {error.strerror}") from error

    for place, folders, files in os.walk(directory, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(place).relative_to(directory)
        yield from ((below / name).as_posix() for name in files if not name.startswith("."))
