"""Tilings, curves and plants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from PIL import Image, ImageDraw

from bot.demo.pictures.canvas import (
    Point,
    blend,
    bloom,
    disc,
    large,
    ramp,
    reduced,
    rgb,
    sky,
    vignette,
)


def harmonograph(
    size: tuple[int, int], random: Random, ground: str, colours: Sequence[str]
) -> Image.Image:
    """Draw the fading curve of two pendulums."""
    full = large(size)
    picture = Image.new("RGB", full, rgb(ground))
    draw = ImageDraw.Draw(picture)
    ratios = random.choice(((2, 3), (3, 4), (3, 5), (4, 5), (1, 2)))
    phases = [random.uniform(0, math.tau) for _ in range(4)]
    detune = random.uniform(0.002, 0.006)
    shades = ramp(colours, 400)
    reach = min(full) * 0.23
    last: Point | None = None
    for index in range(9000):
        t = index * 0.03
        fade = math.exp(-t * 0.006)
        x = math.sin(ratios[0] * t + phases[0]) + math.sin(ratios[1] * (1 + detune) * t + phases[1])
        y = math.sin(ratios[1] * t + phases[2]) + math.sin(ratios[0] * (1 - detune) * t + phases[3])
        point = (full[0] / 2 + x * reach * fade, full[1] / 2 + y * reach * fade)
        if last:
            draw.line((*last, *point), fill=shades[index * 400 // 9000], width=3)
        last = point
    return bloom(reduced(picture), 4, 0.7)


def sunflower(
    size: tuple[int, int], random: Random, ground: str, colours: Sequence[str]
) -> Image.Image:
    """Draw seeds at the golden angle."""
    full = large(size)
    picture = Image.new("RGB", full, rgb(ground))
    draw = ImageDraw.Draw(picture)
    golden = math.pi * (3 - math.sqrt(5))
    turn = random.uniform(0, math.tau)
    count = 900
    shades = ramp(colours, count)
    reach = min(full) * 0.475
    for index in range(count, 0, -1):
        share = math.sqrt(index / count)
        angle = index * golden + turn
        centre = (
            full[0] / 2 + math.cos(angle) * reach * share,
            full[1] / 2 + math.sin(angle) * reach * share,
        )
        disc(draw, centre, 5 + 21 * share, shades[index - 1])
        disc(
            draw,
            (centre[0] - 2, centre[1] - 3),
            2 + 8 * share,
            blend(shades[index - 1], (255, 255, 255), 0.28),
        )
    return vignette(reduced(picture), 0.4)


def truchet(
    size: tuple[int, int], random: Random, ground: str, colours: Sequence[str]
) -> Image.Image:
    """Draw quarter arcs that join into endless ribbons."""
    full = large(size)
    tile = full[0] // 8
    picture = Image.new("RGB", full, rgb(ground))
    draw = ImageDraw.Draw(picture)
    shades = ramp(colours, 16)
    for row in range(math.ceil(full[1] / tile)):
        for column in range(8):
            left, top = column * tile, row * tile
            colour = shades[(row + column) % 16]
            corners = ((0, 0), (1, 1)) if random.random() < 0.5 else ((1, 0), (0, 1))
            for x, y in corners:
                middle = (left + x * tile, top + y * tile)
                start = {(0, 0): 0, (1, 0): 90, (1, 1): 180, (0, 1): 270}[x, y]
                for reach, paint in (
                    (0.66, blend(colour, (0, 0, 0), 0.45)),
                    (0.62, colour),
                    (0.46, blend(colour, (255, 255, 255), 0.4)),
                    (0.40, rgb(ground)),
                ):
                    radius = tile * reach
                    box = (
                        middle[0] - radius,
                        middle[1] - radius,
                        middle[0] + radius,
                        middle[1] + radius,
                    )
                    draw.pieslice(box, start, start + 90, fill=paint)
    return reduced(picture)


def cubes(size: tuple[int, int], random: Random, colours: Sequence[str]) -> Image.Image:
    """Draw stacked cubes in three lights."""
    full = large(size)
    picture = Image.new("RGB", full)
    draw = ImageDraw.Draw(picture)
    shades = ramp(colours, 32)
    side = full[0] / 12
    rise = side / math.sqrt(3)
    for row in range(-1, round(full[1] / (1.5 * rise * 1.15)) + 2):
        for column in range(-1, 14):
            x = column * side + (row % 2) * side / 2
            y = row * rise * 1.5
            place = (row / 14 + column / 12) / 2 + random.uniform(-0.10, 0.10)
            colour = shades[min(31, max(0, round(place * 31)))]
            half, low = side / 2, rise / 2
            top = [(x, y - rise), (x + half, y - low), (x, y), (x - half, y - low)]
            left = [(x - half, y - low), (x, y), (x, y + rise), (x - half, y + low)]
            right = [(x + half, y - low), (x, y), (x, y + rise), (x + half, y + low)]
            draw.polygon(top, fill=blend(colour, (255, 255, 255), 0.32))
            draw.polygon(left, fill=colour)
            draw.polygon(right, fill=blend(colour, (0, 0, 0), 0.42))
    return vignette(reduced(picture), 0.35)


def _cell(seed: Point, others: Sequence[Point], box: tuple[float, float]) -> list[Point]:
    """Return the corners of the region nearer to `seed` than to any of `others`."""
    corners: list[Point] = [(0, 0), (box[0], 0), box, (0, box[1])]
    for other in others:
        normal = (other[0] - seed[0], other[1] - seed[1])
        limit = (other[0] ** 2 + other[1] ** 2 - seed[0] ** 2 - seed[1] ** 2) / 2
        sides = [normal[0] * x + normal[1] * y - limit for x, y in corners]
        if max(sides) <= 0:
            continue
        kept: list[Point] = []
        for index, corner in enumerate(corners):
            before = index - 1
            if (sides[before] > 0) != (sides[index] > 0):
                share = sides[before] / (sides[before] - sides[index])
                start = corners[before]
                kept.append(
                    (
                        start[0] + (corner[0] - start[0]) * share,
                        start[1] + (corner[1] - start[1]) * share,
                    )
                )
            if sides[index] <= 0:
                kept.append(corner)
        corners = kept
    return corners


def stained_glass(size: tuple[int, int], random: Random, colours: Sequence[str]) -> Image.Image:
    """Draw leaded glass panes around random seeds."""
    full = large(size)
    picture = Image.new("RGB", full, (14, 12, 16))
    draw = ImageDraw.Draw(picture)
    seeds = [(random.uniform(0, full[0]), random.uniform(0, full[1])) for _ in range(110)]
    shades = ramp(colours, 64)
    for seed in seeds:
        near = sorted(seeds, key=lambda other: math.dist(other, seed))[1:26]
        corners = _cell(seed, near, (float(full[0]), float(full[1])))
        middle = (
            sum(x for x, _ in corners) / len(corners),
            sum(y for _, y in corners) / len(corners),
        )
        distance = math.dist(seed, (full[0] / 2, full[1] / 2)) / math.hypot(*full) * 2
        colour = shades[min(63, max(0, round((distance + random.uniform(-0.16, 0.16)) * 63)))]
        for part in range(5):
            inset = 0.94 - 0.13 * part
            pane = [
                (middle[0] + (x - middle[0]) * inset, middle[1] + (y - middle[1]) * inset)
                for x, y in corners
            ]
            draw.polygon(pane, fill=blend(colour, (255, 255, 240), 0.09 * part))
    return vignette(reduced(picture), 0.45)


def tree(
    size: tuple[int, int], random: Random, air: Sequence[str], bark: str, leaves: Sequence[str]
) -> Image.Image:
    """Draw a branching tree in leaf or blossom."""
    full = large(size)
    width, height = full
    picture = sky(full, air)
    draw = ImageDraw.Draw(picture)
    draw.ellipse(
        (-width * 0.3, height * 0.86, width * 1.3, height * 1.5),
        fill=blend(rgb(bark), rgb(leaves[0]), 0.35),
    )
    tips: list[Point] = []
    reach = min(width * 1.15, height)
    branches = [(width / 2, height * 0.9, -math.pi / 2, reach * 0.2, 44.0)]
    while branches:
        x, y, angle, length, thick = branches.pop()
        end = (x + math.cos(angle) * length, y + math.sin(angle) * length)
        draw.line((x, y, *end), fill=rgb(bark), width=max(2, round(thick)))
        disc(draw, end, thick / 2, rgb(bark))
        if length < reach * 0.032:
            tips.append(end)
            continue
        for side in (-1, 1):
            turn = side * random.uniform(0.22, 0.58)
            branches.append((*end, angle + turn, length * random.uniform(0.70, 0.82), thick * 0.68))
    shades = ramp(leaves, 12)
    for tip in tips:
        for _ in range(7):
            place = (tip[0] + random.gauss(0, 20), tip[1] + random.gauss(0, 20))
            disc(draw, place, random.uniform(5, 15), random.choice(shades))
    for _ in range(90):
        place = (random.uniform(0.1, 0.9) * width, random.uniform(0.88, 0.99) * height)
        disc(draw, place, random.uniform(3, 8), random.choice(shades))
    return reduced(picture)


def fern(
    size: tuple[int, int], random: Random, ground: Sequence[str], colours: Sequence[str]
) -> Image.Image:
    """Draw Barnsley's fern."""
    width, height = size
    picture = sky(size, ground)
    pixels = picture.load()
    if pixels is None:
        return picture
    shades = ramp(colours, 256)
    x = y = 0.0
    for _ in range(160_000):
        choice = random.random()
        if choice < 0.01:
            x, y = 0.0, 0.16 * y
        elif choice < 0.86:
            x, y = 0.85 * x + 0.04 * y, -0.04 * x + 0.85 * y + 1.6
        elif choice < 0.93:
            x, y = 0.2 * x - 0.26 * y, 0.23 * x + 0.22 * y + 1.6
        else:
            x, y = -0.15 * x + 0.28 * y, 0.26 * x + 0.24 * y + 0.44
        place = (round(width * (0.48 + x / 7)), round(height * (0.96 - y / 10.8)))
        pixels[place] = shades[min(255, round(y * 25))]
    return bloom(picture, 2, 0.5)


