"""Tables of votes: CSV and Parquet files with the columns rater, item and score. Slow to import."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from bot.errors import JuryError
from bot.trust.scoring.damaged import NO_UTF8, explained, is_utf8
from bot.trust.scoring.detectors import longest_run
from bot.trust.scoring.votes import Floats, Index, Votes

REQUIRED: Final = ("rater", "item", "score")
IDS: Final = ("rater", "item")
ORDER: Final = "order"
SUFFIXES: Final = (".csv", ".parquet")

NUMBER: Final = r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$"
LONGEST_HEADER: Final = 65_536
LONGEST_QUOTE: Final = 40
BLOCK: Final = 2**20
"""Bytes that are read at once; a row has to fit in."""


class VotesFileError(JuryError):
    """A file is no table of votes; the text names the file, and the row and column at fault."""


@dataclass(frozen=True, slots=True)
class VoteTable:
    """The votes of a file, with the ids of raters and items by their position.

    `repeated` counts the rows that were merged into another vote of the same rater on the same
    item. `longest_run` is None where the file does not say in which order the votes were given.
    """

    votes: Votes
    rater_ids: pa.Array
    item_ids: pa.Array
    repeated: int
    longest_run: Index | None


def read_votes(path: Path, low: float, high: float) -> VoteTable:
    """Read the columns rater, item and score, and `order` if there is one; others are ignored.

    Ids may be of any type; in CSV they are text. Scores lie in `low` to `high`. Several votes of
    one rater on one item count as one vote, their mean. Raises VotesFileError.
    """
    kind = path.suffix.lower()
    if path.is_dir():
        raise VotesFileError(f"{path}: is a folder; give one {' or '.join(SUFFIXES)} file")
    if kind not in SUFFIXES:
        raise VotesFileError(f"{path}: the name must end in {' or '.join(SUFFIXES)}")
    try:
        table = _read_csv(path) if kind == ".csv" else _read_parquet(path)
    except OSError as error:
        raise VotesFileError(f"{path}: {error.strerror or error}") from None
    except (pa.ArrowException, UnicodeDecodeError, csv.Error) as error:
        raise VotesFileError(f"{path}: {error}") from None
    if not table.num_rows:
        raise VotesFileError(f"{path}: has no votes, only the names of columns")
    rows = _Rows(path, table, first=2 if kind == ".csv" else 1)
    rater, rater_ids = rows.ids("rater")
    item, item_ids = rows.ids("item")
    score = rows.numbers("score", (low, high))
    votes = Votes.of(
        rater, item, score, low=low, high=high, raters=len(rater_ids), items=len(item_ids)
    )
    run = None
    if ORDER in table.column_names:
        run = longest_run(rater, score, rows.numbers(ORDER), len(rater_ids))
    return VoteTable(votes, rater_ids, item_ids, len(score) - len(votes), run)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a file, and how to speak of them: `first` is the number of the first one."""

    path: Path
    table: pa.Table
    first: int

    def ids(self, name: str) -> tuple[Index, pa.Array]:
        """Return each row's position among the distinct ids in their order, and these."""
        column = self._complete(name)
        try:
            encoded = column.dictionary_encode()
            values = encoded.dictionary
            order = pc.sort_indices(values).to_numpy()
        except (pa.ArrowException, AttributeError):
            text = f"{self.path}: column {name}: {column.type} cannot be an id"
            raise VotesFileError(text) from None
        indices = encoded.indices.to_numpy()
        order = order[np.bincount(indices, minlength=len(values))[order] > 0]
        position = np.empty(len(values), np.int64)
        position[order] = np.arange(len(order))
        return position[indices], values.take(pa.array(order))

    def numbers(self, name: str, bounds: tuple[float, float] | None = None) -> Floats:
        """Return a column of finite numbers, all of them within the bounds."""
        column = self._complete(name)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pc.utf8_trim_whitespace(column)
            self._refuse(name, pc.invert(pc.match_substring_regex(column, NUMBER)), "is no number")
        elif pa.types.is_temporal(column.type) and bounds is None:
            column = column.cast(pa.int64(), safe=False)
        elif not (pa.types.is_integer(column.type) or _is_fraction(column.type)):
            raise VotesFileError(f"{self.path}: column {name}: {column.type} is no number")
        values: Floats = np.asarray(column.cast(pa.float64(), safe=False).to_numpy())
        low, high = bounds or (-np.inf, np.inf)
        outside = ~((values >= low) & (values <= high)) | ~np.isfinite(values)
        self._refuse(name, outside, f"is not in {low:g} to {high:g}" if bounds else "is no number")
        return values

    def _complete(self, name: str) -> pa.Array:
        """Return a column without gaps; an empty text is a gap."""
        column = self.table[name].combine_chunks()
        if pa.types.is_dictionary(column.type):
            values = column.dictionary
            if values.null_count or len(values.unique()) < len(values):
                column = column.cast(values.type)
            else:
                gap = _gaps(values).take(column.indices)
                self._refuse(name, pc.fill_null(gap, fill_value=True), "is missing")
                return column
        self._refuse(name, _gaps(column), "is missing")
        return column

    def _refuse(self, name: str, faulty: pa.Array | np.ndarray, why: str) -> None:
        """Raise VotesFileError naming the first of the faulty rows, if any is."""
        found = np.flatnonzero(np.asarray(faulty))
        if not len(found):
            return
        row = int(found[0])
        value = self.table[name][row].as_py()
        quoted = repr(value[:LONGEST_QUOTE]) if isinstance(value, str) else str(value)
        shown = "" if value in {None, ""} else f" {quoted}"
        text = f"{self.path}: row {row + self.first}, column {name}:{shown} {why}"
        raise VotesFileError(f"{text} ({len(found):,} such rows)" if len(found) > 1 else text)


