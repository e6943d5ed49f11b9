"""What goes wrong in generated pictures, done on purpose."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Flaw = Callable[[Image.Image, Random], Image.Image]


def torn(picture: Image.Image, random: Random) -> Image.Image:
    """Shift strips sideways."""
    result = picture.copy()
    width, height = picture.size
    for _ in range(14):
        top = random.randrange(height - 40)
        strip = picture.crop((0, top, width, top + random.randint(8, 60)))
        result.paste(ImageChops.offset(strip, random.randint(-140, 140), 0), (0, top))
    return result


def fringed(picture: Image.Image, random: Random) -> Image.Image:
    """Let the colours drift apart."""
    red, green, blue = picture.split()
    shift = random.randint(9, 16)
    return Image.merge(
        "RGB",
        (ImageChops.offset(red, shift, 0), green, ImageChops.offset(blue, -shift, shift // 2)),
    )


def blocky(picture: Image.Image, random: Random) -> Image.Image:
    """Leave patches at a far too low resolution."""
    result = picture.copy()
    for _ in range(9):
        side = random.randint(90, 220)
        x, y = random.randrange(picture.width - side), random.randrange(picture.height - side)
        patch = picture.crop((x, y, x + side, y + side)).resize((7, 7))
        result.paste(patch.resize((side, side), Image.Resampling.NEAREST), (x, y))
    return result


def doubled(picture: Image.Image, random: Random) -> Image.Image:
    """Repeat the middle of the picture where it does not belong."""
    width, height = picture.size
    patch = picture.crop((width // 3, height // 5, width * 2 // 3, height * 3 // 5))
    mask = Image.new("L", patch.size)
    ImageDraw.Draw(mask).ellipse((12, 12, patch.width - 12, patch.height - 12), fill=225)
    mask = mask.filter(ImageFilter.GaussianBlur(14))
    result = picture.copy()
    for x in (width // 24, width * 15 // 24):
        result.paste(ImageOps.mirror(patch), (x, random.randint(height // 3, height // 2)), mask)
    return result


def banded(picture: Image.Image, random: Random) -> Image.Image:
    """Lose most of the colours."""
    return ImageOps.posterize(picture, random.choice((2, 2, 3)))


def smeared(picture: Image.Image, random: Random) -> Image.Image:
    """Wipe a part of the picture away."""
    result = picture.copy()
    width, height = picture.size
    for _ in range(4):
        x, y = random.randrange(width // 2), random.randrange(height // 2)
        box = (x, y, x + width * 2 // 5, y + height // 4)
        patch = picture.crop(box)
        wiped = patch.resize((6, patch.height)).resize(patch.size, Image.Resampling.BICUBIC)
        mask = Image.new("L", patch.size)
        ImageDraw.Draw(mask).rounded_rectangle(
            (16, 16, patch.width - 16, patch.height - 16), 40, fill=255
        )
        result.paste(wiped, box[:2], mask.filter(ImageFilter.GaussianBlur(12)))
    return result


def noisy(picture: Image.Image, random: Random) -> Image.Image:
    """Leave the picture half made out of noise."""
    grain = Image.effect_noise(picture.size, random.randint(90, 120))
    return Image.blend(picture, Image.merge("RGB", [grain] * 3), 0.5)
