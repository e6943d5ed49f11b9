"""A picture of what a rater earned on each day of a month.

It has a dark ground of its own, so that it reads alike in Discord's dark and light mode, and
digits that are still legible when a phone shows it 400 pixels wide. Words stand beside it, not in
it: Pillow's own font has no letters but those of English.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from bot.rewards.status import Month

WIDTH: Final = 1000
HEIGHT: Final = 400
FILENAME: Final = "month.png"

_SCALE: Final = 2
"""Drawn so many times too large and reduced, which smooths the edges."""

_GROUND: Final = "#23242b"
_LINE: Final = "#3b3d48"
_STUB: Final = "#4a4d5a"
_FAINT: Final = "#b5b8c4"
_BAR: Final = "#7983f5"
_TODAY: Final = "#f7c948"

_LEFT, _RIGHT, _TOP, _FLOOR = 140, 964, 44, 312
"""The edges of the chart itself, in the picture's pixels."""

_DIGITS: Final = 44
"""Their height in the picture's pixels: 17 where the picture is 400 wide."""

_LONG: Final = 10_000
"""Numbers from here on would not fit beside the chart."""

_STEPS: Final = (1, 2, 4, 6, 8)
"""What a round number begins with; from 2 on its half is whole."""


def draw_month(month: Month) -> bytes:
    """Return a PNG of WIDTH x HEIGHT with a bar a day, today's in gold. Takes some 50 ms."""
    picture = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _GROUND)
    pen = _Pen(ImageDraw.Draw(picture))
    top = round_up(max(month.kudos, default=0))
    for value in (0, top // 2, top):
        height = _FLOOR - (_FLOOR - _TOP) * value / top
        pen.line((_LEFT, height), (_RIGHT, height))
        pen.text((_LEFT - 18, height), short(value), _FAINT, "rm")
    for bar in bars(month, top):
        pen.bar(bar)
        if bar.labelled:
            pen.text(
                ((bar.left + bar.right) / 2, _FLOOR + 20),
                str(bar.day),
                _TODAY if bar.colour == _TODAY else _FAINT,
                "ma",
            )
    reduced = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    file = BytesIO()
    reduced.save(file, "PNG", optimize=True)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, from `top` down to the chart's floor, in the picture's pixels."""

    day: int
    left: float
    right: float
    top: float
    colour: str
    labelled: bool


def bars(month: Month, most: int) -> Iterator[Bar]:
    """Give a bar for each day of the month; a day without kudos has a stub.

    The first day of each week of the month is labelled, and so is today where there is room.
    """
    slot = (_RIGHT - _LEFT) / month.days
    for day in range(1, month.days + 1):
        kudos = month.kudos[day - 1] if day <= len(month.kudos) else 0
        today = day == month.today.day
        near_today = abs(day - month.today.day) in {1, 2}
        yield Bar(
            day=day,
            left=_LEFT + slot * (day - 1) + 3,
            right=_LEFT + slot * day - 3,
            top=_FLOOR - max(4, (_FLOOR - _TOP) * kudos / most),
            colour=_TODAY if today else _BAR if kudos else _STUB,
            labelled=today or (day % 7 == 1 and not near_today),
        )


def round_up(most: int) -> int:
    """Return the least round number that is not below `most`, at least 2."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power >= max(most, 2):
                return step * power
        power *= 10


def short(value: int) -> str:
    """Return a round number with at most four characters below ten million."""
    return str(value) if value < _LONG else f"{value // 1000}k"


class _Pen:
    """Draws in the picture's pixels on the larger canvas."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def text(self, at: tuple[float, float], text: str, colour: str, anchor: str) -> None:
        font = ImageFont.load_default(_DIGITS * _SCALE)
        place = at[0] * _SCALE, at[1] * _SCALE
        self._draw.text(place, text, colour, font, anchor=anchor)

    def line(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        points = [(x * _SCALE, y * _SCALE) for x, y in (start, end)]
        self._draw.line(points, _LINE, 2 * _SCALE)

    def bar(self, bar: Bar) -> None:
        box = tuple(edge * _SCALE for edge in (bar.left, bar.top, bar.right, _FLOOR))
        radius = min(6, (_FLOOR - bar.top) / 2) * _SCALE
        self._draw.rounded_rectangle(box, radius, bar.colour, corners=(True, True, False, False))
