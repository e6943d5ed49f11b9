"""CSV as RFC 4180 has it, in UTF-8 with a header line, and as our own exports write it."""

from __future__ import annotations

import csv
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Final

import pyarrow as pa

from bot.datasets.formulas import armed
from bot.datasets.imports.comma_separated import records_of
from bot.datasets.imports.encoding import MEND, is_utf8
from bot.datasets.imports.votes.lines import TooLongError, in_batches, open_lines
from bot.datasets.imports.votes.rows import LONGEST, RawRows, raw_rows
from bot.errors import ImportRefusedError

MOST_NAMED: Final = 200
"""Characters of a header that a refusal quotes."""


class DelimitedFile:
    """A CSV file of votes. Close it after use.

    Rows are counted with the header, which is the first. `called` has the header's word for each
    column that is read; those that are in `optional` may be missing.
    """

    def __init__(self, path: Path, called: Mapping[str, str], optional: Collection[str]) -> None:
        """Read the header; raises ImportRefusedError."""
        self.path = path
        self.called = called
        self.count: int | None = None
        with closing(self._records()) as records:
            self._header: Sequence[str] = next(records, [])
        if not all(map(is_utf8, self._header)):
            raise ImportRefusedError(f"{path.name} is not UTF-8 in its header: {MEND}")
        self.columns = tuple(name for name in called if self._is_there(name, optional))

    def batches(self, size: int) -> Iterator[RawRows]:
        """Yield the rows in the file's order, at most `size` at a time.

        Raises ImportRefusedError where it cannot be told where a row ends.
        """
        places = {name: self._header.index(self.called[name]) for name in self.columns}
        first = 2
        with closing(self._records()) as records:
            next(records, None)
            for found in in_batches(records, size):
                yield raw_rows(first, found, len(self._header), partial(_columns, places))
                first += len(found)

    def close(self) -> None:
        """Nothing stays open."""

    def _is_there(self, name: str, optional: Collection[str]) -> bool:
        called = self.called[name]
        times = self._header.count(called)
        if times > 1 or (not times and name not in optional):
            there = ", ".join(self._header)[:MOST_NAMED] or "nothing"
            raise ImportRefusedError(
                f"{self.path.name} has no column {called}, or has it twice; there is: {there}"
            )
        return times == 1

    def _records(self) -> Generator[list[str], None, None]:
        number = blank = 0
        with open_lines(self.path) as lines:
            try:
                for record in records_of(lines):
                    number += 1
                    lines.end_row()
                    if record:
                        yield from repeat([], blank)
                        blank = 0
                        yield record
                    else:
                        blank += 1  # at the end of the file they mean nothing
            except (csv.Error, TooLongError) as error:
                text = f"{self.path.name}: row {number + 1:,} cannot be read: {error}"
                raise ImportRefusedError(text) from error


def _columns(
    places: Mapping[str, int], rows: Sequence[Sequence[str | None]]
) -> dict[str, pa.Array]:
    return {name: _column(rows, at, name) for name, at in places.items()}


def _column(rows: Sequence[Sequence[str | None]], at: int, name: str) -> pa.Array:
    cells = [row[at] for row in rows]
    if name in LONGEST:
        return pa.array([cell and armed(cell) for cell in cells], pa.string())
    return pa.array(cells, pa.string())
