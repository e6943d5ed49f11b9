"""Fractals and strange attractors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

from PIL import Image, ImageMath

from bot.demo.pictures.canvas import bloom, tinted, vignette

ESCAPE = 64.0
"""Squared distance at which a point counts as gone; large enough for smooth bands."""
FAR = 1e3
"""Where coordinates stop growing, so that their squares stay finite."""


def _axes(size: tuple[int, int], centre: complex, height: float) -> tuple[Image.Image, Image.Image]:
    """Return each pixel's real and imaginary part, as pictures of floats."""
    width = height * size[0] / size[1]
    columns, rows = Image.new("F", (size[0], 1)), Image.new("F", (1, size[1]))
    columns.putdata([centre.real + (x / size[0] - 0.5) * width for x in range(size[0])])
    rows.putdata([centre.imag + (y / size[1] - 0.5) * height for y in range(size[1])])
    nearest = Image.Resampling.NEAREST
    return columns.resize(size, nearest), rows.resize(size, nearest)


def _near(a: dict[str, Any], value: Any) -> Any:  # noqa: ANN401 - ImageMath's operands are untyped
    return a["max"](a["min"](value, FAR), -FAR)


def _escape(z: tuple[Image.Image, Image.Image], c: complex | None, rounds: int) -> Image.Image:
    """Return how long each point stays under z*z + c, as shades 0-255; None: c is the point."""
    real, imaginary = z
    plus: tuple[Any, Any] = z if c is None else (c.real, c.imag)
    shades = Image.new("F", real.size)
    for _ in range(rounds):
        # A weight that fades to nothing at the edge, not a count: the bands come out smooth.
        shades = ImageMath.lambda_eval(
            lambda a: a["s"] + a["max"](1.0 - (a["r"] * a["r"] + a["i"] * a["i"]) / ESCAPE, 0.0),
            s=shades,
            r=real,
            i=imaginary,
        )
        squared = ImageMath.lambda_eval(
            lambda a: _near(a, a["r"] * a["r"] - a["i"] * a["i"] + a["c"]),
            r=real,
            i=imaginary,
            c=plus[0],
        )
        imaginary = ImageMath.lambda_eval(
            lambda a: _near(a, a["r"] * a["i"] * 2.0 + a["c"]), r=real, i=imaginary, c=plus[1]
        )
        real = squared
    scale = 255.0 / rounds
    result: Image.Image = ImageMath.lambda_eval(
        lambda a: a["convert"](a["s"] * scale, "L"), s=shades
    )
    return result


def _stretched(shades: Image.Image, gamma: float) -> Image.Image:
    """Return the shades spread over the whole range, bent by `gamma`."""
    low, high = (int(edge) for edge in shades.getextrema())  # type: ignore[arg-type] # mode L
    span = max(1, high - low)
    return shades.point(
        [round(255 * (min(max(v - low, 0), span) / span) ** gamma) for v in range(256)]
    )


def julia(size: tuple[int, int], random: Random, c: complex, colours: Sequence[str]) -> Image.Image:
    """Draw the Julia set of `c`, slightly moved by `random`."""
    centre = complex(random.uniform(-0.05, 0.05), random.uniform(-0.05, 0.05))
    shades = _escape(_axes(size, centre, 2.5), c, 72)
    return vignette(tinted(_stretched(shades, 0.55), colours), 0.35)


def mandelbrot(
    size: tuple[int, int], random: Random, centre: complex, height: float, colours: Sequence[str]
) -> Image.Image:
    """Draw the Mandelbrot set around `centre`; `height` is the visible part of the plane."""
    zoom = height * random.uniform(0.97, 1.03)
    shades = _escape(_axes(size, centre, zoom), None, 110)
    return vignette(tinted(_stretched(shades, 0.5), colours), 0.35)


def attractor(
    size: tuple[int, int],
    random: Random,
    shape: tuple[float, float, float, float],
    colours: Sequence[str],
) -> Image.Image:
    """Draw where the points of Clifford's attractor gather."""
    a, b, c, d = shape
    width, height = size
    counts = [0] * (width * height)
    x, y = random.random(), random.random()
    unit = min(size) * 0.47 / (1 + max(abs(c), abs(d)))
    for _ in range(420_000):
        x, y = (
            math.sin(a * y) + c * math.cos(a * x),
            math.sin(b * x) + d * math.cos(b * y),
        )
        counts[int(height / 2 + y * unit) * width + int(width / 2 + x * unit)] += 1
    shades = Image.new("L", size)
    shades.putdata([min(255, round(62 * math.log1p(n * 1.4))) if n else 0 for n in counts])
    return bloom(tinted(shades, colours), 3)
