"""The order of whole numbers is that of a stable sort, however long they are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.trust.scoring.ordering import ascending

NUMBERS = st.sampled_from([2, 2**16, 2**17, 2**40, 2**63]).flatmap(
    lambda most: st.lists(st.integers(0, most - 1), max_size=40)
)


@given(NUMBERS, st.integers(1, 3))
def test_numbers_ascend_and_equal_ones_keep_their_places(numbers: list[int], times: int) -> None:
    array = np.array(numbers * times, np.int64)
    assert ascending(array).tolist() == np.argsort(array, kind="stable").tolist()
