"""What a release has beside the formats, and the order in which it is made.

For child processes only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from adbc_driver_manager.dbapi import Connection

from bot.datasets.exports.source import Progress, RefusedError
from bot.datasets.releases.card import write_card
from bot.datasets.releases.changes import write_changes
from bot.datasets.releases.contents import Contents, OtherFile, Pictures
from bot.datasets.releases.croissant import write_croissant
from bot.datasets.releases.figures import Figures, all_safe
from bot.datasets.releases.formats import data_set_names, write_formats
from bot.datasets.releases.other_files import UnreadableError, is_described, other_file
from bot.datasets.releases.removed import write_removed
from bot.datasets.releases.request import ReleaseRequest
from bot.datasets.releases.sums import files_below, write_sums
from storage.times import from_microseconds

READ_ONLY: Final = 0o444


def fill(
    folder: Path,
    connection: Connection,
    request: ReleaseRequest,
    *,
    reading: Callable[[], None],
    progress: Progress,
) -> None:
    """Write everything into the empty folder; `reading` is called once the moment is fixed.

    Raises RefusedError where there is nothing to release or a file cannot be read back, OSError,
    pyarrow.ArrowException and adbc_driver_manager.Error.
    """
    data_sets = data_set_names(connection)
    reading()
    figures = Figures.read(connection, request.now)
    if not figures.votes:
        raise RefusedError("there is no vote to release")
    written = write_formats(connection, request, folder, data_sets, progress)
    removed, gone = write_removed(connection, folder)
    contents = Contents(
        number=request.number,
        identity=request.identity,
        released_at=from_microseconds(request.now).isoformat(),
        licence=request.licence,
        counts=figures.counts([*written.tables, removed]),
        tables=(*written.tables, removed),
        hidden=written.unlinked.hidden,
        pictures=None
        if request.pictures == "none"
        else Pictures(all_safe(connection), written.left_out),
    )
    write_card(folder, contents, figures)
    write_croissant(folder, contents)
    write_changes(folder, contents, gone, request.before)
    replace(contents, others=others(folder)).write(folder)
    seal(folder)


def others(folder: Path) -> tuple[OtherFile, ...]:
    """Read back the files that are no parquet. Raises RefusedError, OSError."""
    names = sorted(name for name, _ in files_below(folder))
    return tuple(_described(folder, name) for name in names if is_described(folder, name))


def _described(folder: Path, name: str) -> OtherFile:
    try:
        return other_file(folder, name)
    except UnreadableError as error:
        raise RefusedError(f"{name} cannot be read back: {error}") from error


def seal(folder: Path) -> None:
    """Write the sums of all files and let nobody write into them. Raises OSError."""
    write_sums(folder)
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(READ_ONLY)
