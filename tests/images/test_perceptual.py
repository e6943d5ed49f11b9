"""What looks alike has almost the same hash, and a picture of one colour has none."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import pytest
from PIL import Image, ImageDraw

from bot.demo.pictures.gallery import SAMPLES
from bot.images.decoding import decode, measure
from bot.images.perceptual import perceptual_hash
from storage.perceptual_hashes import DISTANCE
from tests.images.pictures import drawn, encoded, noise

SIGNED_64_BITS = range(-(2**63), 2**63)
SOME = tuple(SAMPLES)[::6]


@cache
def sample(key: str) -> Image.Image:
    return SAMPLES[key].draw().convert("RGB")


def apart(one: bytes | Image.Image, other: bytes | Image.Image) -> int:
    first, second = (
        perceptual_hash(each) if isinstance(each, Image.Image) else measure(each).perceptual_hash
        for each in (one, other)
    )
    assert first is not None
    assert second is not None
    assert first in SIGNED_64_BITS
    assert second in SIGNED_64_BITS
    return ((first ^ second) & (2**64 - 1)).bit_count()


@pytest.mark.parametrize("key", SOME)
def test_a_picture_that_is_made_smaller_or_larger_stays_near(key: str) -> None:
    picture = sample(key)
    for width, height in ((picture.width // 2, picture.height // 2), (1500, 1500)):
        assert apart(picture, picture.resize((width, height))) <= DISTANCE


@pytest.mark.parametrize(("kind", "quality"), [("JPEG", 50), ("WEBP", 50)])
def test_most_pictures_that_are_encoded_anew_stay_near(kind: str, quality: int) -> None:
    distances = [
        apart(encoded(sample(key)), encoded(sample(key), kind, quality=quality)) for key in SOME
    ]
    # Perfectly regular drawings have waves of no strength at all, whose signs an encoder decides.
    assert sum(distance <= DISTANCE for distance in distances) >= 0.8 * len(SOME), distances
    assert max(distances) <= 2 * DISTANCE


def test_no_two_pictures_of_the_demo_are_near() -> None:
    for one, other in combinations(SOME, 2):
        assert apart(sample(one), sample(other)) > DISTANCE


def test_an_upright_picture_and_one_that_its_camera_turned_are_alike() -> None:
    turned = sample(SOME[0]).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    assert apart(encoded(sample(SOME[0])), encoded(turned, exif=exif)) <= DISTANCE


def test_what_is_transparent_is_seen_as_it_is_posted() -> None:
    picture = sample(SOME[0]).convert("RGBA")
    ImageDraw.Draw(picture).rectangle((0, 0, 300, 300), (255, 0, 0, 0))
    data = encoded(picture)
    assert apart(data, decode(data)) == 0


@pytest.mark.parametrize("colour", ["black", "white", "red", (17, 18, 19)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_of_one_colour_has_no_hash(colour: str, kind: str) -> None:
    picture = Image.new("RGB", (640, 480), colour)
    assert measure(encoded(picture, kind)).perceptual_hash is None
    picture.putpixel((5, 5), (0, 255, 0))
    assert measure(encoded(picture, kind)).perceptual_hash is None


def test_a_line_on_one_colour_is_enough_for_a_hash() -> None:
    picture = Image.new("RGB", (640, 480), "white")
    ImageDraw.Draw(picture).line((0, 0, 640, 480), "black", 12)
    assert measure(encoded(picture)).perceptual_hash is not None


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (2, 3)])
def test_odd_shapes_do_no_harm(size: tuple[int, int]) -> None:
    for picture in (drawn(*size), noise(*size)):
        found = measure(encoded(picture)).perceptual_hash
        assert found is None or found in SIGNED_64_BITS
