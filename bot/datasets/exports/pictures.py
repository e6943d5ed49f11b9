"""What a picture is called in exports, whether it is in them or not.

An image's path is the same in each export, and no other image's. docs/exports.md says the rule.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

LONGEST: Final = 100
"""Characters of a name without its ending, dots counted as `DOT`: two names, what joins them and an
ending stay below the 255 bytes of file systems."""

DOT: Final = "%2E"
"""A dot where names may have none: at their ends, and in the samples of webdataset."""

ENDINGS: Final = frozenset({".png", ".webp", ".jpg", ".jpeg", ".gif"})
OTHER: Final = ".bin"
"""The ending of what is called like no picture; readers look at the bytes."""

RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE | re.ASCII)
"""Names of devices, with any ending: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""


def picture_path(data_set: str, key: str, member: str) -> str:
    """Return the relative path of an image: its data set's folder, its key, the original's ending.

    Keys and data sets have any characters: those that could mean something in a path or an
    address are percent-encoded, and a name that is too long ends in a hash of it. Nothing of this
    leaves the folder.
    """
    return f"{_name(data_set)}/{_name(key)}{ending(member)}"


def ending(member: str) -> str:
    """Return the ending of a picture's name with its dot, by that of its original.

    There is always one and it has one dot, so that what is before it tells names apart.
    """
    suffix = PurePosixPath(member).suffix.lower()
    return suffix if suffix in ENDINGS else OTHER


def _name(text: str) -> str:
    name = _harmless(text)
    if len(name.replace(".", DOT)) <= LONGEST:
        return name
    digest = blake2b(name.encode(), digest_size=16).hexdigest()
    return f"{name[: LONGEST - len(digest) - 1].replace('.', '_')}~{digest}"


def _harmless(text: str) -> str:
    """Encode what is no letter, digit or one of `_.-`, and where those alone mean something."""
    name = quote(text.encode("utf-8", "surrogatepass"), safe="").replace("~", "%7E")
    if RESERVED.match(name):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if name.startswith("."):
        name = f"{DOT}{name[1:]}"
    return f"{name[:-1]}{DOT}" if name.endswith(".") else name
