"""What is wrong with a CSV file that cannot be read, and in which row."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

NO_UTF8: Final = "is no UTF-8 text; save the file as CSV in UTF-8"


def explained(path: Path, columns: Collection[str], longest: int) -> str | None:
    """Say what is wrong in any of the columns, or in a row of more than `longest` bytes.

    None where it is something else. Rows are counted from 1, the header's, without empty lines.
    """
    row = _long_row(path, longest)
    if row is not None:
        return (
            f"{path}: row {row} is longer than {longest:,} bytes; is a quotation mark left open,"
            " or a text there that no vote needs?"
        )
    place = _no_utf8(path, columns)
    return None if place is None else f"{path}: {place}: {NO_UTF8}"


def is_utf8(fields: Sequence[str]) -> bool:
    """Tell whether fields that were read with `surrogateescape` were UTF-8."""
    return not any("\udc80" <= character <= "\udcff" for field in fields for character in field)


def _long_row(path: Path, longest: int) -> int | None:
    row = length = 0
    quoted = False
    with path.open("rb") as file:
        for line in file:
            if not quoted:
                row, length = row + bool(line.strip()), 0
            length += len(line)
            quoted ^= bool(line.count(b'"') % 2)
            if length > longest:
                return row
    return None


def _no_utf8(path: Path, columns: Collection[str]) -> str | None:
    """Return row and column of the first text that is no UTF-8."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = filter(None, csv.reader(file))
        header = next(rows, [])
        try:
            for number, row in enumerate(rows, 2):
                for name, field in zip(header, row, strict=False):
                    if name in columns and not is_utf8([field]):
                        return f"row {number}, column {name}"
        except csv.Error:
            return None
    return None
