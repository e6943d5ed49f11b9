"""Parquet files that somebody else wrote, read a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bot.datasets.imports.sidecars import clean
from bot.errors import ImportRefusedError


def open_parquet(source: Path | BytesIO, shown: str, dictionaries: Sequence[str] = ()) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    """Open what people know as `shown` as a `pyarrow.parquet.ParquetFile`.

    Raises ImportRefusedError.

    Columns of text in `dictionaries`, which the file must have, come as dictionaries: a long text
    that many rows share is in memory once.
    """
    try:
        if isinstance(source, Path) and source.exists() and not source.is_file():
            # A pipe would block the reader for ever.
            raise ImportRefusedError(f"{shown} cannot be read as parquet: it is not a plain file")
        # Without a buffer pyarrow would read whole columns of a row group at once.
        return pq.ParquetFile(
            source, read_dictionary=list(dictionaries), buffer_size=2**20, pre_buffer=False
        )
    except (OSError, pa.ArrowException, ValueError) as error:
        raise ImportRefusedError(f"{shown} cannot be read as parquet: {error}") from error


def read_batches(
    file: Any,  # noqa: ANN401 - pyarrow publishes no types
    shown: str,
    columns: Sequence[str],
    size: int,
) -> Iterator[Any]:
    """Yield record batches in the file's order, at most `size` rows each and of one row group.

    Raises ImportRefusedError where the file turns out to be damaged.
    """
    done = 0
    try:
        # One group after the other, so that what comes before a damaged one can be used.
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(
                size, columns=list(columns), row_groups=[group], use_threads=False
            ):
                _check_places(batch)
                yield batch
                done += len(batch)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise ImportRefusedError(f"{shown} is damaged after row {done:,}: {error}") from error


def _check_places(batch: Any) -> None:  # noqa: ANN401 - pyarrow publishes no types
    """Raise pyarrow's error where a dictionary lacks a row's text, as it does not look itself."""
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            ends = pc.min_max(column.indices).as_py()
            places = range(len(column.dictionary))
            if any(end is not None and end not in places for end in ends.values()):
                raise pa.ArrowInvalid("a row has a text that is not in its dictionary")


def is_text(kind: Any) -> bool:  # noqa: ANN401 - pyarrow publishes no types
    """Tell whether a column has text, as a dictionary or plain."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def is_number(kind: Any) -> bool:  # noqa: ANN401 - pyarrow publishes no types
    """Tell whether a column has numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def numbers(column: Any) -> list[Any]:  # noqa: ANN401 - pyarrow publishes no types
    """Return the numbers, and None where there is none; by way of numpy much faster."""
    if column.null_count:
        return list(column.to_pylist())
    return list(column.to_numpy(zero_copy_only=False).tolist())


def texts(column: Any) -> list[str | None]:  # noqa: ANN401 - pyarrow publishes no types
    """Return the texts; nothing in a parquet file makes sure that they are UTF-8."""
    try:
        return column.to_pylist()  # type: ignore[no-any-return] # pyarrow publishes no types
    except UnicodeDecodeError:
        kind = pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary()
        return [
            None if value is None else clean(value.decode("utf-8", "replace"))
            for value in column.cast(kind).to_pylist()
        ]
