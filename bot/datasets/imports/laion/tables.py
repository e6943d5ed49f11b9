"""LAION's tables: a link and a caption a row, with what its makers measured.

The columns of laion2B-en (SAMPLE_ID, URL, TEXT, HEIGHT, WIDTH, LICENSE, NSFW, similarity), of
LAION-Aesthetics V1 (hash, punsafe, pwatermark, aesthetic, LANGUAGE) and V2 (AESTHETIC_SCORE), and
those that img2dataset writes (url, caption). Names are told apart without regard to capitals.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot.datasets.imports.parquet import (
    is_number,
    is_text,
    numbers,
    open_parquet,
    read_batches,
    texts,
)
from bot.errors import ImportRefusedError

URL: Final = "url"
CAPTIONS: Final = ("text", "caption")
_NUMBER: Final = ("numbers", is_number)
_TEXT: Final = ("text", is_text)
_EITHER: Final = ("numbers or text", lambda kind: is_number(kind) or is_text(kind))

COLUMNS: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    URL: _TEXT,
    "text": _TEXT,
    "caption": _TEXT,
    "punsafe": _NUMBER,
    "pwatermark": _NUMBER,
    "nsfw": _TEXT,
    "sample_id": _EITHER,
    "hash": _EITHER,
    "license": _TEXT,
    "language": _TEXT,
    "similarity": _NUMBER,
    "aesthetic": _NUMBER,
    "aesthetic_score": _NUMBER,
}
"""What is read, by its name in small letters. Sizes are left: pictures are measured anew."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `place` names file and row for people. Unknown is None, NaN too.

    `punsafe` and `pwatermark` are probabilities (0-1), `nsfw` is UNLIKELY, UNSURE or NSFW;
    `others` has the further columns by their names in small letters.
    """

    place: str
    url: str | None
    caption: str | None
    punsafe: float | None = None
    pwatermark: float | None = None
    nsfw: str | None = None
    others: Mapping[str, object] = field(default_factory=dict)

    def parameters(self) -> str:
        """Return the link and what its makers measured, as a JSON object."""
        measured = {"punsafe": self.punsafe, "pwatermark": self.pwatermark, "nsfw": self.nsfw}
        facts = {"url": self.url, **self.others, **measured}
        told = {name: value for name, value in facts.items() if _can_be_told(value)}
        return json.dumps(told, ensure_ascii=False)


class Table:
    """One file, read a batch at a time with little memory. Close it after use."""

    def __init__(self, path: Path) -> None:
        """Open the file and check its columns; raises ImportRefusedError."""
        self.path = path
        self._file = open_parquet(path, path.name)
        try:
            self._columns = _columns(path.name, self._file.schema_arrow)
        except ImportRefusedError:
            self._file.close()
            raise
        self.count: int = self._file.metadata.num_rows

    def batches(self, size: int) -> Iterator[list[Row]]:
        """Yield the rows in the file's order, at most `size` at a time.

        Raises ImportRefusedError where the file turns out to be damaged.
        """
        done = 0
        for batch in read_batches(self._file, self.path.name, list(self._columns.values()), size):
            yield self._rows(batch, done)
            done += len(batch)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rows(self, batch: Any, done: int) -> list[Row]:  # noqa: ANN401 - pyarrow publishes no types
        columns = {
            name: _values(batch.column(batch.schema.get_field_index(written)))
            for name, written in self._columns.items()
        }
        rows = []
        for at, values in enumerate(zip(*columns.values(), strict=True)):
            facts = dict(zip(columns, values, strict=True))
            url = (facts.pop(URL) or "").strip() or None
            captions = [facts.pop(name) for name in CAPTIONS if name in facts]
            rows.append(
                Row(
                    f"{self.path.name}, row {done + at + 1}",
                    url,
                    next(filter(None, (str(each or "").strip() for each in captions)), None),
                    facts.pop("punsafe", None),
                    facts.pop("pwatermark", None),
                    facts.pop("nsfw", None),
                    facts,
                )
            )
        return rows


def _columns(file: str, schema: Any) -> dict[str, str]:  # noqa: ANN401 - pyarrow publishes no types
    """Return how the file writes the names of the columns that are read."""
    found: dict[str, str] = {}
    for written in schema.names:
        name = written.lower()
        if name not in COLUMNS:
            continue
        if name in found:
            raise ImportRefusedError(f"{file} has the column {written} twice")
        wanted, is_right = COLUMNS[name]
        kind = schema.field(schema.get_field_index(written)).type
        if not is_right(kind):
            raise ImportRefusedError(f"{file}: the column {written} has {kind}, not {wanted}")
        found[name] = written
    if URL not in found:
        raise ImportRefusedError(f"{file} has no column URL")
    if not found.keys() & set(CAPTIONS):
        raise ImportRefusedError(f"{file} has no column TEXT or caption")
    return found


def _values(column: Any) -> list[Any]:  # noqa: ANN401 - pyarrow publishes no types
    if is_text(column.type):
        return texts(column)
    return [
        None if isinstance(value, float) and math.isnan(value) else value
        for value in numbers(column)
    ]


def _can_be_told(value: object) -> bool:
    """Tell whether JSON has the value."""
    return value is not None and not (isinstance(value, float) and math.isinf(value))
