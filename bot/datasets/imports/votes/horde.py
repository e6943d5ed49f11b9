"""AI Horde Ratings, the published Parquet file of any vintage, and what `jury export horde` writes.

https://huggingface.co/datasets/Haidra-Org/AI-Horde-Ratings: 14 columns; earlier files lack
user_id, validated and captchas_failed, or validated alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from bot.datasets.imports.parquet import is_number, is_text, open_parquet, read_batches
from bot.datasets.imports.votes.rows import (
    CAPTCHAS,
    CLIENT_AGENT,
    COUNTRY,
    COUNTS,
    FLAWS,
    IMAGE,
    MARKS,
    MOMENT,
    RATER,
    RATING,
    RawRows,
)
from bot.errors import ImportRefusedError

ADDED_LATER: Final = frozenset({RATER, MARKS[1], CAPTCHAS})
NEEDED: Final = frozenset({IMAGE, RATING, MOMENT})
CALLED: Final = {
    IMAGE: "id",
    RATER: "user_id",
    **{name: name for name in (CLIENT_AGENT, COUNTRY, RATING, FLAWS, MOMENT)},
    **{name: name for name in (*COUNTS, *MARKS, CAPTCHAS)},
}
"""The file's words for our columns."""


_KINDS: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    **dict.fromkeys((IMAGE, RATER, CLIENT_AGENT, COUNTRY), ("text", is_text)),
    **dict.fromkeys((RATING, FLAWS, *COUNTS, CAPTCHAS), ("numbers", is_number)),
    **dict.fromkeys(MARKS, ("true or false", pa.types.is_boolean)),
    MOMENT: ("times", pa.types.is_timestamp),
}
"""What each column must be, in words and as a test."""


class HordeFile:
    """A Parquet file of votes, read a batch at a time with little memory. Close it after use."""

    def __init__(self, path: Path) -> None:
        """Open the file and check its columns; raises ImportRefusedError."""
        self.path = path
        self.called: Mapping[str, str] = CALLED
        with closing(open_parquet(path, path.name)) as file:
            self.columns = _checked(path.name, file.schema_arrow)
        texts = [CALLED[name] for name in self.columns if _KINDS[name][1] is is_text]
        self._file = open_parquet(path, path.name, texts)
        self.count: int = self._file.metadata.num_rows

    def batches(self, size: int) -> Iterator[RawRows]:
        """Yield the rows in the file's order, at most `size` at a time.

        Raises ImportRefusedError where the file turns out to be damaged.
        """
        first = 1
        wanted = [CALLED[name] for name in self.columns]
        for batch in read_batches(self._file, self.path.name, wanted, size):
            yield RawRows(first, {name: batch[CALLED[name]] for name in self.columns})
            first += len(batch)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _checked(name: str, schema: Any) -> tuple[str, ...]:  # noqa: ANN401 - pyarrow publishes no types
    """Return which of our columns the file has; raises ImportRefusedError."""
    found = []
    for column, (wanted, is_right) in _KINDS.items():
        called = CALLED[column]
        times = schema.names.count(called)
        if not times and column in ADDED_LATER:
            continue
        if times != 1:
            raise ImportRefusedError(f"{name} has no column {called}, or has it twice")
        kind = schema.field(called).type
        if pa.types.is_null(kind) and column not in NEEDED:
            continue
        if not is_right(kind):
            raise ImportRefusedError(f"{name}: the column {called} has {kind}, not {wanted}")
        found.append(column)
    return tuple(found)
