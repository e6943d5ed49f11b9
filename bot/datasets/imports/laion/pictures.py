"""Fetched pictures on the disk: `<folder>/<two letters>/<key>.<suffix>`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.errors import SourceUnavailableError
from bot.images.decoding import Measured, measure
from storage.durable import UNFINISHED, write_whole

KEY_LENGTH: Final = 32
"""Hexadecimal digits; among all of LAION's links no two share them."""

# How the formats of bot.images.decoding.FORMATS begin; what is none of these is WebP.
_BEGINNINGS: Final = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpg"), (b"GIF8", "gif"))


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that was written as `member` of its folder."""

    member: str
    sha256: bytes
    measured: Measured


def key_of(url: str) -> str:
    """Return the key of the image behind a link: the same in whatever table the link is."""
    return hashlib.sha256(url.encode()).hexdigest()[:KEY_LENGTH]


def keep(folder: Path, key: str, data: bytes) -> Kept:
    """Write a picture, whole and durable, once it is known to be one.

    Raises ImageUnreadableError where it is none, SourceUnavailableError where the folder cannot
    be written.
    """
    measured = measure(data)
    suffix = next((name for begin, name in _BEGINNINGS if data.startswith(begin)), "webp")
    member = f"{key[:2]}/{key}.{suffix}"
    try:
        write_whole(folder / member, data, folder)
    except OSError as error:
        raise SourceUnavailableError(f"{folder} cannot be written: {error}") from error
    return Kept(member, hashlib.sha256(data).digest(), measured)


def clear(folder: Path) -> None:
    """Make the folder, and take away what a killed import left half-written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(f"*{UNFINISHED}"):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise SourceUnavailableError(f"{folder} cannot be written: {error}") from error
