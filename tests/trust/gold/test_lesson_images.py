from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.trust.gold.judging import ends_of
from bot.trust.gold.lesson_images import choose
from storage.gold_images import GoldImage, Ranges
from tests.rating.world import NOON

FINE: Ranges = {"aesthetic": (8, 10), "artifacts": (0, 1)}
POOR: Ranges = {"aesthetic": (1, 3), "artifacts": (0, 1)}
RUINED: Ranges = {"artifacts": (4, 5)}
MIDDLING: Ranges = {"aesthetic": (4, 7)}
SOME = st.lists(st.sampled_from([FINE, POOR, RUINED, MIDDLING]), max_size=40)


def gold(*ranges: Ranges) -> list[GoldImage]:
    """Return gold images with numbers from 0 on."""
    return [
        GoldImage(number, "accepted", each, None, NOON, NOON, None)
        for number, each in enumerate(ranges)
    ]


def test_both_ends_of_both_scales_are_there() -> None:
    found = gold(*[FINE] * 20, *[POOR] * 3, *[RUINED] * 2, *[MIDDLING] * 9)
    chosen = choose(found, 10)
    assert len(chosen) == 10
    had = Counter(end for each in found if each.image_id in chosen for end in ends_of(each.ranges))
    assert had["aesthetic", "low"] == 3
    assert had["artifacts", "high"] == 2
    assert had["aesthetic", "high"] == 5


def test_the_first_of_each_end_are_taken() -> None:
    found = gold(MIDDLING, FINE, FINE, FINE, POOR, POOR, RUINED, RUINED)
    assert choose(found, 4) == {4, 1, 2, 6}
    assert choose(found, 3) == {4, 1, 2}
    assert choose(found, 0) == frozenset()


def test_unclear_ones_are_taken_where_there_is_nothing_else() -> None:
    assert choose(gold(MIDDLING, MIDDLING, POOR), 2) == {2, 0}
    assert choose([], 10) == frozenset()


@given(SOME, st.integers(0, 20))
def test_there_are_as_many_as_are_wanted_or_all(ranges: list[Ranges], number: int) -> None:
    assert len(choose(gold(*ranges), number)) == min(number, len(ranges))


@given(SOME, SOME)
def test_what_comes_later_changes_no_choice_in_which_each_end_has_its_share(
    ranges: list[Ranges], later: list[Ranges]
) -> None:
    first = [FINE, FINE, FINE, FINE, FINE, POOR, POOR, POOR, RUINED, RUINED, RUINED, *ranges]
    assert choose(gold(*first, *later), 10) == choose(gold(*first), 10)
