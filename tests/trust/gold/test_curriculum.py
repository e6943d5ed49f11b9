from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.trust.gold.curriculum import choose
from bot.trust.gold.judging import ends_of
from storage.gold_images import GoldImage, Ranges
from storage.images import RANDOM_KEY_BITS
from storage.onboardings import Candidate
from tests.rating.world import NOON

HIGH: Ranges = {"aesthetic": (8, 10), "artifacts": (0, 1)}
LOW: Ranges = {"aesthetic": (1, 3), "artifacts": (0, 1)}
RUINED: Ranges = {"artifacts": (4, 5)}
MIDDLING: Ranges = {"aesthetic": (4, 7)}
KEYS = st.integers(0, 2**RANDOM_KEY_BITS - 1)


def candidate(number: int, ranges: Ranges, random_key: int | None = None) -> Candidate:
    gold = GoldImage(number, "accepted", ranges, None, NOON, NOON, None)
    return Candidate(gold, number if random_key is None else random_key)


def test_both_ends_of_both_scales_are_taught_in_turn() -> None:
    left = [
        candidate(number, ranges)
        for number, ranges in enumerate([HIGH] * 6 + [LOW] * 6 + [RUINED] * 6 + [MIDDLING] * 6)
    ]
    taught: list[Ranges] = []
    for _ in range(5):
        chosen = choose(left, taught, 0)
        assert chosen is not None
        left.remove(chosen)
        taught.append(chosen.gold.ranges)
    had = Counter(end for ranges in taught for end in ends_of(ranges))
    assert set(had) == {
        ("aesthetic", "high"),
        ("aesthetic", "low"),
        ("artifacts", "low"),
        ("artifacts", "high"),
    }
    assert max(had.values()) - min(had.values()) <= 2
    assert MIDDLING not in taught


def test_unclear_images_teach_where_there_is_nothing_else() -> None:
    only = candidate(1, MIDDLING)
    assert choose([only], [], 0) == only
    assert choose([], [HIGH], 0) is None


@given(st.lists(KEYS, min_size=1, max_size=8, unique=True), KEYS)
def test_among_equals_the_first_from_the_start_on_is_met(keys: list[int], start: int) -> None:
    found = choose([candidate(n, HIGH, key) for n, key in enumerate(keys)], [], start)
    assert found is not None
    behind = [key for key in keys if key >= start]
    assert found.random_key == min(behind or keys)
