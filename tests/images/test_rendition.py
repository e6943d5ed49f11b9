from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from bot.errors import ImageUnreadableError
from bot.images.decoding import decode
from bot.images.rendition import MAX_SIDE, SMALLEST_LIMIT, render
from tests.images.pictures import SECRET, drawn, encoded, noise, png_claiming

MEBIBYTE = 2**20


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def with_secret(kind: str) -> bytes:
    """The same words in every place where pictures carry words."""
    exif = Image.Exif()
    exif[0x010E] = SECRET
    options: dict[str, object] = {"exif": exif, "xmp": SECRET.encode(), "comment": SECRET.encode()}
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("parameters", SECRET)
        info.add_itxt("prompt", SECRET)
        options = {"pnginfo": info, "exif": exif}
    if kind == "GIF":
        options = {"comment": SECRET.encode()}
    data = encoded(drawn(80, 60), kind, **options)
    assert SECRET.encode() in data
    return data


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG", "GIF"])
@pytest.mark.parametrize("limit", [SMALLEST_LIMIT, 10 * MEBIBYTE])
def test_no_metadata_leaves(kind: str, limit: int) -> None:
    made = render(with_secret(kind), limit)
    assert SECRET.encode() not in made.data
    shown = opened(made.data)
    shown.load()
    assert (
        not set(shown.info)
        - {"loop", "background", "duration", "timestamp"}
        - {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
        }
    )


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG", "GIF"])
def test_pixels_stay_as_they_were_where_they_fit(kind: str) -> None:
    original = encoded(drawn(300, 200), kind)
    made = render(original, 10 * MEBIBYTE)
    assert (made.suffix, made.width, made.height) == ("webp", 300, 200)
    assert opened(made.data).convert("RGB").tobytes() == decode(original).tobytes()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((2048, 100), (2048, 100)),
        ((2049, 100), (2048, 100)),
        ((4000, 3000), (2048, 1536)),
        ((300, 3000), (205, 2048)),
        ((5000, 1), (2048, 1)),
        ((1, 1), (1, 1)),
    ],
)
def test_pictures_are_scaled_to_discords_size(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    made = render(encoded(drawn(*size), "JPEG"), 10 * MEBIBYTE)
    assert (made.width, made.height) == expected
    assert opened(made.data).size == expected
    assert max(expected) <= MAX_SIDE


def test_what_is_too_large_without_loss_becomes_a_jpeg_of_all_pixels() -> None:
    made = render(encoded(noise(600, 600)), 950_000)
    assert (made.suffix, made.width, made.height) == ("jpg", 600, 600)
    assert len(made.data) <= 950_000
    assert jpeg_quality(made.data) >= 95


def test_what_is_too_large_even_then_loses_pixels_and_no_quality() -> None:
    made = render(encoded(noise(600, 600)), 200_000)
    assert made.suffix == "jpg"
    assert 100 < made.width == made.height < 600
    assert 100_000 < len(made.data) <= 200_000
    assert jpeg_quality(made.data) >= 95


def test_the_worst_picture_fits_the_smallest_limit() -> None:
    made = render(encoded(noise(1000, 1000), compress_level=1), SMALLEST_LIMIT)
    assert 0 < len(made.data) <= SMALLEST_LIMIT


@pytest.mark.parametrize("data", [b"", b"text", png_claiming(30_000, 30_000)])
def test_what_cannot_be_shown_is_refused(data: bytes) -> None:
    with pytest.raises(ImageUnreadableError):
        render(data, MEBIBYTE)


def jpeg_quality(data: bytes) -> int:
    """Estimate from the sum of the quantisation table, as every encoder of this library writes."""
    picture = opened(data)
    assert picture.format == "JPEG"
    tables = picture.quantization  # type: ignore[attr-defined] # of JpegImageFile alone
    for quality in range(100, 0, -1):
        reference = opened(encoded(drawn(8, 8), "JPEG", quality=quality))
        if reference.quantization == tables:  # type: ignore[attr-defined] # as above
            return quality
    raise AssertionError("not a standard table")


def test_a_zip_is_no_picture() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.png", encoded(drawn()))
    with pytest.raises(ImageUnreadableError):
        render(buffer.getvalue(), MEBIBYTE)
