"""Which files of a folder are pictures to import, and under which key."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.datasets.imports.sidecars import SUFFIXES as SIDECAR_SUFFIXES
from bot.datasets.imports.summary import Reason, Tally, is_printable

PICTURE_SUFFIXES = frozenset({".png", ".webp", ".jpg", ".jpeg", ".gif"})


def is_picture(member: str) -> bool:
    """Tell whether a file is called as pictures are."""
    return PurePosixPath(member).suffix.lower() in PICTURE_SUFFIXES


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A picture file: its path below the folder, and the keys under which it may be known.

    Keys are in Unicode's composed form, so that a folder copied from a Mac keeps them.
    """

    member: str
    stem: str
    path: str
    is_stem_unique: bool

    @property
    def key(self) -> str:
        """The key under which the file is added where it is new."""
        return self.stem if self.is_stem_unique else self.path


def find_files(folder: Path, tally: Tally) -> list[FoundFile]:
    """Return the pictures below `folder` in the order of their paths; the tally has the others."""
    return of_pictures(_walk(folder, tally), tally)


def of_pictures(names: Iterable[str], tally: Tally) -> list[FoundFile]:
    """Return those of the paths that name pictures, in their order; the tally has the others."""
    members = sorted(name for name in names if _is_picture(name, tally))
    stems = Counter(_stem(member) for member in members)
    return [
        FoundFile(member, stem, _composed(member), stems[stem] == 1)
        for member, stem in zip(members, map(_stem, members), strict=True)
    ]


def _walk(folder: Path, tally: Tally) -> Iterator[str]:
    """Yield the path of every file, relative to the folder, with '/' between its parts."""

    def unreadable(error: OSError) -> None:
        tally.leave_out(Reason.UNREADABLE_FOLDER, [os.path.relpath(error.filename, folder)])

    for place, folders, files in os.walk(folder, onerror=unreadable):
        below = Path(place).relative_to(folder)
        for name in folders:
            if _is_link(Path(place, name)):
                tally.leave_out(Reason.LINKED_FOLDER, [str(below / name)])
        for name in files:
            yield (below / name).as_posix()


def _is_picture(member: str, tally: Tally) -> bool:
    suffix = PurePosixPath(member).suffix.lower()
    if suffix in SIDECAR_SUFFIXES:
        return False
    if not is_picture(member):
        tally.leave_out(Reason.NOT_A_PICTURE, [member])
        return False
    if not is_printable(member):
        tally.leave_out(Reason.UNPRINTABLE_NAME, [member])
        return False
    return True


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:  # `os.walk` will say so
        return False


def _stem(member: str) -> str:
    return _composed(PurePosixPath(member).stem)


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
