from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.imports.votes.occurrences import Occurrences, hashed

BATCHES = st.lists(st.lists(st.integers(0, 12), max_size=9), max_size=12)


@given(BATCHES)
def test_equal_rows_are_numbered_across_batches(batches: list[list[int]]) -> None:
    occurrences, seen = Occurrences(), Counter[int]()
    for batch in batches:
        expected = []
        for value in batch:
            expected.append(seen[value])
            seen[value] += 1
        assert occurrences.number(np.array(batch, np.uint64)).tolist() == expected


def test_rows_that_differ_in_any_column_have_other_hashes() -> None:
    columns = np.meshgrid(*[np.arange(30, dtype=np.uint64)] * 3)
    hashes = hashed(*(column.ravel() for column in columns))
    assert len(np.unique(hashes)) == 30**3
