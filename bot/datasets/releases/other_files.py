"""Files of a release that are no parquet: which rows and columns they have.

They may be anybody's. Of none more is in memory than a bounded part, and nothing in them is run.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv

from bot.datasets.releases.contents import CONTENTS, NamedRows, OtherFile
from storage.foreign import foreign_tables

LONGEST_HEADER: Final = 2**16
"""Bytes of the names of a CSV's columns."""

LONGEST_ROW: Final = 2**24
"""Bytes of a row of CSV: room for the longest prompt that an import takes."""

LONGEST_LINE: Final = 1024
"""Bytes of a line of AVA.txt."""

LARGEST_JSON: Final = 2**24
"""Bytes of a JSON file that is read, which takes thirty times as much memory at worst."""

_NUMBERS: Final = re.compile(rb"(?:[0-9]+ )+[0-9]+\n")


class UnreadableError(Exception):
    """A file is not what its name says; the text says why in one line."""


def other_file(folder: Path, name: str) -> OtherFile:
    """Read a file of the folder. Raises UnreadableError, OSError."""
    path = folder / name
    read = READERS.get(path.suffix)
    if read is None:
        raise UnreadableError("is of no type that is read")
    try:
        return OtherFile(name, tuple(read(path)))
    except (sqlite3.Error, pa.ArrowException, csv.Error, ValueError, RecursionError) as error:
        raise UnreadableError(" ".join(str(error).split())) from error


def is_described(folder: Path, name: str) -> bool:
    """Tell whether a file is one that a release describes beside parquet files. Raises OSError."""
    if name == CONTENTS or Path(name).suffix not in READERS:
        return False
    # Of a release with very many tables croissant.json is too large to look into.
    return not name.endswith(".json") or (folder / name).stat().st_size <= LARGEST_JSON


def _csv(path: Path) -> Iterator[NamedRows]:
    """Yield the rows below a header, each of which must have as many fields."""
    with path.open("rb") as opened:
        header = opened.readline(LONGEST_HEADER)
    if not header.endswith(b"\n") or not header.strip():
        raise ValueError("has no header")
    columns = next(csv.reader([header.decode()], strict=True))
    if path.stat().st_size == len(header):  # pyarrow refuses a table without rows
        yield NamedRows("", 0, tuple(columns))
        return
    names = [str(number) for number in range(len(columns))]
    # pyarrow's own file: its threads read ahead, and one that is in a file of Python's when the
    # program ends takes the program with it.
    with pa.OSFile(str(path)) as file:
        file.seek(len(header))
        rows = pa.csv.open_csv(
            file,
            pa.csv.ReadOptions(use_threads=False, block_size=LONGEST_ROW, column_names=names),
            pa.csv.ParseOptions(newlines_in_values=True),
            pa.csv.ConvertOptions(
                include_columns=names[:1], column_types={name: pa.binary() for name in names[:1]}
            ),
        )
        yield NamedRows("", sum(len(batch) for batch in rows), tuple(columns))


def _lines(path: Path) -> Iterator[NamedRows]:
    """Yield the lines, each of as many whole numbers, whose columns have no names."""
    rows = width = 0
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            rows += 1
            width = width or 1 + line.count(b" ")
            if not _NUMBERS.fullmatch(line) or 1 + line.count(b" ") != width:
                raise ValueError(f"line {rows} is cut, or no line of numbers as the first")
    yield NamedRows("", rows, tuple(str(number) for number in range(1, width + 1)))


def _sqlite(path: Path) -> Iterator[NamedRows]:
    for table in foreign_tables(path):
        yield NamedRows(table.name, table.rows, table.columns)


def _json(path: Path) -> Iterator[NamedRows]:
    """Yield the lists that an object has, by their keys."""
    with path.open("rb") as file:
        data = file.read(LARGEST_JSON + 1)
    if len(data) > LARGEST_JSON:
        raise ValueError("is larger than any that was described")
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004 - of the file, not of the caller
    for key, items in value.items():
        if isinstance(items, list):
            yield NamedRows(key, len(items), _keys(items))


def _keys(items: list[Any]) -> tuple[str, ...]:
    return tuple(sorted({key for item in items if isinstance(item, dict) for key in item}))


READERS: Final[Mapping[str, Callable[[Path], Iterator[NamedRows]]]] = {
    ".csv": _csv,
    ".json": _json,
    ".sqlite": _sqlite,
    ".txt": _lines,
}
"""By the ends of names: of what formats write, and croissant.json."""
