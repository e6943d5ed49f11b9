"""Pictures that we draw: a sheet of paper, words and shapes with smooth edges, a PNG.

A sheet has a dark ground of its own, so that it reads alike in Discord's dark and light mode. What
is drawn is the same, byte for byte, wherever this version of Pillow draws it.

The fonts are Noto Sans of The Noto Project Authors under the SIL Open Font License, cut down to the
letters of Latin scripts: Pillow's own font has none but those of English.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

GROUND: Final = "#23242b"
PANEL: Final = "#2d2f38"
LINE: Final = "#454855"
INK: Final = "#f4f5f8"
FAINT: Final = "#b9bcc8"
WARNING: Final = "#f7c948"

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_SCALE: Final = 2
"""Drawn so many times too large and reduced, which smooths the edges."""

_FONTS: Final = {False: "NotoSans-Regular.ttf", True: "NotoSans-SemiBold.ttf"}


class Sheet:
    """A picture that is being drawn; places and sizes are in its own pixels."""

    def __init__(self, width: int, height: int) -> None:
        self._picture = Image.new("RGB", (width * _SCALE, height * _SCALE), GROUND)
        self._draw = ImageDraw.Draw(self._picture)
        self._fonts: dict[tuple[float, bool], ImageFont.FreeTypeFont] = {}

    def text(
        self,
        at: Point,
        text: str,
        *,
        size: float,
        colour: str = INK,
        anchor: str = "ls",
        bold: bool = False,
    ) -> None:
        """Write one line; `anchor` is Pillow's: l, m or r with a, m or s, its baseline."""
        place = at[0] * _SCALE, at[1] * _SCALE
        self._draw.text(place, text, colour, self._font(size, bold=bold), anchor=anchor)

    def width(self, text: str, *, size: float, bold: bool = False) -> float:
        """Return how wide a line is."""
        return self._font(size, bold=bold).getlength(text) / _SCALE

    def fitting(self, text: str, room: float, *, size: float, bold: bool = False) -> float:
        """Return the largest size up to `size` at which a line fits into `room`."""
        wide = self.width(text, size=size, bold=bold)
        return size if wide <= room else size * room / wide

    def line(self, points: Sequence[Point], colour: str = LINE, width: float = 2) -> None:
        """Draw through the points, which are joined roundly."""
        path = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._draw.line(path, colour, round(width * _SCALE), joint="curve")

    def disc(self, centre: Point, radius: float, colour: str) -> None:
        """Draw a filled circle."""
        x, y = centre
        self._draw.ellipse(_scaled((x - radius, y - radius, x + radius, y + radius)), colour)

    def box(self, box: Box, colour: str = PANEL, *, radius: float = 14) -> None:
        """Draw a filled box with round corners."""
        self._draw.rounded_rectangle(_scaled(box), radius * _SCALE, colour)

    def bar(self, box: Box, colour: str) -> None:
        """Draw a bar of a chart: its upper corners are round."""
        left, top, right, bottom = box
        radius = max(0, min(6, (bottom - top) / 2, (right - left) / 2)) * _SCALE
        self._draw.rounded_rectangle(
            _scaled(box), radius, colour, corners=(True, True, False, False)
        )

    def png(self) -> bytes:
        """Return the picture as a file."""
        file = BytesIO()
        self._picture.reduce(_SCALE).save(file, "PNG")
        return file.getvalue()

    def _font(self, size: float, *, bold: bool) -> ImageFont.FreeTypeFont:
        key = size, bold
        if key not in self._fonts:
            data = files("bot.images").joinpath("fonts", _FONTS[bold]).read_bytes()
            self._fonts[key] = ImageFont.truetype(
                BytesIO(data), size * _SCALE, layout_engine=ImageFont.Layout.BASIC
            )
        return self._fonts[key]


def _scaled(box: Box) -> Box:
    left, top, right, bottom = (edge * _SCALE for edge in box)
    return left, top, right, bottom
