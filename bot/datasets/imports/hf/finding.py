"""Which files of a folder are tables about pictures, and which have pictures in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from bot.datasets.imports.archives import Listing, list_archive
from bot.datasets.imports.summary import SENTENCES, Reason
from bot.errors import ImageUnreadableError, ImportRefusedError, SourceUnavailableError
from bot.images.originals import place_of

TABLES: Final = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
SHARD: Final = ".parquet"
ZIP: Final = ".zip"
PACKED: Final = (ZIP, ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")
"""How the names of archives end."""
HIDDEN: Final = (".", "__")
"""How names in a zip begin that the library does not look at."""


@dataclass(frozen=True, slots=True)
class Files:
    """Paths relative to the folder, in their order, with '/' between their parts.

    A file in a zip has the zip's path before its own, as if the zip were a folder. `packed` are
    not read: archives that are no zip, archives and shards in a zip. `links` lead to folders.
    """

    tables: tuple[str, ...]
    shards: tuple[str, ...]
    others: tuple[str, ...]
    packed: tuple[str, ...]
    links: tuple[str, ...]
    archives: Mapping[str, Listing]


def find(directory: Path) -> Files:
    """Return what is below a folder and in its zips; what is hidden is left alone.

    Raises ImportRefusedError where a folder or zip cannot be read, and where a table, a shard or a
    zip is no plain file or a link out of the folder.
    """
    links: list[str] = []
    walked = set(_walk(directory, links))
    for name in sorted(walked):
        if name.rpartition("/")[2] in TABLES or name.endswith(SHARD) or name.lower().endswith(ZIP):
            _require_plain(directory, name)
    archives = {name: _list(directory, name) for name in walked if name.lower().endswith(ZIP)}
    tables, shards, others, packed = [], [], [], []
    for name in sorted([*walked, *_inside(archives)]):
        if name in archives:
            continue
        if name.rpartition("/")[2] in TABLES:
            tables.append(name)
        elif name.endswith(SHARD) and name in walked:
            shards.append(name)
        elif name.lower().endswith((SHARD, *PACKED)):
            packed.append(name)
        else:
            others.append(name)
    return Files(tuple(tables), tuple(shards), tuple(others), tuple(packed), tuple(links), archives)


def _walk(directory: Path, links: list[str]) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        raise ImportRefusedError(f"{error.filename} cannot be read: {error.strerror}") from error

    for place, folders, files in os.walk(directory, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(place).relative_to(directory)
        links += [(below / name).as_posix() for name in folders if Path(place, name).is_symlink()]
        yield from ((below / name).as_posix() for name in files if not name.startswith("."))


def _require_plain(directory: Path, name: str) -> None:
    try:
        plain = place_of(directory, name).is_file()
    except ImageUnreadableError as error:
        reason = SENTENCES[Reason(error.fault)]
        raise ImportRefusedError(f"{name} cannot be read: {reason}") from error
    except OSError as error:
        raise ImportRefusedError(f"{name} cannot be read: {error.strerror or error}") from error
    if not plain:
        raise ImportRefusedError(f"{name} cannot be read: it is not a plain file")


def _list(directory: Path, name: str) -> Listing:
    try:
        return list_archive(directory / name)
    except SourceUnavailableError as error:
        raise ImportRefusedError(f"{name} cannot be read as zip: {error.__cause__}") from error


def _inside(archives: Mapping[str, Listing]) -> Iterator[str]:
    for archive, listing in archives.items():
        yield from (f"{archive}/{name}" for name in listing if not _is_hidden(name))


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(HIDDEN) and part != ".." for part in parts)
