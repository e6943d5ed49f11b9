"""The crowd's pace: lively at first, and something is left for visitors."""

from __future__ import annotations

from datetime import timedelta

from bot.demo.crowd import VISITOR, is_left_to_visitors, slowness
from bot.demo.pictures.gallery import SAMPLES
from bot.demo.show import PACE_SECONDS

VOTES = 5
HALF_AN_HOUR = 30 * 60


def test_the_crowd_is_lively_and_leaves_pictures_for_half_an_hour() -> None:
    pictures = len(SAMPLES)
    spent, left = 0.0, pictures
    while spent < HALF_AN_HOUR:
        spent += VOTES * PACE_SECONDS * slowness(left, pictures)
        left -= 1
    assert slowness(pictures, pictures) == 1
    assert 5 <= left <= pictures / 2


def test_the_last_place_of_a_new_post_is_left_to_visitors() -> None:
    assert is_left_to_visitors(1, timedelta(0))
    assert not is_left_to_visitors(2, timedelta(0))
    assert not is_left_to_visitors(1, VISITOR)
