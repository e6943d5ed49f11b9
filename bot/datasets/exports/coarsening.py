"""What would tell a rater from others by comparison with the Horde's public list of users.

Numbers are rounded towards zero, so that nobody looks older or richer than they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]

MICROSECONDS_A_MINUTE = 60_000_000
SECONDS_A_WEEK = 7 * 86_400

_POWERS = 10 ** np.arange(19, dtype=np.int64)


def to_minutes(microseconds: Integers) -> Integers:
    """Return the beginnings of the minutes, in microseconds."""
    return microseconds // MICROSECONDS_A_MINUTE * MICROSECONDS_A_MINUTE


def to_weeks(seconds: Integers) -> Integers:
    """Return whole weeks, in seconds; `seconds` are 0 or more."""
    return seconds // SECONDS_A_WEEK * SECONDS_A_WEEK


def to_two_digits(numbers: Integers) -> Integers:
    """Return the numbers with two significant digits; those of up to two stay as they are."""
    sizes = np.abs(numbers)
    digits = np.searchsorted(_POWERS, sizes, side="right")
    units = _POWERS[np.maximum(digits - 2, 0)]
    rounded: Integers = np.sign(numbers) * (sizes // units * units)
    return rounded


def published(
    values: pa.Int64Array, coarsen: Callable[[Integers], Integers], *, exact: bool
) -> pa.Int64Array:
    """Return numbers as they may leave: coarsened, unless they may be `exact`; gaps stay."""
    if exact or values.null_count == len(values):
        return values
    numbers = pa.array(coarsen(pc.fill_null(values, 0).to_numpy()))
    return pc.if_else(pc.is_valid(values), numbers, None) if values.null_count else numbers
