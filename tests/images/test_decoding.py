from __future__ import annotations

import contextlib
import warnings
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from bot.errors import ImageUnreadableError
from bot.images.decoding import MAX_BYTES, MAX_PIXELS, Fault, decode, measure
from tests.images.pictures import (
    SIGNATURE,
    animated,
    drawn,
    encoded,
    png_chunk,
    png_claiming,
)


def fault_of(data: bytes) -> str:
    with pytest.raises(ImageUnreadableError) as refusal:
        measure(data)
    with pytest.raises(ImageUnreadableError) as same:
        decode(data)
    assert same.value.fault == refusal.value.fault
    return refusal.value.fault


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG", "GIF"])
def test_each_format_is_measured_and_decoded(kind: str) -> None:
    data = encoded(drawn(64, 48), kind)
    measured = measure(data)
    assert (measured.width, measured.height, measured.animated) == (64, 48, False)
    assert (decode(data).size, decode(data).mode) == ((64, 48), "RGB")


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    data = animated(kind)
    assert measure(data).animated
    assert decode(data).getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg xmlns='x'/>", b"BM" + bytes(60)])
def test_what_is_no_picture_is_said_to_be_none(data: bytes) -> None:
    assert fault_of(data) == Fault.NOT_A_PICTURE


def test_other_formats_of_pillow_are_refused() -> None:
    assert fault_of(encoded(drawn(), "TIFF")) == Fault.NOT_A_PICTURE


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_truncated_picture_is_broken(kind: str, share: float) -> None:
    data = encoded(drawn(200, 200), kind)
    assert fault_of(data[: int(len(data) * share)]) == Fault.BROKEN


def test_a_flipped_bit_in_a_png_is_broken() -> None:
    data = bytearray(encoded(drawn(200, 200)))
    data[len(data) // 2] ^= 1
    assert fault_of(bytes(data)) == Fault.BROKEN


@pytest.mark.parametrize("side", [8193, 9_460, 13_378, 60_000])
def test_a_decompression_bomb_is_refused_by_its_header(side: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # with Pillow's warning on, see the next test
        assert fault_of(png_claiming(side, side)) == Fault.TOO_MANY_PIXELS


def test_pillows_own_warning_is_a_refusal_too() -> None:
    assert fault_of(png_claiming(10_000, 10_000)) == Fault.TOO_MANY_PIXELS


def test_the_largest_picture_is_let_through_to_the_decoder() -> None:
    assert MAX_PIXELS == 8192 * 8192
    assert fault_of(png_claiming(8192, 8192)) == Fault.BROKEN  # its pixels are missing


def test_a_bomb_in_a_text_chunk_is_broken() -> None:
    text = b"prompt\0\0" + zlib.compress(bytes(80 * 2**20), 9)
    data = encoded(drawn())
    bomb = SIGNATURE + data[8:33] + png_chunk(b"zTXt", text) + data[33:]
    assert fault_of(bomb) == Fault.BROKEN


def test_too_many_bytes_are_refused_unread() -> None:
    assert fault_of(encoded(drawn()) + bytes(MAX_BYTES)) == Fault.TOO_MANY_BYTES


def test_exif_orientation_is_applied() -> None:
    picture = drawn(64, 48)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right
    data = encoded(picture, "JPEG", exif=exif, quality=100)
    assert (measure(data).width, measure(data).height) == (48, 64)
    turned, expected = decode(data), picture.rotate(-90, expand=True)
    assert turned.size == (48, 64)
    differences = [
        abs(a - b)
        for at in [(4, 4), (40, 4), (4, 60), (40, 60)]
        for a, b in zip(pixel(turned, at), pixel(expected, at), strict=True)
    ]
    assert max(differences) < 12


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_an_unreadable_exif_block_is_ignored() -> None:
    data = encoded(drawn(), "JPEG", exif=b"Exif\0\0MM\0*" + b"\xff" * 20)
    assert measure(data).width == 64
    assert decode(data).size == (64, 48)


def test_transparency_is_shown_on_white() -> None:
    picture = Image.new("RGBA", (8, 8), (10, 20, 30, 0))
    picture.putpixel((0, 0), (10, 20, 30, 255))
    shown = decode(encoded(picture))
    assert shown.getpixel((0, 0)) == (10, 20, 30)
    assert shown.getpixel((7, 7)) == (255, 255, 255)


def test_a_transparent_palette_is_shown_on_white() -> None:
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([0, 0, 0, 200, 0, 0])
    picture.putpixel((0, 0), 0)
    shown = decode(encoded(picture, "GIF", transparency=0))
    assert shown.getpixel((0, 0)) == (255, 255, 255)
    assert shown.getpixel((7, 7)) == (200, 0, 0)


def test_cmyk_becomes_rgb() -> None:
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100)
    red, green, blue = pixel(decode(data), (8, 8))
    assert red > 240
    assert max(green, blue) < 15


def test_sixteen_bit_greys_are_scaled() -> None:
    picture = Image.new("I;16", (8, 8), 0x8000)
    assert decode(encoded(picture)).getpixel((4, 4)) == (128, 128, 128)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_every_mode_of_png_becomes_rgb(mode: str) -> None:
    assert decode(encoded(drawn().convert(mode))).mode == "RGB"


def test_a_colour_profile_is_applied() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    named_otherwise = srgb.replace("sRGB".encode("utf-16-be"), "tRGB".encode("utf-16-be"))
    swapped = named_otherwise.replace(b"rXYZ", b"?XYZ", 1).replace(b"gXYZ", b"rXYZ", 1)
    swapped = swapped.replace(b"?XYZ", b"gXYZ", 1)
    red, green, _ = pixel(
        decode(encoded(Image.new("RGB", (8, 8), (250, 10, 10)), icc_profile=swapped)), (4, 4)
    )
    assert green > 200 > red


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200])
def test_an_unreadable_profile_is_ignored(profile: bytes) -> None:
    picture = Image.new("RGB", (8, 8), (120, 90, 60))
    assert decode(encoded(picture, icc_profile=profile)).getpixel((4, 4)) == (120, 90, 60)


def test_nothing_but_pixels_is_left() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a secret prompt")
    assert decode(encoded(drawn(), pnginfo=info, dpi=(72, 72))).info == {}


VALID = [
    encoded(drawn(20, 20), "PNG"),
    encoded(drawn(20, 20), "WEBP", lossless=True),
    encoded(drawn(20, 20), "JPEG"),
    encoded(drawn(20, 20), "GIF"),
    animated("GIF"),
    animated("PNG"),
    animated("WEBP"),
]


@settings(max_examples=300)
@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
    st.integers(0, 2000),
)
def test_no_bytes_raise_anything_else(
    data: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    damaged = bytearray(data)
    for position, value in changes:
        damaged[position % len(damaged)] = value
    hostile = bytes(damaged[: len(damaged) - cut % len(damaged)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd EXIF and palettes
        for work in (measure, decode):
            with contextlib.suppress(ImageUnreadableError):
                work(hostile)


def pixel(picture: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    value = picture.getpixel(at)
    assert isinstance(value, tuple)
    return tuple(int(part) for part in value)
