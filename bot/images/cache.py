"""Renditions on disk, limited in size; the least recently used go first."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SourceUnavailableError
from bot.images.rendition import Encoded
from storage.durable import UNFINISHED, write_whole


@dataclass(frozen=True, slots=True)
class Cached:
    """A file of the cache; `width` and `height` in pixels, `size` in bytes."""

    path: Path
    width: int
    height: int
    size: int


class RenditionCache:
    """A folder of `<key>.<width>x<height>.<suffix>` files of at most `limit` bytes together.

    Files appear whole under their name or not at all. The order of use is kept in the files'
    modification times and so outlives the process. One process writes a folder at a time; any
    thread of it may.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._lock = threading.Lock()
        self._files: OrderedDict[str, Cached] | None = None
        self._size = 0

    def find(self, key: str) -> tuple[Cached, bytes] | None:
        """Return the file of `key` with its bytes, and mark it as just used."""
        with self._lock:
            files = self._scanned()
            cached = files.get(key)
            if cached is None:
                return None
            try:
                os.utime(cached.path)
                data = cached.path.read_bytes()
            except OSError:  # deleted behind our back
                self._forget(key)
                return None
            files.move_to_end(key)
            return cached, data

    def add(self, key: str, picture: Encoded) -> Cached:
        """Store a rendition and remove what is too much; raises SourceUnavailableError."""
        size = len(picture.data)
        name = f"{key}.{picture.width}x{picture.height}.{picture.suffix}"
        try:
            with self._lock:
                files = self._scanned()
            path = self._folder / key[:2] / name
            write_whole(path, picture.data, path.parent)
        except OSError as error:
            raise SourceUnavailableError(f"{self._folder} cannot be written: {error}") from error
        cached = Cached(path, picture.width, picture.height, size)
        with self._lock:
            self._forget(key)
            files[key] = cached
            self._size += size
            self._evict(files)
        return cached

    def _evict(self, files: OrderedDict[str, Cached]) -> None:
        """Remove the longest unused files; the newest stays, however large it is."""
        while self._size > self._limit and len(files) > 1:
            key = next(iter(files))
            with contextlib.suppress(OSError):
                files[key].path.unlink()
            self._forget(key)

    def _forget(self, key: str) -> None:
        if self._files is not None and (cached := self._files.pop(key, None)):
            self._size -= cached.size

    def _scanned(self) -> OrderedDict[str, Cached]:
        """Read the folder at first use: what earlier runs left, oldest use first."""
        if self._files is not None:
            return self._files
        found = []
        for path in self._folder.glob("??/*"):
            if path.suffix == UNFINISHED:
                path.unlink(missing_ok=True)
            elif parsed := _parse(path):
                key, width, height = parsed
                status = path.stat()
                cached = Cached(path, width, height, status.st_size)
                found.append((status.st_mtime_ns, key, cached))
        found.sort(key=lambda entry: entry[0])
        self._files = OrderedDict((key, cached) for _, key, cached in found)
        self._size = sum(cached.size for cached in self._files.values())
        self._evict(self._files)
        return self._files


def _parse(path: Path) -> tuple[str, int, int] | None:
    """Return key, width and height from a file's name; None for a file that is not ours."""
    try:
        key, size, _ = path.name.split(".")
        width, height = size.split("x")
        return key, int(width), int(height)
    except ValueError:
        return None
