"""DiffusionDB's parts: archives or folders of 1,000 pictures each, by number."""

from __future__ import annotations

import re
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from posixpath import splitext

from bot.datasets.imports.archives import Listing, usable
from bot.datasets.imports.scanning import PICTURE_SUFFIXES
from bot.datasets.imports.summary import Reason
from bot.errors import SourceUnavailableError
from bot.images.originals import open_archive
from storage.sources import Kind

PART = re.compile(r"part-(\d{6})(\.zip)?")
# The folders in which the two published sets keep their parts, beside the top folder itself.
PLACES = re.compile(r"images|diffusiondb-large-part-\d+")
LISTINGS_KEPT = 16


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its number, and the folder or archive that holds its pictures."""

    number: int
    kind: Kind
    path: Path


def find_parts(directory: Path) -> dict[int, list[Part]]:
    """Return the parts below `directory` by number; both published sets begin at number 1.

    Where a part lies there as archive and as folder, the archive comes first. Raises OSError.
    """
    places = [directory]
    places += sorted(
        place for place in directory.iterdir() if place.is_dir() and PLACES.fullmatch(place.name)
    )
    parts: dict[int, list[Part]] = {}
    for path in sorted((path for place in places for path in place.iterdir()), reverse=True):
        match = PART.fullmatch(path.name)
        if match is None:
            continue
        kind: Kind = "zip" if match[2] else "folder"
        if path.is_file() if kind == "zip" else path.is_dir():
            parts.setdefault(int(match[1]), []).append(Part(int(match[1]), kind, path))
    return parts


class Listings:
    """What the parts hold, read when needed; the latest `most` are kept."""

    def __init__(self, most: int = LISTINGS_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[Path, Listing | None] = OrderedDict()

    def of(self, part: Part) -> Listing | None:
        """Return what the part holds; None where it cannot be read."""
        if part.path in self._kept:
            self._kept.move_to_end(part.path)
            return self._kept[part.path]
        try:
            listing = list_part(part)
        except SourceUnavailableError:
            listing = None
        self._kept[part.path] = listing
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return listing


def list_part(part: Part) -> Listing:
    """Return the pictures of a part without reading one; raises SourceUnavailableError."""
    if part.kind == "folder":
        return _list_folder(part.path)
    with open_archive(part.path) as archive:
        return _list_archive(archive)


def _list_folder(folder: Path) -> Listing:
    try:
        return {
            path.name: Reason.OUTSIDE if path.is_symlink() else path.name
            for path in folder.iterdir()
            if path.suffix.lower() in PICTURE_SUFFIXES
        }
    except OSError as error:
        raise SourceUnavailableError(f"{folder} cannot be read: {error}") from error


def _list_archive(archive: zipfile.ZipFile) -> Listing:
    listing: dict[str, str | Reason] = {}
    for info in archive.infolist():
        name = info.orig_filename.replace("\\", "/").rpartition("/")[2]
        if splitext(name)[1].lower() in PICTURE_SUFFIXES:
            listing[name] = Reason.TWICE if name in listing else usable(info)
    return listing
