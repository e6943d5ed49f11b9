"""SHA256SUMS: what `sha256sum -c` reads, written for a folder and read from one nobody vouches for.

The format is that of GNU coreutils: 64 hex digits, two spaces, the name.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

SUMS: Final = "SHA256SUMS"

LARGEST_BYTES: Final = 256 * 2**20
"""Room for two million files."""

_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *]([^\\\0\r]+)")
_ESCAPED: Final = re.compile(r"[\\\0\r\n]")


class SumsError(Exception):
    """SHA256SUMS cannot be gone by; the text says why in one line."""


def write_sums(folder: Path) -> None:
    """Write the sums of all files, which must be plain ones. Raises OSError."""
    lines = []
    for path in sorted(path for path in folder.rglob("*") if not path.is_dir()):
        name = path.relative_to(folder).as_posix()
        if _ESCAPED.search(name):
            raise OSError(None, "has a name that no list of sums can hold", str(path))
        lines.append(f"{digest_of(path)}  {name}\n")
    (folder / SUMS).write_bytes(os.fsencode("".join(lines)))


def read_sums(folder: Path) -> Mapping[str, str]:
    """Return the sum of each file by its path. Raises SumsError.

    For a folder in which SHA256SUMS is a plain file, if it is there.
    """
    path = folder / SUMS
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SumsError(f"{SUMS} is larger than any that was released")
        text = os.fsdecode(path.read_bytes())
    except OSError as error:
        raise SumsError(f"{SUMS}: {error.strerror or error}") from None
    sums: dict[str, str] = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise SumsError(f"{SUMS}, line {number}: is no sum and name")
        digest, name = match.groups()
        if not is_inside(name):
            raise SumsError(f"{SUMS}, line {number}: names a file outside: {shown(name)}")
        if name in sums:
            raise SumsError(f"{SUMS}, line {number}: names {shown(name)} again")
        sums[name] = digest
    return sums


def is_inside(name: str) -> bool:
    """Tell whether a name is a plain relative path, as a release writes it."""
    parts = name.split("/")
    return not PurePosixPath(name).is_absolute() and not {"", ".", ".."} & set(parts)


def shown(name: str) -> str:
    """Return a strange name for one line of a terminal."""
    return ascii(name)[1:-1]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex; a link is followed nowhere. Raises OSError."""
    with open(path, "rb", opener=_plain) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_below(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield all files in a folder and in the real folders in it, and folders in which nothing is.

    With their paths from there. Raises OSError.
    """
    waiting: list[tuple[str, os.DirEntry[str] | None]] = [("", None)]
    while waiting:
        name, inner = waiting.pop()
        with os.scandir(folder / name) as entries:
            found = sorted(entries, key=lambda each: each.name)
        if inner is not None and not found:
            yield name, inner
        for entry in found:
            path = f"{name}/{entry.name}" if name else entry.name
            if entry.is_dir(follow_symlinks=False):
                waiting.append((path, entry))
            else:
                yield path, entry


def _plain(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
