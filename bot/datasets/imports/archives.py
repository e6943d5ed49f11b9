"""What archives hold, and reading many pictures of the same ones."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Self
from zipfile import ZipFile, ZipInfo

from bot.datasets.imports.summary import Reason, is_printable
from bot.images.decoding import MAX_BYTES
from bot.images.originals import ZIP_METHODS, is_inside, open_archive, read_member

Listing = Mapping[str, str | Reason]
"""The member of each name, or why it cannot be used."""

MOST_OPEN: Final = 64
"""Archives that stay open; others are opened for each picture."""


ENCRYPTED: Final = 1
"""The bit of a member's flags."""


def list_archive(path: Path) -> Listing:
    """Return the files in an archive by their names, as it announces them; nothing is unpacked.

    Raises SourceUnavailableError.
    """
    listing: dict[str, str | Reason] = {}
    with open_archive(path) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                name = info.orig_filename
                listing[name] = Reason.TWICE if name in listing else usable(info)
    return listing


def usable(info: ZipInfo) -> str | Reason:
    """Return the name of a member, or why it is not used."""
    if not is_inside(info.orig_filename) or stat.S_ISLNK(info.external_attr >> 16):
        return Reason.OUTSIDE
    if not is_printable(info.orig_filename):
        return Reason.UNPRINTABLE_NAME
    if info.file_size > MAX_BYTES:
        return Reason.TOO_MANY_BYTES
    if info.compress_type not in ZIP_METHODS or info.flag_bits & ENCRYPTED:
        return Reason.BROKEN
    return info.orig_filename


class Archives:
    """Keeps archives open, because to open one is to read all its names. Threads may share it."""

    def __init__(self) -> None:
        self._open: dict[Path, ZipFile] = {}
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for archive in self._open.values():
            archive.close()

    def read(self, path: Path, member: str) -> bytes:
        """Return the bytes of a member.

        Raises ImageUnreadableError where this one picture is at fault, SourceUnavailableError
        where the archive is.
        """
        with self._lock:
            archive = self._open.get(path)
            if archive is None and len(self._open) < MOST_OPEN:
                archive = self._open[path] = open_archive(path)
        if archive is not None:
            return read_member(archive, member)
        with open_archive(path) as opened:
            return read_member(opened, member)
