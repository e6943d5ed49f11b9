"""AVA.txt: for each image of AVA how many people gave it each score from 1 to 10.

Murray, Marchesotti and Perronnin, "AVA: A large-scale database for aesthetic visual analysis"
(CVPR 2012): 15 numbers a line, between blanks: a number, the image's id, the counts of the scores 1
to 10, two tags and the challenge.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import pyarrow as pa

from bot.datasets.imports.votes.lines import TooLongError, in_batches, open_lines
from bot.datasets.imports.votes.rows import IMAGE, RawRows, raw_rows
from bot.errors import ImportRefusedError
from bot.rating.scales import AESTHETIC

NUMBER: Final = "number"
COUNTS: Final = tuple(f"count_{score}" for score in AESTHETIC.values)
TAGS: Final = ("first_tag", "second_tag", "challenge")
COLUMNS: Final = (NUMBER, IMAGE, *COUNTS, *TAGS)


class AvaFile:
    """A text of histograms, a line an image. Close it after use."""

    def __init__(self, path: Path) -> None:
        """Read the first line; raises ImportRefusedError."""
        self.path = path
        self.called: Mapping[str, str] = {IMAGE: "image id"}
        self.columns = COLUMNS
        self.count: int | None = None
        with closing(self._lines()) as lines:
            first = next(lines, None)
        if first is not None and len(first) != len(COLUMNS):
            raise ImportRefusedError(
                f"{path.name}: row 1 has {len(first)} columns instead of {len(COLUMNS)}"
            )

    def batches(self, size: int) -> Iterator[RawRows]:
        """Yield the lines in the file's order, at most `size` at a time.

        Raises ImportRefusedError where a line is too long.
        """
        first = 1
        with closing(self._lines()) as lines:
            for found in in_batches(lines, size):
                yield raw_rows(first, found, len(COLUMNS), _columns)
                first += len(found)

    def close(self) -> None:
        """Nothing stays open."""

    def _lines(self) -> Generator[Sequence[str], None, None]:
        number = 0
        with open_lines(self.path) as lines:
            try:
                for line in lines:
                    number += 1
                    lines.end_row()
                    yield line.split()
            except TooLongError as error:
                text = f"{self.path.name}: row {number + 1:,} cannot be read: {error}"
                raise ImportRefusedError(text) from error


def _columns(rows: Sequence[Sequence[str | None]]) -> dict[str, pa.Array]:
    columns = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
    return dict(zip(COLUMNS, columns, strict=True))
