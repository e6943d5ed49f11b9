"""CSV as RFC 4180 has it: https://www.rfc-editor.org/rfc/rfc4180."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

LONGEST_FIELD: Final = 2**20
"""Characters, also of a field that nobody reads."""


class Records(Iterator[list[str]], Protocol):
    """The records of a text, and the number of the last line that was read."""

    @property
    def line_num(self) -> int:
        """Counted from 1."""


def records_of(lines: Iterable[str]) -> Records:
    """Return the records of a text; the next one raises csv.Error where its end cannot be told."""
    # The limit is one of the whole process; nothing here wants another.
    csv.field_size_limit(LONGEST_FIELD)
    return csv.reader(lines, strict=True)
