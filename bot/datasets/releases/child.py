"""The child process that makes a release: a request on stdin, progress and outcome on stdout."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.children.answering import answer, asked
from bot.datasets.exports.child import attempt
from bot.datasets.exports.folders import new_folder
from bot.datasets.exports.reading import one_moment
from bot.datasets.exports.request import PROGRESS
from bot.datasets.releases.making import fill
from bot.datasets.releases.request import READING, RELEASED, ReleaseRequest


def main() -> int:
    """Serve the one request on stdin; returns the exit code, 0 when the folder is in its place."""
    request = ReleaseRequest.parsed(asked())

    def work() -> None:
        release(request)
        answer(RELEASED)

    return attempt(work, request.database, request.target)


def release(request: ReleaseRequest) -> None:
    """Make the folder, whole or not at all, of one moment of the database.

    Raises RefusedError, OSError, pyarrow.ArrowException and adbc_driver_manager.Error.
    """
    target = Path(request.target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        new_folder(target) as folder,
        one_moment(request.database, folder) as connection,
    ):
        fill(
            folder,
            connection,
            request,
            reading=lambda: answer(READING),
            progress=lambda done, most: answer(PROGRESS, done=done, most=most),
        )


if __name__ == "__main__":
    sys.exit(main())
