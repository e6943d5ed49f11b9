from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import GoldRangeError
from bot.rating.scales import AESTHETIC, ARTIFACTS, SCALES, Scale
from bot.trust.gold.judging import around, end_of, ends_of, fit, judge, typed_range

ANY_SCALE = st.sampled_from(sorted(SCALES.values(), key=lambda scale: scale.name))


@pytest.mark.parametrize(
    ("scale", "expected", "right"),
    [
        (AESTHETIC, 8.5, (6, 10)),
        (AESTHETIC, 10, (7, 10)),
        (AESTHETIC, 1.9, (1, 4)),
        (ARTIFACTS, 0.2, (0, 1)),
        (ARTIFACTS, 4.5, (3, 5)),
    ],
)
def test_what_is_near_the_expected_score_is_right(
    scale: Scale, expected: float, right: tuple[int, int]
) -> None:
    assert around(scale, expected) == right


@given(ANY_SCALE, st.floats(0, 1), st.floats(0, 5))
def test_a_range_is_never_empty_and_never_off_the_scale(
    scale: Scale, share: float, tolerance: float
) -> None:
    expected = scale.low + share * (scale.high - scale.low)
    low, high = around(scale, expected, tolerance)
    assert scale.low <= low <= high <= scale.high
    nearest = [value for value in scale.values if abs(value - expected) <= 0.5]
    assert any(low <= value <= high for value in nearest)
    assert all(low <= value <= high for value in scale.values if abs(value - expected) <= tolerance)


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("9", (6, 10)),
        (" 8,5 ", (6, 10)),
        ("8.5", (6, 10)),
        ("7-10", (7, 10)),
        ("7 \u2013 10", (7, 10)),
        ("7 to 10", (7, 10)),
        ("7..10", (7, 10)),
        ("4-4", (4, 4)),
    ],
)
def test_scores_are_typed_as_people_write_them(typed: str, right: tuple[int, int]) -> None:
    assert typed_range(AESTHETIC, typed) == right


@pytest.mark.parametrize(
    "typed",
    ["", "good", "11", "0", "10-7", "0-5", "5-11", "8.5-9", "-3", "7-", "1e1", "٣", "9" * 40],
)
def test_what_is_no_score_is_refused_with_the_scale(typed: str) -> None:
    with pytest.raises(GoldRangeError) as refusal:
        typed_range(AESTHETIC, typed)
    assert refusal.value.values == {"low": 1, "high": 10}


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_range_or_refused(typed: str) -> None:
    try:
        low, high = typed_range(ARTIFACTS, typed)
    except GoldRangeError:
        return
    assert 0 <= low <= high <= 5


def test_only_scales_with_known_scores_are_asked() -> None:
    ranges = {"aesthetic": (7, 10)}
    assert judge(ranges, {"aesthetic": 7, "artifacts": 5}) == judge(ranges, {"aesthetic": 10})
    wrong = judge({**ranges, "artifacts": (0, 1)}, {"aesthetic": 6, "artifacts": 1})
    assert (wrong.asked, wrong.wrong) == (2, 1)
    assert judge(ranges, {"artifacts": 1}).asked == 0


def test_a_score_is_off_to_one_side() -> None:
    assert [fit((3, 5), score) for score in (2, 3, 5, 6)] == ["low", "fits", "fits", "high"]


def test_the_ends_of_a_scale_are_its_outer_thirds() -> None:
    assert [end_of(AESTHETIC, (s, s)) for s in (1, 4, 5, 6, 7, 10)] == [
        "low", "low", "middle", "middle", "high", "high",
    ]  # fmt: skip
    assert [end_of(ARTIFACTS, (s, s)) for s in range(6)] == [
        "low", "low", "middle", "middle", "high", "high",
    ]  # fmt: skip
    assert ends_of({"aesthetic": (8, 10), "artifacts": (2, 3)}) == {("aesthetic", "high")}
