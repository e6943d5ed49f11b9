"""What passes between the program and the child process that exports: one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

ExportFormat = Literal["parquet", "csv", "jsonl"]

PROGRESS: Final = "progress"
EXPORTED: Final = "exported"
UNKNOWN_DATA_SET: Final = "unknown_data_set"
FAILED: Final = "failed"
"""The kinds of lines that the child writes."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One export. `hash_key` in hex; `now` in microseconds decides which statuses still hold.

    `exact_signals` leaves what could identify a rater as it is, instead of coarsening it. `gold`
    adds the votes that were given on gold images.
    """

    database: str
    target: str
    data_set: str
    format: ExportFormat
    hash_key: str
    now: int
    exact_signals: bool
    gold: bool = False


@dataclass(frozen=True, slots=True)
class ExportCounts:
    """What the child has written."""

    rows: int
    images: int
    bytes: int
