"""Which gold images teach a new rater: pure rules over what there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from bot.trust.gold.judging import End, ends_of
from storage.gold_images import Ranges
from storage.images import RANDOM_KEY_BITS
from storage.onboardings import Candidate

NEWCOMER: Final = 20
"""Votes below which somebody is new. Most first presses are on public posts, so a private session
is rarely what a rater begins with; and below 20 votes nothing is held against anybody."""

_ROUND: Final = 2**RANDOM_KEY_BITS


def choose(
    candidates: Sequence[Candidate], taught: Iterable[Ranges], start: int
) -> Candidate | None:
    """Return the next lesson: a clear image whose ends were taught least, None without any.

    Among equals the first from the random key `start` on.
    """
    had = Counter(end for ranges in taught for end in ends_of(ranges))

    def rank(candidate: Candidate) -> tuple[bool, float, int]:
        ends = ends_of(candidate.gold.ranges)
        return (
            not ends,
            _share_had(had, ends),
            (candidate.random_key - start) % _ROUND,
        )

    return min(candidates, key=rank, default=None)


def _share_had(had: Counter[tuple[str, End]], ends: frozenset[tuple[str, End]]) -> float:
    """Return how often the ends of an image were taught, on average."""
    return sum(had[end] for end in ends) / len(ends) if ends else 0
