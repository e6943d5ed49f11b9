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

MICROSECONDS_A_SECOND = 1_000_000
MICROSECONDS_A_MINUTE = 60_000_000
SECONDS_A_WEEK = 7 * 86_400

_POWERS = 10 ** np.arange(19, dtype=np.int64)


def to_minutes(microseconds: Integers) -> Integers:
    """Return the beginnings of the minutes, in microseconds."""
    return microseconds // MICROSECONDS_A_MINUTE * MICROSECONDS_A_MINUTE


def to_weeks(ages: Integers, *, moments: Integers) -> Integers:
    """Return ages in seconds, at moments in microseconds, as whole weeks in seconds.

    What is counted are weeks of the calendar, from Thursday 0:00 UTC as 1970 began: those between
    the one in which the account was made and that of the moment. So an account gets one week in
    which it was made, of which all of its rows tell the same, and no number of them tells more.
    """
    seconds = moments // MICROSECONDS_A_SECOND
    first_whole = -((ages - seconds) // SECONDS_A_WEEK)
    return np.maximum(seconds // SECONDS_A_WEEK - first_whole, 0) * SECONDS_A_WEEK


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
