"""Simulacra Aesthetic Captions: the SQLite file of its release.

Raters are the release's `sid`, a pseudonym made of a survey's answers; in the stored release it is
that of who had the image made, whoever rated it. Images are known by the stem of their path.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

import pyarrow as pa

from bot.datasets.imports.votes.rows import IMAGE, MARKS, RATER, RATING, RawRows
from bot.errors import ImportRefusedError
from storage.simulacra import SimulacraFile, WrongTablesError

CALLED: Final[Mapping[str, str]] = {
    RATER: "sid",
    IMAGE: "path",
    RATING: "rating",
    MARKS[1]: "verified",
}
"""The file's words for our columns."""


class SacFile:
    """A SQLite file of ratings. Close it after use."""

    def __init__(self, path: Path) -> None:
        """Open the file and check its tables; raises ImportRefusedError."""
        self.path = path
        self.called = CALLED
        self.columns = tuple(CALLED)
        try:
            self._file = SimulacraFile(path)
        except WrongTablesError as error:
            raise ImportRefusedError(f"{path.name} is not of this format: {error}") from error
        except (sqlite3.Error, OSError) as error:
            raise ImportRefusedError(f"{path.name} cannot be read as SQLite: {error}") from error
        self.count: int = self._file.count

    def batches(self, size: int) -> Iterator[RawRows]:
        """Yield the ratings in the file's order, at most `size` at a time.

        Raises ImportRefusedError where the file turns out to be damaged.
        """
        first = 1
        try:
            for ratings in self._file.ratings(size):
                yield RawRows(
                    first,
                    {
                        RATER: _texts(each.sid for each in ratings),
                        IMAGE: _texts(_key(each.path) for each in ratings),
                        RATING: _texts(each.rating for each in ratings),
                        MARKS[1]: _texts(each.verified for each in ratings),
                    },
                )
                first += len(ratings)
        except sqlite3.Error as error:
            text = f"{self.path.name} is damaged after row {first - 1:,}: {error}"
            raise ImportRefusedError(text) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _key(path: object) -> object:
    """Return what `jury import folder` calls the image of a path."""
    return unicodedata.normalize("NFC", PurePosixPath(path).stem) if isinstance(path, str) else path


def _texts(values: Iterator[object]) -> pa.Array:
    """Return any values as text, as SQLite has no types that could be relied on."""
    return pa.array([None if value is None else str(value) for value in values], pa.string())
