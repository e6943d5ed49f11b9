"""Reading many pictures of the same archives."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Self
from zipfile import ZipFile

from bot.images.originals import open_archive, read_member

MOST_OPEN: Final = 64
"""Archives that stay open; others are opened for each picture."""


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
