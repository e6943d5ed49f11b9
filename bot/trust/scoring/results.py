"""The tables of scores and raters as files. Slow to import, for commands only."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bot.datasets.exports.earlier import is_export
from bot.datasets.exports.target import replacing
from bot.errors import JuryError
from bot.trust.scoring.assessing import Assessment, Raters, Scores
from bot.trust.scoring.tables import VoteTable

RUN: Final = "longest_run"


def write_results(
    folder: Path, kind: str, table: VoteTable, found: Assessment
) -> tuple[Path, Path]:
    """Write `scores` and `raters` into the folder, each whole or not at all; return their paths.

    `kind` is ".csv" or ".parquet". A file that is there is replaced where it is an earlier table
    of the same columns. Raises JuryError.
    """
    scores = pa.table({"item": table.item_ids, **_columns(found.scores)})
    raters = pa.table({"rater": table.rater_ids, **_columns(found.raters)})
    run = table.longest_run
    raters = raters.append_column(RUN, pa.nulls(len(raters), pa.int64()) if run is None else [run])
    targets = folder / f"scores{kind}", folder / f"raters{kind}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for target, rows in zip(targets, (scores, raters), strict=True):
            if target.exists() and not is_export(target, rows.schema):
                raise JuryError(f"{target}: is no earlier table of this kind, not overwritten")
        for target, rows in zip(targets, (scores, raters), strict=True):
            with replacing(target) as file:
                _write(file, kind, rows)
    except OSError as error:
        raise JuryError(f"{error.filename or folder}: {error.strerror or error}") from None
    except pa.ArrowException as error:
        raise JuryError(f"{folder}: {error}") from None
    return targets


def _columns(figures: Scores | Raters) -> dict[str, pa.Array]:
    """Return a column a figure; what cannot be said is null."""
    return {
        field.name: pa.array(getattr(figures, field.name), from_pandas=True)
        for field in fields(figures)
    }


def _write(file: BinaryIO, kind: str, rows: pa.Table) -> None:
    if kind == ".parquet":
        pq.write_table(rows, file, compression="zstd")
        return
    file.write(f"{','.join(rows.column_names)}\n".encode())
    pyarrow.csv.write_csv(rows, file, pyarrow.csv.WriteOptions(include_header=False))
