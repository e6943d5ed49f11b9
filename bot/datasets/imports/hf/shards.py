"""Parquet files with pictures in them: a column of bytes, or of bytes and path together.

https://huggingface.co/docs/datasets/image_load: the library writes a struct of `bytes` and `path`,
of which either may be missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from bot.datasets.imports.parquet import is_text, texts
from bot.datasets.imports.tables.columns import listed, only_one
from bot.datasets.imports.tables.files import ParquetTable, Row, plain_values
from bot.errors import ImportRefusedError
from bot.images.decoding import MAX_BYTES

ROWS: Final = 8
"""Rows that are read at once: with the largest pictures half a GiB."""
LARGEST_GROUP: Final = 2**28
MOST_UNPACKED: Final = 50
"""Pictures are packed already: a group of rows that unpacks to so many times its bytes, and to more
than LARGEST_GROUP, was made to fill the memory."""


@dataclass(frozen=True, slots=True)
class PictureRow:
    """One row of a shard: its other columns, and the picture's bytes or path as far as known."""

    row: Row
    data: bytes | None
    path: str | None


class NoPicturesError(ImportRefusedError):
    """No column of the file has pictures: it is a table of something else."""


class Shard:
    """One parquet file with pictures. Close it after use."""

    def __init__(self, path: Path, shown: str, image: str | None) -> None:
        """Open the file and find the pictures' column, which `image` may name.

        Raises ImportRefusedError, of which NoPicturesError where there is no such column.
        """
        self._shown = shown
        self._table = ParquetTable(path, shown)
        try:
            self.image = _find(self._table.schema, shown, image)
            self._check_groups()
        except ImportRefusedError:
            self._table.close()
            raise
        self.names = [name for name in self._table.names if name != self.image]
        self.count = self._table.count

    def check(self, names: Sequence[str]) -> None:
        """Raise ImportRefusedError where one of these columns cannot be read."""
        self._table.check(names)

    def rows(self, names: Sequence[str]) -> Iterator[PictureRow]:
        """Yield the rows in the file's order, with these columns.

        Raises ImportRefusedError where the file turns out to be damaged.
        """
        done = 0
        for batch in self._table.batches(names, ROWS, [self.image, *names]):
            columns = [plain_values(batch.column(name)) for name in names]
            data, paths = _pictures(batch.column(self.image))
            for at in range(len(batch)):
                values = {name: column[at] for name, column in zip(names, columns, strict=True)}
                row = Row(self._shown, done + at + 1, values)
                yield PictureRow(row, data[at], paths[at])
            done += len(batch)

    def close(self) -> None:
        """Close the file."""
        self._table.close()

    def _check_groups(self) -> None:
        metadata = self._table.metadata
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            columns = [group.column(at) for at in range(group.num_columns)]
            of_image = [each for each in columns if each.path_in_schema.split(".")[0] == self.image]
            unpacked = sum(each.total_uncompressed_size for each in of_image)
            packed = sum(each.total_compressed_size for each in of_image)
            bomb = unpacked > max(LARGEST_GROUP, MOST_UNPACKED * packed)
            if bomb or unpacked > (group.num_rows + 1) * MAX_BYTES:
                raise ImportRefusedError(
                    f"{self._shown}: row group {number + 1} unpacks to {unpacked // 2**20:,} MiB"
                    f" of pictures in {group.num_rows:,} rows, more than pictures can have"
                )


def _find(schema: Any, shown: str, image: str | None) -> str:  # noqa: ANN401 - pyarrow publishes no types
    """Return the name of the column that has the pictures."""
    if image is not None:
        if image not in schema.names:
            raise ImportRefusedError(
                f"{shown} has no column {image}; it has {listed(schema.names)}"
            )
        kind = schema.field(schema.names.index(image)).type
        if not _has_pictures(kind):
            raise ImportRefusedError(
                f"{shown}: the column {image} has {kind}, not bytes, or bytes and path"
            )
        found = [image]
    else:
        found = [field.name for field in schema if _has_pictures(field.type)]
    if not found:
        raise NoPicturesError(f"{shown} has no column with pictures; it has {listed(schema.names)}")
    only = only_one(found, shown)
    if schema.names.count(only) > 1:
        raise ImportRefusedError(f"{shown} has the column {only} twice")
    return only


def _has_pictures(kind: Any) -> bool:  # noqa: ANN401 - pyarrow publishes no types
    if pa.types.is_struct(kind):
        inner = {field.name: field.type for field in kind}
        return _is_bytes(inner.get("bytes")) and ("path" not in inner or is_text(inner["path"]))
    return _is_bytes(kind)


def _is_bytes(kind: Any) -> bool:  # noqa: ANN401 - pyarrow publishes no types
    return kind is not None and bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _pictures(column: Any) -> tuple[list[bytes | None], list[str | None]]:  # noqa: ANN401 - pyarrow publishes no types
    """Return bytes and path of each picture."""
    if not pa.types.is_struct(column.type):
        return column.to_pylist(), [None] * len(column)
    names = [field.name for field in column.type]
    # `flatten` keeps the nulls of the whole, where `field` shows what lies below them.
    inner = dict(zip(names, column.flatten(), strict=True))
    paths: list[str | None] = texts(inner["path"]) if "path" in inner else [None] * len(column)
    return inner["bytes"].to_pylist(), paths
