"""What all the painters share: colours, gradients, glow, supersampling."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]

SUPERSAMPLING = 2
"""Line art is drawn this many times too large and reduced, which smooths its edges."""


def rgb(name: str) -> Colour:
    """Return the colour that a `#rrggbb` string names."""
    red, green, blue = ImageColor.getrgb(name)[:3]
    return red, green, blue


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour `share` (0-1) of the way from `first` to `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def ramp(stops: Sequence[str], length: int = 256) -> list[Colour]:
    """Return `length` colours that pass evenly through all of `stops`."""
    colours = [rgb(stop) for stop in stops]
    spans = len(colours) - 1
    result = []
    for index in range(length):
        place = index / (length - 1) * spans
        left = min(int(place), spans - 1)
        result.append(blend(colours[left], colours[left + 1], place - left))
    return result


def tinted(shades: Image.Image, stops: Sequence[str]) -> Image.Image:
    """Return a grey picture (mode L) in the colours of `stops`, dark to light."""
    colours = ramp(stops)
    return Image.merge("RGB", [shades.point([c[band] for c in colours]) for band in range(3)])


def sky(size: tuple[int, int], stops: Sequence[str]) -> Image.Image:
    """Return a picture whose colours run from top to bottom."""
    return tinted(Image.linear_gradient("L").resize(size, Image.Resampling.BICUBIC), stops)


def large(size: tuple[int, int]) -> tuple[int, int]:
    """Return `size` as line art is drawn before it is reduced."""
    return size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING


def reduced(picture: Image.Image) -> Image.Image:
    """Return line art at its final size, with smooth edges."""
    return picture.reduce(SUPERSAMPLING)


def disc(draw: ImageDraw.ImageDraw, centre: Point, radius: float, colour: Colour | int) -> None:
    """Draw a filled circle."""
    x, y = centre
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def glow(picture: Image.Image, centre: Point, radius: float, colour: Colour) -> Image.Image:
    """Return the picture with soft light around `centre` that fades out at `radius`."""
    side = max(2, round(radius * 2))
    light = ImageChops.invert(Image.radial_gradient("L")).resize((side, side))
    falloff = [round(255 * max(0.0, (v - 75) / 180) ** 2) for v in range(256)]
    mask = Image.new("L", picture.size)
    mask.paste(light.point(falloff), (round(centre[0] - radius), round(centre[1] - radius)))
    tint = Image.merge("RGB", [mask.point([v * c // 255 for v in range(256)]) for c in colour])
    return ImageChops.screen(picture, tint)


def bloom(picture: Image.Image, radius: float, strength: float = 1.0) -> Image.Image:
    """Return the picture with its own light spilling `radius` pixels over its edges."""
    soft = picture.filter(ImageFilter.GaussianBlur(radius))
    if strength != 1.0:
        soft = soft.point([min(255, round(value * strength)) for value in range(256)] * 3)
    return ImageChops.screen(picture, soft)


def vignette(picture: Image.Image, depth: float = 0.5) -> Image.Image:
    """Return the picture with corners darkened by `depth` (0-1)."""
    shade = Image.radial_gradient("L").resize(picture.size, Image.Resampling.BICUBIC)
    table = [round(255 * (1 - depth * max(0.0, (v - 110) / 145) ** 1.5)) for v in range(256)]
    return ImageChops.multiply(picture, Image.merge("RGB", [shade.point(table)] * 3))
