"""Tables about pictures: `metadata.csv`, `metadata.jsonl`, and any parquet file.

https://huggingface.co/docs/datasets/image_dataset
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, Final, Protocol, TextIO, TypeVar

import pyarrow as pa

from bot.datasets.imports.comma_separated import records_of
from bot.datasets.imports.encoding import ERRORS, MEND, is_utf8
from bot.datasets.imports.parquet import is_number, is_text, open_parquet, read_batches, texts
from bot.datasets.imports.summary import Reason
from bot.errors import ImportRefusedError

T = TypeVar("T")

LONGEST_LINE: Final = 2**22
"""Characters of a line of JSON; a prompt may have a fourth of it."""
MOST_FIELDS: Final = 10_000
"""Different fields that the lines of a file of JSON may have together."""
BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row by its number from 1; `values` is None where it cannot be read.

    Where that is because it is not UTF-8, `line` is its first one.
    """

    file: str
    number: int
    values: Mapping[str, object] | None
    line: int | None = None

    @property
    def place(self) -> str:
        """Name file and row for people, the line where one begins that an editor has to mend."""
        if self.line is not None:
            return f"{self.file}, line {self.line}"
        return f"{self.file}, row {self.number}"

    @property
    def reason(self) -> Reason:
        """Why a row has no values."""
        return Reason.WRONG_ROW if self.line is None else Reason.NOT_UTF8


