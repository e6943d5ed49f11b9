"""Rows of the database as Arrow batches, read by ADBC.

For child processes only: ADBC brings its own SQLite, and closing it in the process that holds the
database open would drop that process's locks.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import adbc_driver_sqlite.dbapi
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager.dbapi import Connection

BUSY_MILLISECONDS = 30_000
CACHE_KIBIBYTES = 4_096
"""SQLite's memory for pages, and for sorting before it sorts on the disk."""

BATCH_ROWS = 131_072

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Batches = Generator[pa.RecordBatch, None, None]

NUMBER = pa.schema([("number", pa.int64())])


@contextmanager
def one_moment(database: str, scratch: Path) -> Iterator[Connection]:
    """Open a database in the one transaction that ADBC begins.

    All that is read is of the moment of the first SELECT, while others go on writing. SQLite sorts
    in `scratch`. Raises adbc_driver_manager.Error.
    """
    os.environ["SQLITE_TMPDIR"] = str(scratch)
    with closing(adbc_driver_sqlite.dbapi.connect(f"file:{quote(database)}?mode=ro")) as connection:
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            cursor.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        yield connection


def ahead(batches: Batches) -> Batches:
    """Yield the same, while a thread already reads the next one: SQLite and Arrow both let go."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch


def stream(connection: Connection, sql: str, schema: pa.Schema, *parameters: int | str) -> Batches:
    """Run a SELECT and yield batches of exactly `schema`.

    ADBC takes each column's type from the first batch, and calls a column int64 when that batch
    has nothing but NULL in it or no row at all: hence the cast.
    """
    options = {"adbc.sqlite.query.batch_rows": str(BATCH_ROWS)}
    with closing(connection.cursor(adbc_stmt_kwargs=options)) as cursor:
        cursor.execute(sql, parameters or None)
        for batch in cursor.fetch_record_batch():
            yield batch.cast(schema)


def fetch(
    connection: Connection, sql: str, schema: pa.Schema, *parameters: int | str
) -> pa.RecordBatch:
    """Run a SELECT whose rows fit in memory."""
    nothing = pa.RecordBatch.from_pylist([], schema)
    return pa.concat_batches([nothing, *stream(connection, sql, schema, *parameters)])


def filled(texts: pa.StringArray) -> pa.StringArray:
    """Return texts with null for the empty ones: storage reads those where there is no text.

    ADBC could not go back on a column that began with nothing but NULL.
    """
    return pc.if_else(pc.equal(texts, ""), None, texts)


def firsts(ascending: Integers) -> npt.NDArray[np.intp]:
    """Return the places at which a new value begins."""
    return np.flatnonzero(np.diff(ascending, prepend=ascending[0] - 1))


def find(wanted: Integers, ascending: Integers) -> tuple[Flags, npt.NDArray[np.intp]]:
    """Return which of the `wanted` are in `ascending`, and the places there of those that are."""
    places = np.searchsorted(ascending, wanted)
    known = places < len(ascending)
    known[known] = ascending[places[known]] == wanted[known]
    return known, places[known]
