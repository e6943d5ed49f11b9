"""Text files of rows, read by lines, none of which may be too long for the memory."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Self, TypeVar

from bot.datasets.imports.encoding import ERRORS
from bot.errors import ImportRefusedError

T = TypeVar("T")

LONGEST: Final = 2**20
"""Bytes of a line, and of a row of several lines, at most."""
_MARK: Final = b"\xef\xbb\xbf"
"""With this some programs begin a text in UTF-8."""


class TooLongError(ValueError):
    """A line, or a row of several, is longer than LONGEST."""


class Lines:
    """The lines of a text in UTF-8; whoever reads rows of several says where a row ends."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._length = 0
        if file.read(len(_MARK)) != _MARK:
            file.seek(0)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        """Return the next line, decoded with `encoding.ERRORS`; raises TooLongError."""
        line = self._file.readline(LONGEST + 1)
        self._length += len(line)
        if self._length > LONGEST:
            raise TooLongError(f"longer than {LONGEST:,} bytes")
        if not line:
            raise StopIteration
        return line.decode(errors=ERRORS)

    def end_row(self) -> None:
        """Begin a new row with the next line."""
        self._length = 0


@contextmanager
def open_lines(path: Path) -> Iterator[Lines]:
    """Open a text file; raises ImportRefusedError."""
    try:
        with path.open("rb") as file:
            yield Lines(file)
    except OSError as error:
        raise ImportRefusedError(f"{path.name} cannot be read: {error}") from error


def in_batches(rows: Iterator[T], size: int) -> Generator[list[T], None, None]:
    """Yield rows so many at a time; those that come before an ImportRefusedError come before it."""
    batch: list[T] = []
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
    except ImportRefusedError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