class Table(Protocol):
    """A file with a row a picture. Close it after use."""

    @property
    def names(self) -> Sequence[str]:
        """The columns."""
        ...

    def rows(self, names: Sequence[str]) -> Iterator[Row]:
        """Yield the rows in the file's order, once, with these columns.

        Raises ImportRefusedError where the file turns out to be damaged.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def open_table(source: Path | BytesIO, shown: str, known: Sequence[str] | None = None) -> Table:
    """Open a table, a file or its bytes, by what the name ends in that people know it as.

    `known` are its columns where they were found before: a file of JSON has to be read whole for
    them. Raises ImportRefusedError.
    """
    if shown.endswith(".parquet"):
        return ParquetTable(source, shown)
    try:
        data = source if isinstance(source, BytesIO) else source.open("rb")
        file = TextIOWrapper(data, encoding="utf-8-sig", errors=ERRORS, newline="")
    except OSError as error:
        raise ImportRefusedError(f"{shown} cannot be read: {error}") from error
    try:
        if shown.endswith(".csv"):
            return CsvTable(file, shown)
        return JsonLinesTable(file, shown, known)
    except ImportRefusedError:
        file.close()
        raise


class CsvTable:
    """Comma-separated values with a header."""

    def __init__(self, file: TextIO, shown: str) -> None:
        """Read the header; raises ImportRefusedError."""
        self._file = file
        self._shown = shown
        self._records = records_of(file)
        self._lines = _refusing(self._records, shown)
        self.names = next(self._lines, [])
        if not all(map(is_utf8, self.names)):
            raise ImportRefusedError(f"{shown} is not UTF-8 in its header: {MEND}")

    def rows(self, names: Sequence[str]) -> Iterator[Row]:
        """Yield the rows; one of too few or too many fields, or not of UTF-8, has no values."""
        where = [(name, self.names.index(name)) for name in names]
        begin = self._records.line_num + 1
        for number, fields in enumerate(self._lines, 1):
            if not all(map(is_utf8, fields)):
                yield Row(self._shown, number, None, begin)
            elif len(fields) == len(self.names):
                yield Row(self._shown, number, {name: fields[at] for name, at in where})
            elif fields:
                yield Row(self._shown, number, None)
            begin = self._records.line_num + 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class JsonLinesTable:
    """A JSON object a line; the columns are the fields that any of them has."""

    def __init__(self, file: TextIO, shown: str, known: Sequence[str] | None = None) -> None:
        """Look for the fields, unless they are `known`, up to where the file is damaged.

        `rows` says so if it is. Raises ImportRefusedError where it is before any field, and where
        there are more than MOST_FIELDS.
        """
        self._file = file
        self._shown = shown
        self.names = list(self._fields() if known is None else known)
        file.seek(0)

    def rows(self, names: Sequence[str]) -> Iterator[Row]:
        """Yield the rows; a line that is no JSON object, or not UTF-8, has no values."""
        for number, line in enumerate(self._lines(), 1):
            if not is_utf8(line):
                yield Row(self._shown, number, None, number)
            elif line.strip():
                values = _object(line)
                found = None if values is None else {name: values.get(name) for name in names}
                yield Row(self._shown, number, found)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _fields(self) -> dict[str, None]:
        """Look through all lines: nobody would miss what the first alone has not."""
        fields: dict[str, None] = {}
        foreign = False
        try:
            for line in self._lines():
                if not is_utf8(line):
                    foreign = True
                    continue
                fields |= dict.fromkeys(_object(line) or ())
                if len(fields) > MOST_FIELDS:
                    break
        except ImportRefusedError:
            if not fields:
                raise
        if foreign and not fields:
            raise ImportRefusedError(f"{self._shown} is not UTF-8: {MEND}")
        if len(fields) > MOST_FIELDS:
            raise ImportRefusedError(
                f"{self._shown} has more than {MOST_FIELDS:,} different fields"
            )
        return fields

    def _lines(self) -> Iterator[str]:
        lines = _refusing(iter(lambda: self._file.readline(LONGEST_LINE), ""), self._shown)
        for number, line in enumerate(lines, 1):
            if len(line) >= LONGEST_LINE:
                raise ImportRefusedError(f"{self._shown}: line {number} is too long")
            yield line


class ParquetTable:
    """A parquet file, of which only the wanted columns are read, a few rows at a time."""

    def __init__(self, source: Path | BytesIO, shown: str) -> None:
        """Open the file; raises ImportRefusedError."""
        self._shown = shown
        self._file = open_parquet(source, shown)
        self.schema: Any = self._file.schema_arrow
        self.names: list[str] = self.schema.names

    def rows(self, names: Sequence[str]) -> Iterator[Row]:
        """Yield the rows; raises ImportRefusedError for a column of a kind that is not read."""
        done = 0
        for batch in self.batches(names, BATCH, names):
            columns = [plain_values(batch.column(name)) for name in names]
            for number, values in enumerate(zip(*columns, strict=True), done + 1):
                yield Row(self._shown, number, dict(zip(names, values, strict=True)))
            done += len(batch)

    def batches(self, plain: Sequence[str], size: int, names: Sequence[str]) -> Iterator[Any]:
        """Yield record batches with the columns `names`, of which the `plain` ones are checked."""
        self.check(plain)
        return read_batches(self._file, self._shown, names, size)

    def check(self, plain: Sequence[str]) -> None:
        """Raise ImportRefusedError where one of the columns is there twice, or is no plain one."""
        _check_columns(self.schema, plain, self._shown)

    @property
    def count(self) -> int:
        """How many rows the file has."""
        return int(self._file.metadata.num_rows)

    @property
    def metadata(self) -> Any:  # noqa: ANN401 - pyarrow publishes no types
        """What the file's footer says of its row groups."""
        return self._file.metadata

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _check_columns(schema: Any, names: Sequence[str], shown: str) -> None:  # noqa: ANN401 - pyarrow publishes no types
    """Raise ImportRefusedError where a column is there twice or is no text, number or flag."""
    for name in names:
        if schema.names.count(name) != 1:
            raise ImportRefusedError(f"{shown} has the column {name} twice")
        kind = schema.field(name).type
        inner = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not (is_text(inner) or is_number(inner) or pa.types.is_boolean(inner)):
            raise ImportRefusedError(
                f"{shown}: the column {name} has {kind}, not text, numbers or true and false"
            )


def plain_values(column: Any) -> list[object]:  # noqa: ANN401 - pyarrow publishes no types
    """Return the values of a column that was checked; None where there is none."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return list(texts(column)) if is_text(column.type) else list(column.to_pylist())


def _object(line: str) -> dict[str, object] | None:
    try:
        # RecursionError is how deep nesting ends; NaN and Infinity are no JSON.
        values = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _refusing(lines: Iterator[T], shown: str) -> Iterator[T]:
    """Yield what `lines` yields, and say after which row a file turns out to be damaged."""
    done = 0
    while True:
        try:
            line = next(lines)
        except StopIteration:
            return
        except (csv.Error, OSError) as error:
            text = f"{shown} cannot be read after line {done:,}: {error}"
            raise ImportRefusedError(text) from error
        yield line
        done += 1
