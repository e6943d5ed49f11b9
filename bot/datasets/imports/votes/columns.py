"""Columns of foreign tables as plain values, with the rows at which a value cannot be read.

A column is an Arrow array, of its own type or of text; nothing makes sure that text is UTF-8, and
NaN and an empty text stand for what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bot.datasets.imports.parquet import is_text
from storage.times import MOST_MICROSECONDS, to_microseconds

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
T = TypeVar("T")

Column = Any  # pyarrow publishes no types

NOTHING: Final = -1
"""The code of a row that has no text."""
_WRONG: Final = -2

NUMBER: Final = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
WHOLE: Final = re.compile(r"\s*[+-]?[0-9]{1,18}(\.0*)?\s*")
MOST_EXACT: Final = 2.0**53
"""Whole numbers are exact in a float below it."""
FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
NANOSECONDS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True, slots=True)
class Names:
    """Texts of rows: `codes` has the place of each row's text in `values`, or NOTHING."""

    codes: Codes
    values: list[str]

    def where(self, kept: Flags) -> Names:
        """Return the names of some of the rows."""
        return Names(self.codes[kept], self.values)

    def part(self, begin: int, end: int) -> Names:
        """Return the names of a span of rows, and no others."""
        used, codes = np.unique(self.codes[begin:end], return_inverse=True)
        values = [self.values[code] for code in used if code >= 0]
        return Names(codes - (len(used) - len(values)), values)

    def marked(self, marks: Sequence[bool]) -> Flags:
        """Return which rows have a text that is marked."""
        return np.array([*marks, False], bool)[self.codes]

    def of(self, meanings: Sequence[Any]) -> list[Any]:
        """Return for each row what its text means, None where there is none."""
        return list(np.array([*meanings, None], object)[self.codes])


def names(column: Column, longest: int) -> tuple[Names, Flags]:
    """Return texts of at most so many characters, none of them NUL, and which rows have others."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    places = pc.fill_null(encoded.indices.cast(pa.int64()), NOTHING).to_numpy()
    used = np.unique(places[places >= 0])
    texts = _texts(encoded.dictionary.take(pa.array(used)), longest)
    codes_of_used = np.full(len(used), NOTHING)
    values: dict[str, int] = {}
    for at, text in enumerate(texts):
        if text is None:
            codes_of_used[at] = _WRONG
        elif text:
            codes_of_used[at] = values.setdefault(text, len(values))
    codes = np.full(len(places), NOTHING)
    there = places >= 0
    codes[there] = codes_of_used[np.searchsorted(used, places[there])]
    return Names(codes, list(values)), codes == _WRONG


def numbers(column: Column) -> tuple[Floats, Flags]:
    """Return numbers, NaN where there is none, and which rows have something else."""
    if is_text(column.type):
        return _from_text(column, NUMBER)
    values = pc.fill_null(column.cast(pa.float64(), safe=False), np.nan)
    return values.to_numpy(zero_copy_only=False), np.zeros(len(column), bool)


def wholes(column: Column) -> tuple[list[int | None], Flags]:
    """Return whole numbers of 64 bits, None where there is none, and which rows have others."""
    if is_text(column.type):
        return _read_each(column, _whole)
    if pa.types.is_integer(column.type):
        faulty = np.zeros(len(column), bool)
        if column.type == pa.uint64():
            too_large = pc.fill_null(pc.greater(column, pa.scalar(2**63 - 1, pa.uint64())), False)  # noqa: FBT003 - the value to fill in
            faulty = np.asarray(too_large)
            column = pc.if_else(too_large, None, column)
        return column.cast(pa.int64()).to_pylist(), faulty
    values, _ = numbers(column)
    there = ~np.isnan(values)
    faulty = there & ~((np.abs(values) < MOST_EXACT) & (values == np.trunc(values)))
    plain = np.where(there & ~faulty, values, 0).astype(np.int64)
    return pa.array(plain, mask=~there | faulty).to_pylist(), faulty


def flags(column: Column) -> tuple[list[bool | None], Flags]:
    """Return truths, None where there is none, and which rows have something else."""
    if is_text(column.type):
        return _read_each(column, lambda text: FLAGS[text.strip().lower()])
    return column.to_pylist(), np.zeros(len(column), bool)


def moments(column: Column) -> tuple[list[int | None], Flags]:
    """Return whole microseconds since 1970 UTC, None where there is none, and which rows are wrong.

    Times without a zone are UTC. Wrong is also what exports could not write again, in nanoseconds.
    """
    if is_text(column.type):
        return _read_each(column, _moment)
    unit = NANOSECONDS[column.type.unit]
    counts = pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    most = MOST_MICROSECONDS * 1000 // unit
    faulty = (counts > most) | (counts < -most)
    counts = np.where(faulty, 0, counts)
    micro = counts * (unit // 1000) if unit >= 1000 else counts // 1000  # noqa: PLR2004 - nanoseconds in one
    return pa.array(micro, mask=np.asarray(column.is_null()) | faulty).to_pylist(), faulty


def quoted(column: Column, at: int, longest: int = 40) -> str:
    """Return the value in a row as a short text for people."""
    if pa.types.is_timestamp(column.type):
        # Python's own times have not all of them.
        return column.slice(at, 1).cast(pa.string())[0].as_py() or "nothing"
    try:
        value = column[at].as_py()
    except UnicodeDecodeError:
        return "text that is not UTF-8"
    if isinstance(value, str):
        return repr(value[:longest]) + ("..." if len(value) > longest else "")
    return "nothing" if value is None else str(value)


def _texts(values: Column, longest: int) -> list[str | None]:
    """Return texts; None for those that are too long, not UTF-8 or have a NUL, at which others end.

    A missing one is empty.
    """
    kind = pa.large_binary() if pa.types.is_large_string(values.type) else pa.binary()
    encoded = values.cast(kind)
    # A character has at most 4 bytes: what is far too long is not even copied.
    short = pc.less_equal(pc.binary_length(encoded), 4 * longest)
    kept = pc.if_else(pc.fill_null(short, True), encoded, b"\xff")  # noqa: FBT003 - the value to fill in
    return [_decoded(value, longest) for value in kept.to_pylist()]


def _decoded(value: bytes | None, longest: int) -> str | None:
    if value is None:
        return ""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if len(text) <= longest and "\0" not in text else None


def _from_text(column: Column, pattern: str) -> tuple[Floats, Flags]:
    there = pc.fill_null(pc.not_equal(column, ""), False)  # noqa: FBT003 - the value to fill in
    right = pc.fill_null(pc.match_substring_regex(column, pattern), False)  # noqa: FBT003 - as above
    text = pc.utf8_trim_whitespace(pc.if_else(right, column, None))
    values = pc.fill_null(pc.utf8_ltrim(text, "+").cast(pa.float64()), np.nan)
    return values.to_numpy(zero_copy_only=False), np.asarray(pc.and_not(there, right))


def _read_each(column: Column, read: Callable[[str], T]) -> tuple[list[T | None], Flags]:
    """Read each text by a function that may raise some errors; empty ones are None."""
    faulty = np.zeros(len(column), bool)
    values: list[T | None] = []
    for at, text in enumerate(column.to_pylist()):
        value = None
        if text:
            try:
                value = read(text)
            except (ValueError, LookupError, OverflowError):
                faulty[at] = True
        values.append(value)
    return values, faulty


def _whole(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text.partition(".")[0])


def _moment(text: str) -> int:
    moment = datetime.fromisoformat(text.strip())
    since = to_microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    if abs(since) > MOST_MICROSECONDS:
        raise ValueError(text)
    return since
