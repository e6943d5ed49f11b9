"""The place of an export: its name, and how a file gets there whole or not at all."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from bot.datasets.exports.catalogue import FileType, Offer
from bot.errors import ExportFailedError
from storage.durable import sync_folder

SUFFIXES: Final[dict[str, FileType]] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".sqlite": "sqlite",
}
RELEASED: Final = "release.json"
"""Lies in each released folder, to which nothing is ever added."""
NOT_IN_NAMES = re.compile(r"[^\w.-]")


class TargetBusyError(OSError):
    """Another process is writing the same file."""


def file_type(out: Path, wanted: FileType | None, offer: Offer) -> FileType | None:
    """Return the type to write: the `wanted` one, or what the file's suffix says, or the usual one.

    None for a format that is a folder. Raises ExportFailedError where the format or the suffix is
    of no such type.
    """
    if wanted is not None and wanted not in offer.file_types:
        known = ", ".join(offer.file_types) or "a folder"
        raise ExportFailedError(reason=f"{wanted} is no type of this format, which is {known}")
    if offer.is_folder:
        return None
    if _is_folder(out):
        return wanted or offer.file_types[0]
    named = SUFFIXES.get(out.suffix.lower())
    if named is None or named not in offer.file_types:
        known = ", ".join(end for end, kind in SUFFIXES.items() if kind in offer.file_types)
        raise ExportFailedError(reason=f"{out}: the name must end in {known}")
    if wanted not in {None, named}:
        raise ExportFailedError(reason=f"{out}: the name says {named}, but {wanted} is wanted")
    return named


def usual_name(data_sets: Sequence[str], offer: Offer, kind: FileType | None) -> str:
    """Return what an export is called that nobody named: by its data set, if it is of one."""
    stem = NOT_IN_NAMES.sub("_", data_sets[0]).lstrip(".") + "_" if len(data_sets) == 1 else ""
    return f"{stem}{offer.label}" + (f".{kind}" if kind else "")


def export_path(out: Path, name: str) -> Path:
    """Return where a file goes: in `out` if that is a folder or has no suffix, else there."""
    return out / name if _is_folder(out) else out


def release_around(path: Path) -> Path | None:
    """Return the released folder in which `path` is or would be, None where there is none."""
    around = path.absolute().parent.resolve()
    return next((each for each in (around, *around.parents) if (each / RELEASED).is_file()), None)


def _is_folder(out: Path) -> bool:
    return out.is_dir() or not out.suffix


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` once it is complete and on the disk.

    A process that is killed leaves `.<name>.partial`, which the next one uses and takes away.
    Raises TargetBusyError while another process is at it, and OSError.
    """
    partial = path.with_name(f".{path.name}.partial")
    with lock(partial) as file:
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


def lock(path: Path) -> BinaryIO:
    """Open a file, made where there is none, that no other process has locked.

    It is unlocked when it is closed; who removes it does so before. Raises TargetBusyError, and
    OSError, also where it is a link.
    """
    while True:
        file = open(path, "r+b", opener=_made)  # noqa: SIM115 - the caller closes it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise TargetBusyError("another export is writing this file") from None
        if _is_named(file, path):
            return file
        file.close()


def _made(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o666)


def _is_named(file: BinaryIO, path: Path) -> bool:
    """Tell whether another process has renamed or removed the file between open and lock."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
