"""What a picture is called in exports, whether it is in them or not."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

LONGEST: Final = 100
"""Characters of a name without its ending; file systems take 255 bytes, archives' readers less."""


def picture_path(data_set: str, key: str, member: str) -> str:
    """Return the relative path of an image: its data set's folder, its key, the original's ending.

    Keys and data sets have any characters: those that could mean something in a path or an
    address are percent-encoded, and a name that is too long ends in a hash of it, so that two
    images never share a path. Nothing of this leaves the folder.
    """
    return f"{_name(data_set)}/{_name(key)}{ending(member)}"


def ending(member: str) -> str:
    """Return the ending of a file's name with its dot, harmless in paths; empty without one."""
    return quote(PurePosixPath(member).suffix.lower(), safe="")


def _name(text: str) -> str:
    name = quote(text.encode("utf-8", "surrogatepass"), safe="")
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    if len(name) <= LONGEST:
        return name
    digest = blake2b(name.encode(), digest_size=16).hexdigest()
    return f"{name[: LONGEST - len(digest) - 1]}~{digest}"
