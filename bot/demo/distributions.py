"""A picture of how the scores are distributed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bot.demo.pictures.canvas import Colour, blend, large, rgb
from bot.rating.scales import SCALES

SIZE = (1200, 560)
GROUND = rgb("#1e1f26")
PANEL = rgb("#2b2d38")
INK = rgb("#f2f3f5")
FAINT = rgb("#9a9daa")
COLOURS = {"aesthetic": ("#4752c4", "#8ea1ff"), "artifacts": ("#3ba55d", "#ed4245")}
"""The first and the last bar of each scale; flaws go from green to red."""

Counts = Mapping[int, int]


def draw_distributions(counts: Mapping[str, Counts], titles: Mapping[str, str], path: Path) -> None:
    """Write a PNG with one chart a scale: `counts` of each value, below its title."""
    picture = Image.new("RGB", large(SIZE), GROUND)
    draw = ImageDraw.Draw(picture)
    gap, top = 48, 48
    values = sum(len(scale.values) for scale in SCALES.values())
    room = picture.width - gap * (len(SCALES) + 1)
    left = float(gap)
    for scale in SCALES.values():
        width = room * len(scale.values) / values
        box = (left, float(top), left + width, picture.height - float(top))
        draw.rounded_rectangle(box, 36, fill=PANEL)
        shares = {value: counts.get(scale.name, {}).get(value, 0) for value in scale.values}
        _chart(draw, box, shares, titles[scale.name], COLOURS[scale.name])
        left += width + gap
    picture.resize(SIZE, Image.Resampling.LANCZOS).save(path, "PNG")


def _chart(
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    counts: Counts,
    title: str,
    colours: tuple[str, str],
) -> None:
    left, top, right, bottom = box
    total = sum(counts.values())
    mean = sum(value * count for value, count in counts.items()) / total if total else 0.0
    heading, body = ImageFont.load_default(54), ImageFont.load_default(38)
    draw.text((left + 48, top + 36), title, INK, heading)
    note = f"{total} scores, mean {mean:.2f}" if total else "no scores yet"
    draw.text((left + 48, top + 108), note, FAINT, body)
    floor, ceiling = bottom - 110, top + 240
    highest = max(*counts.values(), 1)
    slot = (right - left - 72) / len(counts)
    for index, (value, count) in enumerate(counts.items()):
        middle = left + 36 + slot * (index + 0.5)
        colour: Colour = blend(rgb(colours[0]), rgb(colours[1]), index / (len(counts) - 1))
        height = (floor - ceiling) * count / highest
        edge = slot * 0.36
        bar = (middle - edge, floor - max(height, 6), middle + edge, floor)
        draw.rounded_rectangle(bar, 14, fill=colour if count else blend(PANEL, FAINT, 0.25))
        if count:
            draw.text((middle, floor - height - 14), str(count), INK, body, anchor="ms")
        draw.text((middle, floor + 24), str(value), FAINT, body, anchor="mt")
