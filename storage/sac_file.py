"""The SQLite file of Simulacra Aesthetic Captions, written from nothing.

Tables and columns are those of the release of 2022
(github.com/JD-P/simulacra-aesthetic-captions), which scripts that train on it read.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DISK_FAULTS: Final = {sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_IOERR: errno.EIO}
"""What the disk says, by SQLite's primary result code (sqlite.org/rescode.html)."""

MAGIC: Final = b"SQLite format 3\0"
"""How the file begins (sqlite.org/fileformat.html, section 1.3)."""

APPLICATION_ID: Final = 0x4A534143
"""Marks our files among those of others that have the same tables: "JSAC"."""

APPLICATION_ID_PLACE: Final = slice(68, 72)
"""Where SQLite keeps the mark (sqlite.org/fileformat.html, section 1.3.17)."""

BEGIN: Final = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA application_id = {APPLICATION_ID};
BEGIN;
CREATE TABLE survey (id TEXT, qid INTEGER, rating INTEGER);
CREATE TABLE generations
    (id INTEGER PRIMARY KEY, sid TEXT, method TEXT, prompt TEXT, verified INTEGER);
CREATE TABLE images (id INTEGER PRIMARY KEY, gid INTEGER, idx INTEGER, UNIQUE (gid, idx));
CREATE TABLE paths (iid INTEGER PRIMARY KEY, path TEXT);
CREATE TABLE ratings (sid TEXT, iid INTEGER, rating INTEGER, verified INTEGER);
CREATE TABLE upscales (iid INTEGER, method TEXT);
"""
"""Nothing is journalled, since a file that fails is given up."""


@dataclass(frozen=True, slots=True)
class SacImage:
    """An image, where it lies, and the generation it is of: a set, or itself alone."""

    image: int
    images_set: int | None
    method: str
    prompt: str | None
    path: str


class SacFile:
    """Nobody here answered a survey and nothing was upscaled, so these tables stay empty."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add_images(self, images: Iterable[SacImage]) -> None:
        """Append images. Who made a generation is not known, so its `sid` is missing."""
        images = list(images)
        self._connection.executemany(
            "INSERT OR IGNORE INTO generations VALUES (?, NULL, ?, ?, 0)",
            ((_generation(each), each.method, each.prompt) for each in images),
        )
        self._connection.executemany(
            "INSERT INTO images SELECT ?1, ?2, count(*) FROM images WHERE gid = ?2",
            ((each.image, _generation(each)) for each in images),
        )
        self._connection.executemany(
            "INSERT INTO paths VALUES (?, ?)", ((each.image, each.path) for each in images)
        )

    def add_ratings(self, ratings: Iterable[tuple[str, int, int, bool]]) -> None:
        """Append votes: the rater, the image, the score from 1 to 10, and `verified`."""
        self._connection.executemany("INSERT INTO ratings VALUES (?, ?, ?, ?)", ratings)


@contextmanager
def writing(path: Path) -> Iterator[SacFile]:
    """Fill an empty file; it is complete when this ends without an error.

    Raises OSError where the disk is full or fails, as for any other file.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript(BEGIN)
            yield SacFile(connection)
            connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        fault = DISK_FAULTS.get(error.sqlite_errorcode & 0xFF)
        if fault is None:
            raise
        raise OSError(fault, os.strerror(fault)) from error


def is_ours(path: Path) -> bool:
    """Tell whether the file is empty, or was written here. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(APPLICATION_ID_PLACE.stop)
    mark = head[APPLICATION_ID_PLACE] == APPLICATION_ID.to_bytes(4, "big")
    return not head or (head.startswith(MAGIC) and mark)


def _generation(image: SacImage) -> int:
    """Return a number that no set shares with a lone image."""
    return 2 * image.image if image.images_set is None else 2 * image.images_set + 1
