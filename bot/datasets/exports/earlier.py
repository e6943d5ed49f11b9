"""Whether a file is an earlier export, which a new one may replace. For child processes only."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

PARQUET_MAGIC = b"PAR1"
"""How a parquet file begins (Apache Parquet, "File format")."""

LONGEST_FIRST_LINE = 65_536


def is_export(path: Path, schema: pa.Schema) -> bool:
    """Tell whether the file holds these columns in one of the formats of an export, or nothing.

    Raises OSError where it cannot be read.
    """
    if not path.is_file():
        return False
    names = list(schema.names)
    with path.open("rb") as file:
        first = file.readline(LONGEST_FIRST_LINE)
    if first.startswith(PARQUET_MAGIC):
        return _parquet_names(path) == names
    return not first or first.rstrip() == ",".join(names).encode() or _is_row(first, names)


def _parquet_names(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except pa.ArrowException:
        return []


def _is_row(line: bytes, names: list[str]) -> bool:
    try:
        row = json.loads(line)
    except ValueError:
        return False
    return isinstance(row, dict) and list(row) == names
