"""removed.parquet: the rows that are gone since the last release. For child processes only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pyarrow as pa
from adbc_driver_manager.dbapi import Connection

from bot.datasets.exports.reading import stream
from bot.datasets.exports.writers import parquet_file
from bot.datasets.releases.contents import REMOVED, TableFile
from bot.datasets.releases.tables import described
from storage import releasing

TABLE = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
"""docs/releases.md says what they mean."""


def write_removed(connection: Connection, folder: Path) -> tuple[TableFile, Mapping[str, int]]:
    """Write the rows that no release has told of yet; return the table, and its rows by reason."""
    path = folder / REMOVED
    gone: Counter[str] = Counter()
    with (
        parquet_file(path, TABLE) as file,
        closing(stream(connection, releasing.REMOVED, TABLE)) as batches,
    ):
        for batch in batches:
            file.write(batch)
            gone.update(batch["reason"].to_pylist())
    return described(folder, path, "removed", "train"), gone
