"""Zips of an image folder, as the folders that they would unpack to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from bot.datasets.imports.archives import Archives, Listing
from bot.datasets.imports.summary import SENTENCES, Reason
from bot.errors import ImageUnreadableError, ImportRefusedError


@dataclass(frozen=True, slots=True)
class Packed:
    """A file in a zip: `member` is its name there, or why it is not used."""

    path: Path
    member: str | Reason


@dataclass(frozen=True, slots=True)
class Zips:
    """Finds and reads files in the zips of a folder; `listings` are by their paths below it."""

    directory: Path
    listings: Mapping[str, Listing]
    archives: Archives

    def find(self, name: str) -> Packed | None:
        """Return a file that has a zip's path before its own; None for one in no zip."""
        for parent in PurePosixPath(name).parents:
            archive = str(parent)
            if archive in self.listings:
                inner = name.removeprefix(f"{archive}/")
                member = self.listings[archive].get(inner, Reason.MISSING)
                return Packed(self.directory / archive, member)
        return None

    def table(self, name: str) -> Path | BytesIO:
        """Return a table, of one in a zip the bytes; raises ImportRefusedError."""
        packed = self.find(name)
        if packed is None:
            return self.directory / name
        if isinstance(packed.member, Reason):
            raise ImportRefusedError(f"{name} cannot be read: {SENTENCES[packed.member]}")
        try:
            return BytesIO(self.archives.read(packed.path, packed.member))
        except ImageUnreadableError as error:
            raise ImportRefusedError(f"{name} cannot be read: {error}") from error
