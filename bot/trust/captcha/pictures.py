"""Captchas to read: bent characters in a picture, by the library `captcha`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from captcha.image import ImageCaptcha

from bot.trust.captcha.answers import PICTURE_ALPHABET
from bot.trust.captcha.challenges import Made

LENGTH: Final = 5
WIDTH, HEIGHT = 420, 120
"""Pixels: wide enough for nearly every text with its spaces, for what is wider is cut."""
FONT_SIZES: Final = (72, 80, 88)
DARKEST, LIGHTEST = 40, 120
"""Of each colour of the characters, 0 to 255: the background is near white."""


class LegibleCaptcha(ImageCaptcha):
    """The library's picture, bent and crowded less: people are to read it at the first try."""

    character_rotate = (-18, 18)
    character_warp_dx = (0.05, 0.2)
    character_warp_dy = (0.1, 0.25)
    word_space_probability = 0.85
    word_offset_dx = 0.0

    def __init__(self, fonts: Sequence[Path] | None) -> None:
        files = None if fonts is None else [str(font) for font in fonts]
        super().__init__(WIDTH, HEIGHT, files, FONT_SIZES)
        # Opacity by luminance: the library would draw dark colours pale.
        self.lookup_table = [min(luminance * 8, 255) for luminance in range(256)]


class PictureMaker:
    """Draws captchas; the characters and their colour come from `random`, their bends do not."""

    def __init__(self, random: Random, fonts: Sequence[Path] | None = None) -> None:
        self._random = random
        self._captcha = LegibleCaptcha(fonts)

    def make(self, language: str) -> Made:
        """Draw one, the same for every language; raises OSError without its font."""
        del language
        text = self._text()
        red, green, blue = (self._random.randint(DARKEST, LIGHTEST) for _ in range(3))
        picture = self._captcha.generate(text, fg_color=(red, green, blue, 255))
        return Made(text, data=picture.getvalue())

    def _text(self) -> str:
        """Choose the characters; twice the same side by side would run into each other."""
        text = self._random.choice(PICTURE_ALPHABET)
        while len(text) < LENGTH:
            text += self._random.choice(PICTURE_ALPHABET.replace(text[-1], ""))
        return text
