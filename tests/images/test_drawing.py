from __future__ import annotations

import string
from io import BytesIO

import pytest
from PIL import Image, ImageFont

from bot.images.drawing import GROUND, INK, Sheet

LETTERS = string.ascii_letters + string.digits + "äöüÄÖÜßéàñçøåœłšžØ±·%“”„€\u2013\u2026"


def rendered(sheet: Sheet, text: str, *, bold: bool = False) -> bytes:
    font = sheet._font(40, bold=bold)  # noqa: SLF001 - which letters it has is seen nowhere else
    assert isinstance(font, ImageFont.FreeTypeFont)
    return bytes(font.getmask(text))


@pytest.mark.parametrize("bold", [False, True])
def test_the_fonts_have_every_letter_of_our_languages(bold: bool) -> None:  # noqa: FBT001 - a parameter
    sheet = Sheet(10, 10)
    missing = rendered(sheet, "\N{CJK UNIFIED IDEOGRAPH-4E00}", bold=bold)
    assert [letter for letter in LETTERS if rendered(sheet, letter, bold=bold) == missing] == []


def test_a_line_that_is_too_long_gets_smaller_and_one_that_fits_stays() -> None:
    sheet = Sheet(10, 10)
    assert sheet.fitting("short", 500, size=30) == 30
    size = sheet.fitting("a rather long line of text", 100, size=30)
    assert size < 30
    assert sheet.width("a rather long line of text", size=size) == pytest.approx(100, rel=0.05)


def test_edges_are_smooth() -> None:
    sheet = Sheet(60, 60)
    sheet.disc((30, 30), 20, INK)
    picture = Image.open(BytesIO(sheet.png())).convert("L")
    assert picture.size == (60, 60)
    shades = {shade for _, shade in picture.getcolors() or []}
    assert len(shades) > 4


def test_nothing_is_drawn_but_what_was_asked_for() -> None:
    picture = Image.open(BytesIO(Sheet(7, 5).png())).convert("RGB")
    assert picture.getcolors() == [(35, Image.new("RGB", (1, 1), GROUND).getpixel((0, 0)))]
    tiny = Sheet(40, 40)
    for box in ((0.0, 0.0, 0.5, 0.5), (5.0, 5.0, 9.0, 5.0)):
        tiny.bar(box, INK)
    assert tiny.png()
