"""Pictures and files for the tests, made in memory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

SECRET = "masterpiece by a secret model"  # noqa: S105 - a prompt that must not leak
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def drawn(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """A gradient, so that turning or mixing up colours shows."""
    red = Image.linear_gradient("L").resize((width, height))
    green = Image.linear_gradient("L").rotate(90).resize((width, height))
    blue = Image.new("L", (width, height), 40)
    return Image.merge("RGB", (red, green, blue)).convert(mode)


def noise(width: int, height: int) -> Image.Image:
    """The picture that compresses worst."""
    return Image.merge("RGB", [Image.effect_noise((width, height), 120) for _ in range(3)])


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def animated(kind: str, colours: Sequence[str] = ("red", "blue")) -> bytes:
    first, *rest = [Image.new("RGB", (32, 32), colour) for colour in colours]
    options = {"lossless": True} if kind == "WEBP" else {}
    return encoded(first, kind, save_all=True, append_images=rest, duration=100, **options)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))


def png_claiming(width: int, height: int) -> bytes:
    """A small file whose header announces a picture of any size: a decompression bomb."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(bytes(10_000)))
    return SIGNATURE + header + pixels + png_chunk(b"IEND", b"")
