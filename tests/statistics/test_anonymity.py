"""What may be told of raters: nothing of fewer than five."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.statistics.anonymity import FEWEST, Band, coarse

LOWS = (1, 10, 100, 1000)


def bands(*raters: int) -> list[Band]:
    highs = [*(low - 1 for low in LOWS[1 : len(raters)]), None]
    rows = zip(LOWS, highs, raters, strict=False)
    return [Band(low, high, many) for low, high, many in rows]


def test_few_active_raters_are_told_with_the_less_active() -> None:
    assert coarse(bands(9, 7, 2)) == (Band(1, 9, 9), Band(10, None, 9))


def test_a_few_idle_raters_are_told_with_the_more_active() -> None:
    assert coarse(bands(3, 0, 8)) == (Band(1, None, 11),)


def test_empty_bands_stay() -> None:
    assert coarse(bands(5, 0, 5)) == tuple(bands(5, 0, 5))


def test_nothing_is_told_of_fewer_than_five() -> None:
    assert coarse(bands(2, 2, 0)) == ()
    assert coarse([]) == ()


@given(st.lists(st.integers(0, 12), min_size=1, max_size=4))
def test_nobody_is_lost_or_recognised(raters: list[int]) -> None:
    found = coarse(bands(*raters))
    assert sum(band.raters for band in found) == (sum(raters) if sum(raters) >= FEWEST else 0)
    assert not [band for band in found if 0 < band.raters < FEWEST]
    for below, above in pairwise(found):
        assert below.high is not None
        assert below.high + 1 == above.low
