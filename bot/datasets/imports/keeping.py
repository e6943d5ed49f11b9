"""Pictures that lie nowhere else, as files of our own: `<folder>/<two letters>/<name>.<suffix>`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from bot.errors import SourceUnavailableError
from storage.durable import UNFINISHED, write_whole

NAME_LENGTH: Final = 32
"""Hexadecimal digits of the SHA-256; nobody finds two pictures that share them."""

# How the formats of bot.images.decoding.FORMATS begin; what is none of these is WebP.
_BEGINNINGS: Final = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpg"), (b"GIF8", "gif"))


def member_of(data: bytes) -> str:
    """Return the path below the folder of a picture that is named by its bytes."""
    return member_named(hashlib.sha256(data).hexdigest()[:NAME_LENGTH], data)


def member_named(name: str, data: bytes) -> str:
    """Return the path below the folder of a picture with this name."""
    suffix = next((ending for begin, ending in _BEGINNINGS if data.startswith(begin)), "webp")
    return f"{name[:2]}/{name}.{suffix}"


def keep(folder: Path, member: str, data: bytes) -> None:
    """Write a picture, whole and durable; raises SourceUnavailableError."""
    try:
        write_whole(folder / member, data, folder)
    except OSError as error:
        raise SourceUnavailableError(f"{folder} cannot be written: {error}") from error


def clear(folder: Path) -> None:
    """Make the folder, and take away what a killed import left half-written.

    Raises SourceUnavailableError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(f"*{UNFINISHED}"):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise SourceUnavailableError(f"{folder} cannot be written: {error}") from error
