"""From bytes that nobody vouches for to an upright RGB picture, or to a reason why not."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from bot.errors import ImageUnreadableError
from bot.images.perceptual import perceptual_hash

FORMATS = ("PNG", "WEBP", "JPEG", "GIF")

# A generated and then enlarged picture has some 16 million pixels. At 64 million one decoded
# picture takes 256 MB, and two are decoded at a time. Far below what makes Pillow itself warn.
MAX_PIXELS = 8192 * 8192
# No picture of that size that is worth a rating needs more bytes.
MAX_BYTES = 64 * 2**20

WHITE = (255, 255, 255)

# What Pillow's decoders raise for hostile bytes; its own MAX_IMAGE_PIXELS stays as second line.
DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Warning,  # of damaged metadata, where the process turns warnings into errors
)
BOMB_ERRORS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class Fault(StrEnum):
    """Why the bytes of one image cannot be shown."""

    MISSING = "missing"
    NOT_ALLOWED = "not_allowed"
    OUTSIDE = "outside"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    NOT_A_PICTURE = "not_a_picture"
    BROKEN = "broken"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Measured:
    """What an import learns of a picture: pixels of the upright picture, more than one frame.

    `perceptual_hash` is None for a picture of one colour.
    """

    width: int
    height: int
    animated: bool
    perceptual_hash: int | None


def measure(data: bytes) -> Measured:
    """Decode the first frame completely, as posting will; raises ImageUnreadableError."""
    picture = _open(data)
    try:
        picture.load()
        animated = bool(getattr(picture, "is_animated", False))
        upright = _upright(picture)
        look = perceptual_hash(_flat(upright, WHITE))
    except BOMB_ERRORS as error:
        raise _too_many_pixels() from error
    except DECODING_ERRORS as error:
        raise _broken(error) from error
    return Measured(upright.width, upright.height, animated, look)


def decode(data: bytes, background: tuple[int, int, int] = WHITE) -> Image.Image:
    """Return the first frame: upright, sRGB, without alpha and without any metadata.

    What is transparent gets the `background`, so that every rater judges the same picture
    whatever theme their Discord has. Raises ImageUnreadableError.
    """
    picture = _open(data)
    try:
        picture.load()
        return _plain(_flat(_in_srgb(_upright(picture)), background))
    except BOMB_ERRORS as error:
        raise _too_many_pixels() from error
    except DECODING_ERRORS as error:
        raise _broken(error) from error


def _open(data: bytes) -> Image.Image:
    """Read the header alone; refuses by size before any pixel is decoded."""
    if len(data) > MAX_BYTES:
        raise ImageUnreadableError(
            Fault.TOO_MANY_BYTES, f"the file has more than {MAX_BYTES // 2**20} MiB"
        )
    try:
        picture = Image.open(BytesIO(data), formats=FORMATS)
    except BOMB_ERRORS as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise ImageUnreadableError(
            Fault.NOT_A_PICTURE, "the file is not a PNG, WebP, JPEG or GIF picture"
        ) from error
    except DECODING_ERRORS as error:
        raise _broken(error) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_many_pixels()
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    """Turn the picture as its EXIF block asks; an unreadable block asks for nothing."""
    try:
        return ImageOps.exif_transpose(picture)
    except DECODING_ERRORS:
        return picture


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Convert the colours by the embedded profile; an unreadable profile is ignored."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return picture
    try:
        embedded = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(embedded).lower():
            return picture
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(
            picture, embedded, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, *DECODING_ERRORS):
        return picture
    return converted or picture


def _flat(picture: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    """Return the picture in RGB, composed on the background where it is transparent."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        # Pillow clips 16-bit greys at 255 instead of scaling them.
        picture = picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, (*background, 255))
        ground.alpha_composite(picture)
        picture = ground
    return picture.convert("RGB")


def _plain(picture: Image.Image) -> Image.Image:
    """Return the pixels in a picture of their own, whose `info` holds nothing to leak."""
    plain = Image.new("RGB", picture.size)
    plain.paste(picture)
    return plain


def _too_many_pixels() -> ImageUnreadableError:
    return ImageUnreadableError(
        Fault.TOO_MANY_PIXELS, f"the picture has more than {MAX_PIXELS // 2**20} million pixels"
    )


def _broken(error: BaseException) -> ImageUnreadableError:
    return ImageUnreadableError(Fault.BROKEN, f"the picture is broken or cut off: {error}")