def _gaps(values: pa.Array) -> pa.Array:
    gap = pc.is_null(values, nan_is_null=True)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return pc.or_(pc.fill_null(pc.equal(values, ""), fill_value=True), gap)
    return gap


def _is_fraction(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _read_csv(path: Path) -> pa.Table:
    """Read the columns as text: whole numbers of any size stay as they are written."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        header = next(csv.reader([file.readline(LONGEST_HEADER)]), [])
    if not is_utf8(header):
        raise VotesFileError(f"{path}: row 1: {NO_UTF8}")
    wanted = _wanted(path, header)

    types = dict.fromkeys(wanted, pa.string())
    types |= dict.fromkeys(IDS, pa.dictionary(pa.int32(), pa.string()))
    faults: list[str] = []

    def refuse(row: pyarrow.csv.InvalidRow) -> str:
        columns = f"{row.actual_columns} columns instead of {row.expected_columns}"
        faults.append(f"{path}: row {row.number} has {columns}")
        return "error"

    try:
        return pyarrow.csv.read_csv(
            path,
            pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK),
            pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=refuse),
            pyarrow.csv.ConvertOptions(include_columns=wanted, column_types=types),
        )
    except pa.ArrowInvalid:
        fault = faults[0] if faults else explained(path, wanted, BLOCK)
        if fault is None:
            raise
        raise VotesFileError(fault) from None


def _read_parquet(path: Path) -> pa.Table:
    schema = pq.read_schema(path)
    wanted = _wanted(path, schema.names)
    texts = [name for name in IDS if pa.types.is_string(schema.field(name).type)]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        return file.read(wanted)


def _wanted(path: Path, names: list[str]) -> list[str]:
    """Return the columns to read; raises VotesFileError where one is missing, or there twice."""
    for name in REQUIRED:
        if name not in names:
            there = ", ".join(names)[:200] or "none"
            raise VotesFileError(f"{path}: column {name} is missing; there is: {there}")
    wanted: list[str] = [name for name in (*REQUIRED, ORDER) if name in names]
    for name in wanted:
        if names.count(name) > 1:
            raise VotesFileError(f"{path}: column {name} is there {names.count(name)} times")
    return wanted
