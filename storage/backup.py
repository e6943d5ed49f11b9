"""A consistent copy of a live database."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage.connections import connect, explain
from storage.errors import DiskError, NoDatabaseError, StorageError
from storage.migrations import pending


def backup(database_path: Path, target: Path) -> int:
    """Copy the database at `database_path` to the new file `target`; return its size in bytes.

    The copy is one snapshot, taken beside a running program, complete and durable before it gets
    its name, readable by its owner alone. Leases stay behind, and so does the hash key, which is
    never in the database. Raises StorageError, with nothing left behind, if `target` exists,
    there is no database, or the disk fails.
    """
    if not database_path.exists():
        raise NoDatabaseError(database_path)
    _refuse_existing(target)
    if not target.parent.is_dir():
        raise DiskError(f"there is no folder {target.parent.absolute()}; make it first")
    try:
        pending(database_path)
        with _unfinished(target) as unfinished:
            _copy(database_path, unfinished)
            _sync(unfinished)
            size = unfinished.stat().st_size
            _refuse_existing(target)
            unfinished.replace(target)
            _sync(target.parent)
    except sqlite3.Error as error:
        raise explain(error) or StorageError(f"the backup failed: {error}") from error
    except OSError as error:
        raise DiskError(f"the backup failed: {error}") from error
    return size


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise StorageError(f"{target} exists already and is not overwritten")


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """Give a name beside `target` that is gone afterwards."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(database_path: Path, unfinished: Path) -> None:
    with closing(connect(database_path)) as source, closing(connect(unfinished)) as copy:
        # All pages in one step: smaller steps begin anew whenever another process writes.
        source.backup(copy, pages=-1)
        # A WAL database would be two files; the next program that opens the copy switches back.
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute("DELETE FROM leases")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
