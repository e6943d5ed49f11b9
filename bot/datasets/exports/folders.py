"""Exports that are folders: how one takes its place whole, and how an earlier one is known."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bot.datasets.exports.target import lock
from storage.durable import sync_folder

MARK: Final = ".export.json"
"""In each exported folder: of which format it is, how many files it has, and a hash of their names.

Hidden, so that readers which take every file of a folder do not meet it.
"""


def is_folder_export(path: Path, name: str) -> bool:
    """Tell whether the folder was exported in the format `name`, and no file came to it since.

    An empty folder will do. Raises OSError.
    """
    if not path.is_dir() or path.is_symlink():
        return False
    if not any(path.iterdir()):
        return True
    try:
        mark = json.loads((path / MARK).read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return bool(mark == _mark(path, name))


@contextmanager
def replacing_folder(path: Path, name: str) -> Iterator[Path]:
    """Give an empty folder that takes the place of `path` once all in it is on the disk.

    A process that is killed leaves `.<name>.partial`, which the next one empties. The folder that
    was there is moved aside first, and back if the process ended just then, so that at each moment
    `path` is the old folder, the new one, or (for that moment) none. Raises TargetBusyError while
    another process is at it, and OSError.
    """
    aside = path.with_name(f".{path.name}.earlier")
    with _partial(path) as partial:
        _settle(path, aside)
        yield partial
        (partial / MARK).write_text(json.dumps(_mark(partial, name)), encoding="ascii")
        _sync(partial)
        if path.exists():
            path.rename(aside)
        partial.rename(path)
        sync_folder(path.parent)
        _remove(aside)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder that becomes `path`, where nothing is, once all in it is on the disk.

    A process that is killed leaves `.<name>.partial`, which the next one empties. Raises
    FileExistsError, TargetBusyError while another process is at it, and OSError.
    """
    with _partial(path) as partial:
        require_nothing(path)
        yield partial
        _sync(partial)
        require_nothing(path)
        partial.rename(path)
        sync_folder(path.parent)


def clear_beside(path: Path) -> None:
    """Remove what `new_folder` leaves where it is killed after the folder got its place."""
    _guard(path).unlink(missing_ok=True)


def require_nothing(path: Path) -> None:
    """Raise FileExistsError where something is at `path`, be it a link to nowhere."""
    if os.path.lexists(path):
        raise FileExistsError(None, "is there already", str(path))


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """Give an empty hidden folder beside `path`; what is left of it at the end is removed."""
    partial = path.with_name(f".{path.name}.partial")
    guard = _guard(path)
    with lock(guard):
        try:
            _remove(partial)
            partial.mkdir()
            yield partial
        finally:
            _remove(partial)
            guard.unlink(missing_ok=True)


def _guard(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _settle(path: Path, aside: Path) -> None:
    """Finish what an export left that was killed while it put its folder into place."""
    if aside.exists() and not path.exists():
        aside.rename(path)
    _remove(aside)


def _mark(folder: Path, name: str) -> dict[str, str | int]:
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
    files = [file for file in files if file != MARK]
    digest = hashlib.sha256("\0".join(files).encode("utf-8", "surrogateescape"))
    return {"format": name, "files": len(files), "names": digest.hexdigest()}


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
