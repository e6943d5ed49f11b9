"""The child process of an export: a request on stdin, progress and the outcome on stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import adbc_driver_manager
import pyarrow as pa

from bot.children.answering import answer, asked
from bot.datasets.exports import formats
from bot.datasets.exports.kinds import Format
from bot.datasets.exports.reading import one_moment
from bot.datasets.exports.request import (
    EXPORTED,
    FAILED,
    PROGRESS,
    UNKNOWN_DATA_SET,
    ExportCounts,
    ExportRequest,
)
from bot.datasets.exports.source import NoSuchDataSetError, Progress, RefusedError, Source

FAULTS = (RefusedError, OSError, pa.ArrowException, adbc_driver_manager.Error)


def main() -> int:
    """Serve the one request on stdin; returns the exit code, 0 when the file is in its place."""
    request = ExportRequest.parsed(asked())

    def work() -> None:
        counts = export(request, lambda done, most: answer(PROGRESS, done=done, most=most))
        answer(EXPORTED, **asdict(counts))

    return attempt(work, request.database, request.target)


def attempt(work: Callable[[], None], database: str, target: str) -> int:
    """Do what a child was asked for, and answer why where it comes to nothing.

    Returns the exit code; NoSuchDataSetError and the FAULTS are answered.
    """
    try:
        work()
    except BrokenPipeError:
        return 1
    except NoSuchDataSetError as error:
        answer(UNKNOWN_DATA_SET, name=error.name)
        return 1
    except FAULTS as error:
        answer(FAILED, reason=reason_of(error, database, target))
        return 1
    return 0


def reason_of(error: Exception, database: str, target: str) -> str:
    """Return in one line what one of the FAULTS means to an operator."""
    if isinstance(error, RefusedError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or target}: {error.strerror or error}"
    place = database if isinstance(error, adbc_driver_manager.Error) else target
    return f"{place}: {error}"


def export(request: ExportRequest, progress: Progress) -> ExportCounts:
    """Write the file or folder; `progress` hears the votes done and the most that there can be.

    All is read at one moment, while others go on writing.
    """
    target, wanted = Path(request.target), load(request.format)
    if target.exists() and not wanted.may_replace(target, request):
        raise FileExistsError(None, "is no earlier export and is not overwritten", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    with reading(request, progress) as source:
        return wanted.write(source, target, request)


@contextmanager
def reading(request: ExportRequest, progress: Progress) -> Iterator[Source]:
    """Open what a request is of; SQLite sorts on the disk on which the target will be."""
    with one_moment(request.database, Path(request.target).parent) as connection:
        yield Source.of(connection, request, progress)


def load(name: str) -> Format:
    """Return a format of the catalogue."""
    found: Format = import_module(f"{formats.__name__}.{name}").FORMAT
    return found


if __name__ == "__main__":
    sys.exit(main())
