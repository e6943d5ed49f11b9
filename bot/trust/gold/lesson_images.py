"""Which gold images lessons are about: a few alone, for what was explained is known.

Whoever comes with many accounts learns the right scores of these few, and meets others as gold.
"""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Final

from bot.rating.scales import SCALES
from bot.trust.gold.judging import End, ends_of
from bot.trust.rules.controls import GoldFailures
from storage import gold_images
from storage.choosing import Seeker
from storage.gold_images import GoldImage

A_LESSON: Final = 2
"""Images a lesson: some may be out of sight by now, or known to the rater."""

ENOUGH: Final = GoldFailures().images
"""Other gold images, without which those of lessons are met as gold too: rules need so many."""

_IN_TURN: Final = tuple((scale, end) for scale in SCALES for end in ("low", "high"))


def of_data_set(connection: Connection, data_set_id: int, lessons: int) -> frozenset[int]:
    """Return the images of which so many lessons take theirs."""
    gold = [each for each, _ in gold_images.meetable(connection, data_set_id)]
    return choose(gold, A_LESSON * lessons)


def kept_from(connection: Connection, seeker: Seeker, lessons: int) -> frozenset[int]:
    """Return the images that nobody meets as gold here, as they are for lessons."""
    meetable = gold_images.meetable(connection, seeker.data_set_id)
    chosen = choose([each for each, _ in meetable], A_LESSON * lessons)
    here = {each.image_id for each, safe in meetable if safe or not seeker.safe_only}
    return chosen if len(here - chosen) >= ENOUGH else frozenset()


def choose(gold: Sequence[GoldImage], number: int) -> frozenset[int]:
    """Return so many images, or all: in turn the first that shows each end of each scale.

    In the order in which they come; those without a clear end are last. What comes later changes
    the choice no more, but where an end was shown by too few.
    """
    left: list[tuple[int, frozenset[tuple[str, End]]]] = [
        (each.image_id, ends_of(each.ranges)) for each in gold
    ]
    chosen: set[int] = set()
    while left and len(chosen) < number:
        before = len(chosen)
        for turn in _IN_TURN[: number - before]:
            place = next((n for n, (_, ends) in enumerate(left) if turn in ends), None)
            if place is not None:
                chosen.add(left.pop(place)[0])
        if len(chosen) == before:
            chosen.add(left.pop(0)[0])
    return frozenset(chosen)
