"""Fetched pictures on the disk: `<folder>/<two letters>/<key>.<suffix>`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.datasets.imports import keeping
from bot.images.decoding import Measured, measure

KEY_LENGTH: Final = 32
"""Hexadecimal digits; among all of LAION's links no two share them."""


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
    member = keeping.member_named(key, data)
    keeping.keep(folder, member, data)
    return Kept(member, hashlib.sha256(data).digest(), measured)
