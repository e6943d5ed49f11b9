"""CSV as RFC 4180 has it: https://www.rfc-editor.org/rfc/rfc4180."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Final

LONGEST_FIELD: Final = 2**20
"""Characters, also of a field that nobody reads."""


def records_of(lines: Iterable[str]) -> Iterator[list[str]]:
    """Return the records of a text; the next one raises csv.Error where its end cannot be told."""
    # The limit is one of the whole process; nothing here wants another.
    csv.field_size_limit(LONGEST_FIELD)
    return csv.reader(lines, strict=True)
