"""Rounding of what could identify a rater."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.exports.coarsening import to_minutes, to_two_digits, to_weeks

numbers = st.lists(st.integers(-(2**62), 2**62), min_size=1)


def plainly(number: int) -> int:
    digits = str(abs(number))
    return int(digits[:2].ljust(len(digits), "0")) * (1 if number >= 0 else -1)


@given(numbers)
def test_two_digits_stay(values: list[int]) -> None:
    assert to_two_digits(np.array(values)).tolist() == list(map(plainly, values))


def test_small_numbers_stay_as_they_are() -> None:
    assert to_two_digits(np.arange(-99, 100)).tolist() == list(range(-99, 100))


def test_times_become_whole_minutes() -> None:
    assert to_minutes(np.array([59_999_999, 60_000_000])).tolist() == [0, 60_000_000]


WEEK = 7 * 86_400
MADE = 1_700_000_000
"""When an account was made: Tuesday, 2023-11-14 22:13:20 UTC."""
THURSDAY = MADE // WEEK * WEEK + WEEK
"""The first beginning of a week after that."""


def ages_told(made: int, moments: list[int]) -> list[int]:
    """Return the ages at moments in microseconds of an account made in that second."""
    ages = [moment // 1_000_000 - made for moment in moments]
    told: list[int] = to_weeks(np.array(ages), moments=np.array(moments)).tolist()
    return told


def test_weeks_are_those_of_the_calendar() -> None:
    moments = [MADE, THURSDAY, THURSDAY + WEEK - 1, THURSDAY + WEEK, THURSDAY + 9 * WEEK + 5]
    assert ages_told(MADE, [1_000_000 * moment for moment in moments]) == [
        0, 0, 0, WEEK, 9 * WEEK,
    ]  # fmt: skip
    assert ages_told(THURSDAY, [(THURSDAY + WEEK) * 1_000_000 - 1]) == [0]
    assert ages_told(THURSDAY, [(THURSDAY + WEEK) * 1_000_000]) == [WEEK]


AFTER = st.integers(2 * WEEK * 1_000_000, 10**16)
"""Microseconds after the begin of the week in which the account was made."""


@given(st.integers(1, 10_000), st.integers(1, WEEK), st.integers(1, WEEK), st.lists(AFTER))
def test_no_number_of_rows_tells_more_than_the_week(
    week: int, one: int, other: int, after: list[int]
) -> None:
    """Accounts of one week have the same rows, whenever their owners vote, and how often."""
    begin = week * WEEK
    moments = [begin * 1_000_000 + each for each in after]
    assert ages_told(begin + one, moments) == ages_told(begin + other, moments)


@given(st.integers(0, 2**32), st.integers(0, 2**50))
def test_nobody_looks_older_nor_two_weeks_younger(made: int, after: int) -> None:
    moment = made * 1_000_000 + after
    (age,) = ages_told(made, [moment])
    assert age % WEEK == 0
    assert age <= after // 1_000_000 < age + 2 * WEEK
