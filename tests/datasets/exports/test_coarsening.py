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


def test_times_become_whole_weeks_and_minutes() -> None:
    week = 7 * 86_400
    assert to_weeks(np.array([0, week - 1, week, 3 * week + 5])).tolist() == [0, 0, week, 3 * week]
    assert to_minutes(np.array([59_999_999, 60_000_000])).tolist() == [0, 60_000_000]
