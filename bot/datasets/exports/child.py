"""The child process of an export: a request on stdin, progress and the outcome on stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

import adbc_driver_manager
import adbc_driver_sqlite.dbapi
import pyarrow as pa
import pyarrow.compute as pc

from bot.children.answering import answer, asked
from bot.datasets.exports.columns import HORDE
from bot.datasets.exports.earlier import is_export
from bot.datasets.exports.horde import NoSuchDataSetError, read_horde
from bot.datasets.exports.reading import NUMBER, fetch
from bot.datasets.exports.request import (
    EXPORTED,
    FAILED,
    PROGRESS,
    UNKNOWN_DATA_SET,
    ExportCounts,
    ExportRequest,
)
from bot.datasets.exports.target import replacing
from bot.datasets.exports.writers import WRITERS
from bot.keyed_hash import KeyedHash
from storage import exporting

BUSY_MILLISECONDS = 30_000
CACHE_KIBIBYTES = 4_096
"""SQLite's memory for pages, and for sorting before it sorts on the disk."""


def main() -> int:
    """Serve the one request on stdin; returns the exit code, 0 when the file is in its place."""
    request = ExportRequest(**asked())
    try:
        counts = export(request, lambda done, most: answer(PROGRESS, done=done, most=most))
        answer(EXPORTED, **asdict(counts))
    except BrokenPipeError:
        return 1
    except NoSuchDataSetError:
        answer(UNKNOWN_DATA_SET)
        return 1
    except adbc_driver_manager.Error as error:
        answer(FAILED, reason=f"{request.database}: {error}")
        return 1
    except OSError as error:
        answer(FAILED, reason=f"{error.filename or request.target}: {error.strerror or error}")
        return 1
    except pa.ArrowException as error:
        answer(FAILED, reason=f"{request.target}: {error}")
        return 1
    return 0


def export(request: ExportRequest, progress: Callable[[int, int], None]) -> ExportCounts:
    """Write the file; `progress` hears the rows done and the most that there can be.

    All is read in the one transaction that ADBC begins: the votes of one moment, while others
    go on writing.
    """
    target = Path(request.target)
    if target.exists() and not is_export(target, HORDE):
        raise FileExistsError(None, "is no earlier export and is not overwritten", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    os.environ["SQLITE_TMPDIR"] = str(target.parent)
    address = f"file:{quote(request.database)}?mode=ro"
    with closing(adbc_driver_sqlite.dbapi.connect(address)) as connection:
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            cursor.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        most = fetch(connection, exporting.VOTES_EVER, NUMBER)["number"][0].as_py()
        batches = read_horde(
            connection,
            request.data_set,
            KeyedHash(bytes.fromhex(request.hash_key)),
            request.now,
            exact_signals=request.exact_signals,
            gold=request.gold,
        )
        with closing(batches), replacing(target) as file:
            writer = WRITERS[request.format](file, HORDE)
            rows = images = 0
            try:
                for batch in batches:
                    writer.write(batch)
                    rows += len(batch)
                    images += pc.count_distinct(batch["id"]).as_py()
                    progress(rows, most)
                writer.finish()
            except BaseException:
                writer.abandon()
                raise
            return ExportCounts(rows, images, file.tell())


if __name__ == "__main__":
    sys.exit(main())