def flow(size: tuple[int, int], random: Random, ground: str, colours: Sequence[str]) -> Image.Image:
    """Draw threads that follow a swirling field."""
    full = large(size)
    picture = Image.new("RGB", full, rgb(ground))
    draw = ImageDraw.Draw(picture)
    shades = ramp(colours, 128)
    waves = [
        (random.uniform(0.6, 2.2), random.uniform(0.6, 2.2), random.uniform(0, 6)) for _ in range(4)
    ]
    for _ in range(900):
        x, y = random.uniform(0, full[0]), random.uniform(0, full[1])
        colour = shades[min(127, max(0, round((y / full[1] + random.uniform(-0.12, 0.12)) * 127)))]
        path = [(x, y)]
        for _ in range(36):
            u, v = x / full[0] * math.tau, y / full[1] * math.tau
            angle = sum(math.sin(u * a + p) + math.cos(v * b + p) for a, b, p in waves) * 0.7
            x, y = x + math.cos(angle) * 11, y + math.sin(angle) * 11
            path.append((x, y))
        draw.line(path, fill=colour, width=random.choice((2, 3, 5)), joint="curve")
    return reduced(picture)


def bubbles(
    size: tuple[int, int], random: Random, ground: Sequence[str], colours: Sequence[str]
) -> Image.Image:
    """Draw circles packed without touching."""
    full = large(size)
    picture = sky(full, ground)
    draw = ImageDraw.Draw(picture)
    placed: list[tuple[float, float, float]] = []
    shades = ramp(colours, 24)
    for _ in range(1500):
        x, y = random.uniform(0, full[0]), random.uniform(0, full[1])
        room = min((math.dist((x, y), (a, b)) - r for a, b, r in placed), default=150.0)
        radius = min(150.0, room - 5)
        if radius < 8:
            continue
        placed.append((x, y, radius))
        colour = random.choice(shades)
        for part in range(9):
            shift = radius * 0.045 * part
            shade = blend(colour, (255, 255, 255), 0.065 * part)
            disc(draw, (x - shift, y - shift), radius * (1 - 0.105 * part), shade)
    return reduced(picture)
