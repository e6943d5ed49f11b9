"""The picture of a rater: the same for the same figures, and legible whatever they are."""

from __future__ import annotations

from collections import Counter
from io import BytesIO

import pytest
from hypothesis import given, settings
from PIL import Image, ImageColor

from bot.images.drawing import WARNING
from bot.rating.scales import AESTHETIC, ARTIFACTS
from bot.texts import LANGUAGES, Texts
from bot.trust.dossier import Dossier
from bot.trust.dossier_picture import (
    COLOURS,
    HEIGHT,
    OUTLINE,
    WIDTH,
    Words,
    describe,
    draw,
    headlines,
    mean,
    shares,
)
from tests.trust.dossiers import ANY, HONEST, NOTHING, SPAMMER

TEXTS = Texts.load()
ENGLISH, GERMAN = (Words(TEXTS, language) for language in ("en", "de"))
ALT_TEXT = 1024
"""Characters of an alt text that Discord takes."""


def colours(dossier: Dossier, words: Words = ENGLISH) -> dict[str, int]:
    """Return how many pixels of each colour the picture has."""
    data = Image.open(BytesIO(draw(dossier, words))).convert("RGB").tobytes()
    pixels = Counter(zip(*[iter(data)] * 3, strict=True))
    wanted = (*COLOURS.values(), OUTLINE, WARNING)
    found = {name: pixels[ImageColor.getrgb(name)] for name in wanted}
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize("dossier", [NOTHING, HONEST, SPAMMER])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_figures_make_the_same_picture(dossier: Dossier, language: str) -> None:
    words = Words(TEXTS, language)
    first = draw(dossier, words)
    assert first == draw(dossier, words)
    picture = Image.open(BytesIO(first))
    assert (picture.format, picture.size) == ("PNG", (WIDTH, HEIGHT))
    assert len(first) < 200_000


def test_bars_and_outline_are_there_where_there_is_something_to_show() -> None:
    assert set(colours(NOTHING)) == set()
    honest = colours(HONEST)
    assert all(honest[colour] > 5_000 for colour in COLOURS.values())
    assert honest[OUTLINE] > 2_000
    assert WARNING not in honest
    assert colours(SPAMMER)[WARNING] > 500


def test_each_language_has_a_picture_of_its_own() -> None:
    assert draw(HONEST, ENGLISH) != draw(HONEST, GERMAN)
    assert [one.figure for one in headlines(HONEST, GERMAN)] == ["500", "0,71", "93 %", "4,2 s"]
    assert [one.figure for one in headlines(SPAMMER, ENGLISH)] == ["1200", "0.02", "1 %", "0.8 s"]


def test_what_is_out_of_the_ordinary_stands_out() -> None:
    assert [one.striking for one in headlines(HONEST, ENGLISH)] == [False] * 4
    assert [one.striking for one in headlines(SPAMMER, ENGLISH)] == [False, True, True, True]
    assert [one.striking for one in headlines(NOTHING, ENGLISH)] == [False] * 4


def test_the_alt_text_says_the_main_figures() -> None:
    assert describe(HONEST, ENGLISH) == (
        "Figures of this rater: ratings: 500; agreement: 0.71; reliability: 93 %; a rating: 4.2 s;"
        " Liking: mean 6.3, others 6.4; Flaws: mean 1.5, others 1.5; In the last 30 days: 500"
    )
    assert "Gefallen: Mittel 6,3, andere 6,4" in describe(HONEST, GERMAN)


def test_means_and_shares() -> None:
    assert mean({}) is None
    assert mean({1: 1, 4: 2}) == 3
    assert shares({}, ARTIFACTS) == [0] * 6
    assert shares({0: 3, 5: 1}, ARTIFACTS) == [0.75, 0, 0, 0, 0, 0.25]
    assert len(shares({}, AESTHETIC)) == 10


@settings(max_examples=30)
@given(dossier=ANY)
def test_any_figures_fit(dossier: Dossier) -> None:
    for words in (ENGLISH, GERMAN):
        assert Image.open(BytesIO(draw(dossier, words))).size == (WIDTH, HEIGHT)
        assert len(describe(dossier, words)) <= ALT_TEXT
