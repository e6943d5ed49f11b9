"""The place of an export: its name, and how a file gets there whole or not at all."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from bot.datasets.exports.request import ExportFormat
from bot.errors import ExportFailedError
from storage.durable import sync_folder

SUFFIXES: Final[dict[str, ExportFormat]] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".jsonl": "jsonl",
}
NOT_IN_NAMES = re.compile(r"[^\w.-]")


class TargetBusyError(OSError):
    """Another process is writing the same file."""


def export_format(out: Path, wanted: ExportFormat | None) -> ExportFormat:
    """Return the format to write: the `wanted` one, or what the file's suffix says, or parquet.

    Raises ExportFailedError where the suffix is none of the formats', or not of the wanted one.
    """
    if out.is_dir() or not out.suffix:
        return wanted or "parquet"
    named = SUFFIXES.get(out.suffix.lower())
    if named is None:
        raise ExportFailedError(reason=f"{out}: the name must end in {', '.join(SUFFIXES)}")
    if wanted not in {None, named}:
        raise ExportFailedError(reason=f"{out}: the name says {named}, but {wanted} is wanted")
    return named


def export_path(out: Path, data_set: str, suffix: str) -> Path:
    """Return where the export goes: in `out` if that is a folder or has no suffix, else there."""
    if out.is_dir() or not out.suffix:
        name = NOT_IN_NAMES.sub("_", data_set).lstrip(".")
        return out / f"{name}_export.{suffix}"
    return out


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` once it is complete and on the disk.

    A process that is killed leaves `.<name>.partial`, which the next one uses and takes away.
    Raises TargetBusyError while another process is at it, and OSError.
    """
    partial = path.with_name(f".{path.name}.partial")
    with _lock(partial) as file:
        try:
            file.truncate()
            yield file
            file.flush()
            os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def _lock(partial: Path) -> BinaryIO:
    while True:
        file = os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666), "w+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise TargetBusyError("another export is writing this file") from None
        if _is_named(file, partial):
            return file
        file.close()


def _is_named(file: BinaryIO, path: Path) -> bool:
    """Tell whether another process has renamed or removed the file between open and lock."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
