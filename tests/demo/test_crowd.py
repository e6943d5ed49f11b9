"""The crowd's pace: lively at first, and something is left for who looks for half an hour."""

from __future__ import annotations

from bot.demo.crowd import slowness
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
