"""The bot's own picture."""

from __future__ import annotations

import io
import math

from PIL import ImageDraw

from bot.demo.pictures.canvas import large, reduced, rgb, sky

SIZE = (128, 128)


def draw_avatar() -> bytes:
    """Return a white star on indigo, as a PNG."""
    picture = sky(large(SIZE), ("#7480ff", "#4752c4", "#2d3385"))
    middle, reach = picture.width / 2, picture.width * 0.36
    corners = []
    for index in range(10):
        angle = math.pi * (index / 5 - 0.5)
        radius = reach * (0.45 if index % 2 else 1)
        corners.append((middle + math.cos(angle) * radius, middle + math.sin(angle) * radius))
    ImageDraw.Draw(picture).polygon(corners, fill=rgb("#ffffff"))
    data = io.BytesIO()
    reduced(picture).save(data, "PNG")
    return data.getvalue()
