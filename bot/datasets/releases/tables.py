"""Parquet files as a release describes them: rows, size, columns. pyarrow loads slowly."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from bot.datasets.releases.contents import REMOVED, Column, TableFile


def described(folder: Path, path: Path, config: str = "", split: str = "") -> TableFile:
    """Read the end of a file in a release. Raises OSError and pyarrow.ArrowException."""
    with pq.ParquetFile(path) as file:
        groups = range(file.metadata.num_row_groups)
        return TableFile(
            path=path.relative_to(folder).as_posix(),
            rows=file.metadata.num_rows,
            unpacked_bytes=sum(file.metadata.row_group(n).total_byte_size for n in groups),
            columns=tuple(
                Column(each.name, str(each.type), each.nullable) for each in file.schema_arrow
            ),
            config=config,
            split=split,
        )


def removed_rows(folder: Path) -> list[bytes]:
    """Return the names of the rows that a release says are gone."""
    rows = pq.read_table(folder / REMOVED, columns=["row_id"])["row_id"]
    return [bytes.fromhex(row) for row in rows.to_pylist()]
