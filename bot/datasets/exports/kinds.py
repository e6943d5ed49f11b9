"""The kinds of formats: a table in one file, or a folder of files. For child processes only."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.datasets.exports.catalogue import FileType
from bot.datasets.exports.earlier import is_export
from bot.datasets.exports.folders import is_folder_export, replacing_folder
from bot.datasets.exports.request import NONE, ExportCounts, ExportRequest, LeftOut
from bot.datasets.exports.source import Source
from bot.datasets.exports.target import replacing
from bot.datasets.exports.writers import WRITERS, Writer

Rows = Generator[pa.RecordBatch, None, LeftOut | None]
"""Batches of rows; what is left out of them is returned at the end, None for nothing."""

ImageColumns = tuple[str, ...] | Callable[[pa.RecordBatch], int]


class Format(Protocol):
    """A way to write what a source has, at the place that the request names."""

    def may_replace(self, target: Path, request: ExportRequest) -> bool:
        """Tell whether what is there is an earlier export of this format. Raises OSError."""

    def write(self, source: Source, target: Path, request: ExportRequest) -> ExportCounts:
        """Write it, whole or not at all; what is at the target is replaced.

        Raises RefusedError, OSError, pyarrow.ArrowException and adbc_driver_manager.Error.
        """


@dataclass(frozen=True, slots=True)
class Table:
    """One file of rows in the columns of `schema`.

    `read` yields the rows; those of an image stand together, in one batch. `image` names the
    columns that tell images apart, or counts the images of a batch. A format that is no table of
    the usual types has `writers` of its own, and tells by `is_earlier` what it has written.
    """

    schema: pa.Schema
    read: Callable[[Source], Rows]
    image: ImageColumns
    writers: Mapping[FileType, Callable[[BinaryIO, pa.Schema], Writer]] = field(
        default_factory=lambda: WRITERS
    )
    is_earlier: Callable[[Path, pa.Schema], bool] = is_export

    def may_replace(self, target: Path, request: ExportRequest) -> bool:
        """Tell whether what is there is an earlier export of this format. Raises OSError."""
        return self.is_earlier(target, self.schema)

    def write(self, source: Source, target: Path, request: ExportRequest) -> ExportCounts:
        """Write the file."""
        with closing(self.read(source)) as batches, replacing(target) as file:
            kind = next(iter(self.writers)) if request.file_type is None else request.file_type
            return write_table(batches, self.writers[kind](file, self.schema), file, self.image)


@dataclass(frozen=True, slots=True)
class Filled:
    """What is in a folder, and what was left out of it."""

    rows: int
    images: int
    left_out: LeftOut = NONE


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of files. `fill` writes them into an empty one."""

    fill: Callable[[Source, Path], Filled]

    def may_replace(self, target: Path, request: ExportRequest) -> bool:
        """Tell whether what is there is an earlier export of this format. Raises OSError."""
        return is_folder_export(target, request.format)

    def write(self, source: Source, target: Path, request: ExportRequest) -> ExportCounts:
        """Write the folder."""
        with replacing_folder(target, request.format) as folder:
            filled = self.fill(source, folder)
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        return ExportCounts(filled.rows, filled.images, size, filled.left_out)


def write_table(read: Rows, writer: Writer, file: BinaryIO, image: ImageColumns) -> ExportCounts:
    """Write all rows and finish the writer; the file stays open."""
    rows = images = 0
    batches = _Told(read)
    try:
        for batch in batches:
            writer.write(batch)
            rows += len(batch)
            images += count_images(batch, image)
        writer.finish()
    except BaseException:
        writer.abandon()
        raise
    return ExportCounts(rows, images, file.tell(), batches.left_out)


class _Told:
    """The batches; `left_out` holds once they are through."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.left_out = NONE

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        self.left_out = (yield from self._rows) or NONE


def count_images(rows: pa.RecordBatch, image: ImageColumns) -> int:
    """Return how many images whole images' rows are of, by the columns that tell them apart."""
    if not len(rows):
        return 0
    if callable(image):
        return image(rows)
    new = np.zeros(len(rows) - 1, bool)
    for name in image:
        column = rows[name]
        new |= pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
    return 1 + int(np.count_nonzero(new))
