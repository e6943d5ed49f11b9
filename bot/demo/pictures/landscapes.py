"""Mountains, seas, skies and cities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from bot.demo.pictures.canvas import (
    Colour,
    Point,
    blend,
    bloom,
    disc,
    glow,
    large,
    ramp,
    reduced,
    rgb,
    sky,
    tinted,
)


def ridge(random: Random, width: int, level: float, height: float) -> list[Point]:
    """Return a mountain line across `width` pixels, by halving spans at random offsets."""
    line = [level + random.uniform(-0.4, 0.4) * height for _ in range(3)]
    swing = height
    while len(line) < width / 4:
        swing *= 0.54
        longer = [line[0]]
        for left, right in pairwise(line):
            longer += [(left + right) / 2 + random.uniform(-0.5, 0.5) * swing, right]
        line = longer
    step = width / (len(line) - 1)
    return [(index * step, y) for index, y in enumerate(line)]


def stars(draw: ImageDraw.ImageDraw, random: Random, size: tuple[int, int], count: int) -> None:
    """Draw `count` stars over the upper part of the picture."""
    for _ in range(count):
        place = (random.uniform(0, size[0]), random.uniform(0, size[1]) ** 1.0)
        shade = random.randint(120, 255)
        disc(draw, place, random.choice((0.8, 0.8, 1.2, 2.0)), (shade, shade, 255))


def mountains(
    size: tuple[int, int],
    random: Random,
    air: Sequence[str],
    far: str,
    near: str,
    *,
    light: tuple[str, float],
) -> Image.Image:
    """Draw layered mountains; `light` is the colour of sun or moon and its height (0-1)."""
    full = large(size)
    width, height = full
    picture = sky(full, air)
    centre = (width * random.uniform(0.25, 0.75), height * light[1])
    picture = glow(picture, centre, height * 0.55, blend(rgb(light[0]), (0, 0, 0), 0.45))
    draw = ImageDraw.Draw(picture)
    if sum(rgb(air[0])) < 170:
        stars(draw, random, (width, round(height * 0.55)), 260)
    disc(draw, centre, height * 0.052, rgb(light[0]))
    layers = 6
    for layer in range(layers):
        share = layer / (layers - 1)
        line = ridge(random, width, height * (0.5 + 0.42 * share), height * (0.30 - 0.13 * share))
        colour = blend(rgb(far), rgb(near), share**1.15)
        draw.polygon([*line, (width, height), (0, height)], fill=colour)
    return reduced(picture)


def sea(
    size: tuple[int, int], random: Random, air: Sequence[str], water: Sequence[str], light: str
) -> Image.Image:
    """Draw a low sun or moon over water that glitters below it."""
    full = large(size)
    width, height = full
    horizon = round(height * 0.56)
    picture = sky(full, air)
    centre = (width * random.uniform(0.38, 0.62), horizon - height * 0.10)
    picture = glow(picture, centre, height * 0.6, blend(rgb(light), (0, 0, 0), 0.35))
    draw = ImageDraw.Draw(picture)
    disc(draw, centre, height * 0.085, rgb(light))
    for _ in range(7):
        x, y = random.uniform(0, width), random.uniform(0.08, 0.42) * height
        long = random.uniform(0.10, 0.26) * width
        colour = blend(rgb(air[-1]), rgb(light), 0.35)
        draw.rounded_rectangle((x - long, y, x + long, y + height * 0.008), 9, fill=colour)
    picture.paste(sky((width, height - horizon), water), (0, horizon))
    draw = ImageDraw.Draw(picture)
    y = float(horizon)
    while y < height:
        depth = (y - horizon) / (height - horizon)
        for _ in range(4):
            spread = (0.06 + 0.24 * depth) * width
            x = random.gauss(centre[0], spread * 0.55)
            long = random.uniform(0.15, 1.0) * spread * 0.5
            colour = blend(rgb(light), rgb(water[0]), min(1.0, abs(x - centre[0]) / (spread * 1.6)))
            draw.line((x - long, y, x + long, y), fill=colour, width=round(2 + 7 * depth))
        y += 5 + 17 * depth
    return reduced(picture)


def aurora(size: tuple[int, int], random: Random, colours: Sequence[str]) -> Image.Image:
    """Draw northern lights over black hills."""
    full = large(size)
    width, height = full
    picture = sky(full, ("#02030f", "#06122b", "#0b2440"))
    stars(ImageDraw.Draw(picture), random, (width, height), 420)
    for colour in colours:
        curtain = Image.new("RGB", full)
        draw = ImageDraw.Draw(curtain)
        phase, bend = random.uniform(0, 6), random.uniform(1.4, 2.6)
        base = random.uniform(0.34, 0.56) * height
        for x in range(0, width, 6):
            across = x / width * math.tau
            foot = base + height * 0.10 * math.sin(across * bend / 2 + phase)
            tall = height * (0.22 + 0.12 * math.sin(across * 2.7 + phase * 2))
            tone = 0.45 + 0.35 * math.sin(across * 9 + phase * 3) ** 2 + random.uniform(-0.1, 0.1)
            for part in range(12):
                shade = blend((0, 0, 0), rgb(colour), max(0.0, tone * (1 - part / 12) ** 1.6))
                top = foot - tall * (part + 1) / 12
                draw.rectangle((x, top, x + 6, foot - tall * part / 12), fill=shade)
        picture = ImageChops.screen(picture, curtain.filter(ImageFilter.GaussianBlur(9)))
    draw = ImageDraw.Draw(picture)
    for layer, name in enumerate(("#071a26", "#030b12")):
        line = ridge(random, width, height * (0.80 + 0.09 * layer), height * 0.14)
        draw.polygon([*line, (width, height), (0, height)], fill=rgb(name))
    return reduced(picture)


def _windows(
    draw: ImageDraw.ImageDraw, random: Random, box: tuple[int, int, int, int], lights: list[Colour]
) -> None:
    left, top, right, bottom = box
    for x in range(left + 14, right - 16, 24):
        for y in range(top + 20, bottom - 10, 32):
            if random.random() < 0.42:
                draw.rectangle((x, y, x + 11, y + 16), fill=random.choice(lights))


def city(
    size: tuple[int, int], random: Random, air: Sequence[str], lights: Sequence[str]
) -> Image.Image:
    """Draw towers with lit windows before an evening sky, mirrored in water."""
    full = large(size)
    width, height = full
    shore = round(height * 0.72)
    picture = sky((width, shore), air)
    draw = ImageDraw.Draw(picture)
    stars(draw, random, (width, round(shore * 0.5)), 120)
    for layer in range(3):
        x = -40
        while x < width:
            wide = random.randint(90, 210)
            top = round(shore * random.uniform(0.16 + 0.18 * layer, 0.62 + 0.12 * layer))
            draw.rectangle(
                (x, top, x + wide, shore), fill=blend(rgb(air[-1]), (8, 9, 20), 0.62 + 0.17 * layer)
            )
            if layer:
                _windows(draw, random, (x, top, x + wide, shore), [rgb(light) for light in lights])
            x += wide + random.randint(-20, 40)
    whole = Image.new("RGB", full)
    whole.paste(picture, (0, 0))
    mirror = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).crop((0, 0, width, height - shore))
    mirror = mirror.resize((width // 3, (height - shore) // 14)).resize((width, height - shore))
    whole.paste(mirror.point([round(v * 0.62) for v in range(256)] * 3), (0, shore))
    return bloom(reduced(whole), 6, 0.5)


def planet(size: tuple[int, int], random: Random, bands: Sequence[str], ring: str) -> Image.Image:
    """Draw a striped planet with a ring, among stars."""
    full = large(size)
    width, height = full
    picture = sky(full, ("#05030f", "#0c0a24", "#1a1038"))
    stars(ImageDraw.Draw(picture), random, full, 500)
    radius = round(min(full) * 0.27)
    shades = ramp(bands, 24)
    stripes = Image.new("RGB", (1, 24))
    stripes.putdata([random.choice(shades) for _ in shades])
    body = stripes.resize((radius * 2, radius * 2), Image.Resampling.BICUBIC)
    shadow = Image.radial_gradient("L").resize((radius * 4, radius * 4))
    shadow = shadow.crop(
        (
            radius // 2 * 3,
            radius // 2 * 3,
            radius // 2 * 3 + radius * 2,
            radius // 2 * 3 + radius * 2,
        )
    )
    dark = shadow.point([max(0, round(255 - max(0, v - 20) * 2.1)) for v in range(256)])
    body = ImageChops.multiply(body, Image.merge("RGB", [dark] * 3))
    mask = Image.new("L", body.size)
    ImageDraw.Draw(mask).ellipse((0, 0, radius * 2 - 1, radius * 2 - 1), fill=255)
    hoop = Image.new("L", full)
    draw = ImageDraw.Draw(hoop)
    middle = (width // 2, height // 2)
    for step in range(40):
        reach = radius * (1.35 + 0.02 * step)
        shade = random.randint(30, 220)
        box = (
            middle[0] - reach,
            middle[1] - reach * 0.26,
            middle[0] + reach,
            middle[1] + reach * 0.26,
        )
        draw.ellipse(box, outline=shade, width=round(radius * 0.021))
    tilt = -18
    hoop = hoop.rotate(tilt, Image.Resampling.BICUBIC)
    paint = Image.new("RGB", full, rgb(ring))
    picture.paste(paint, (0, 0), hoop)
    picture.paste(
        body.rotate(tilt, Image.Resampling.BICUBIC), (middle[0] - radius, middle[1] - radius), mask
    )
    front = Image.new("L", full)
    front.paste(255, (0, height // 2, width, height))
    front = front.rotate(tilt, Image.Resampling.BICUBIC)
    picture.paste(paint, (0, 0), ImageChops.multiply(hoop, front))
    return reduced(picture)


def dunes(size: tuple[int, int], random: Random, colours: Sequence[str]) -> Image.Image:
    """Draw rows of dunes, each with a lit and a shaded side."""
    full = large(size)
    width, height = full
    picture = sky(full, ("#f7c59f", "#ffdfb9", "#fff1d6"))
    shades = ramp(colours, 7)
    for layer, shade in enumerate(shades):
        level = height * (0.42 + 0.085 * layer)
        phase, waves = random.uniform(0, 6), random.uniform(0.6, 1.3)
        line: list[Point] = [
            (x, level + height * 0.055 * math.sin(x / width * math.tau * waves + phase))
            for x in range(0, width + 8, 8)
        ]
        mask = Image.new("L", full)
        ImageDraw.Draw(mask).polygon([*line, (width, height), (0, height)], fill=255)
        body = tinted(
            Image.linear_gradient("L").resize(full).rotate(random.choice((0, 180))),
            tuple(
                "#{:02x}{:02x}{:02x}".format(*c) for c in (blend(shade, (70, 20, 40), 0.35), shade)
            ),
        )
        picture.paste(body, (0, 0), mask)
    return reduced(picture)
