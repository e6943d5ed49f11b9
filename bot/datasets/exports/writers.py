"""Record batches into files, a class a type of file. Imported in child processes only."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from bot.datasets.exports.catalogue import FileType
from bot.datasets.formulas import disarmed

DICTIONARY_BYTES = 8 * 2**20
"""Room for the pseudonyms of 120,000 raters in a row group. With the library's 1 MiB, 16,000 is
the end of it, and a file of 10 million votes grows to more than twice the size."""


class Writer(Protocol):
    """Writes one file, from its first row to its last."""

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""

    def finish(self) -> None:
        """Write what is still held back; the file itself stays open."""

    def abandon(self) -> None:
        """Write nothing more: the file is given up."""


class ParquetRows:
    """Parquet with zstd, a row group a batch."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(
            file, schema, compression="zstd", dictionary_pagesize_limit=DICTIONARY_BYTES
        )

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""
        self._writer.write_batch(rows)

    def finish(self) -> None:
        """Write the footer."""
        self._writer.close()

    def abandon(self) -> None:
        """Keep the library from writing the footer into a closed file later."""
        self._writer.is_open = False


@contextmanager
def parquet_file(path: Path, schema: pa.Schema) -> Iterator[ParquetRows]:
    """Write a parquet file, which is complete when this ends without an error."""
    with path.open("wb") as file:
        writer = ParquetRows(file, schema)
        try:
            yield writer
            writer.finish()
        except BaseException:
            writer.abandon()
            raise


class CsvRows:
    """RFC 4180 in UTF-8 with a header line; nothing stands for a missing value.

    A text that a spreadsheet might take for a formula gets an apostrophe in front.
    """

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._file = file
        self._lines = io.StringIO(newline="")
        self._csv = csv.writer(self._lines)
        self._texts = [pa.types.is_string(kind) for kind in schema.types]
        self._csv.writerow(schema.names)

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""
        columns = [
            map(_harmless, column) if text else column
            for column, text in zip(_plain(rows), self._texts, strict=True)
        ]
        self._csv.writerows(zip(*columns, strict=True))
        self.finish()

    def finish(self) -> None:
        """Write what is still held back."""
        self._file.write(self._lines.getvalue().encode())
        self._lines.seek(0)
        self._lines.truncate()

    def abandon(self) -> None:
        """Nothing is written by itself."""


class JsonLines:
    """ASCII, an object a line with every column in order; null stands for a missing value."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._file = file
        self._names = schema.names

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""
        encode = json.JSONEncoder(check_circular=False).encode
        for values in zip(*_plain(rows), strict=True):
            line = encode(dict(zip(self._names, values, strict=True)))
            self._file.write(f"{line}\n".encode())

    def finish(self) -> None:
        """Every line is written already."""

    def abandon(self) -> None:
        """Nothing is written by itself."""


WRITERS: Final[Mapping[FileType, Callable[[BinaryIO, pa.Schema], Writer]]] = {
    "parquet": ParquetRows,
    "csv": CsvRows,
    "jsonl": JsonLines,
}


def _plain(rows: pa.RecordBatch) -> Iterator[list[Any]]:
    """Yield each column as Python values, times as text with six decimals."""
    for column in rows.columns:
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us")).cast(pa.string())  # noqa: PLW2901
        yield column.to_pylist()


def _harmless(text: str | None) -> str | None:
    return disarmed(text) if text else text
