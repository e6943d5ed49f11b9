"""The rows of ImageRewardDB's metadata, as candidates for an import.

https://huggingface.co/datasets/THUDM/ImageRewardDB: `metadata-train.parquet` and two others have a
row a picture. `image_path` is `images/train/train_1/NAME.webp`, where `images/train/train_1.zip`
holds NAME.webp; unpacked, `train_1` is a folder. Pictures with the same `prompt_id` are a set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from bot.datasets.imports.archives import Archives
from bot.datasets.imports.candidates import Candidate, Origin
from bot.datasets.imports.parts import Listings, Part
from bot.datasets.imports.summary import Reason, is_printable
from bot.datasets.imports.tables.columns import Columns, Found, WrongValueError
from bot.datasets.imports.tables.files import ParquetTable, Row
from bot.datasets.imports.tables.items import Item, Refused
from bot.errors import ImportRefusedError
from bot.images.originals import is_inside, read_file

TABLES: Final = tuple(f"metadata-{split}.parquet" for split in ("train", "validation", "test"))
IMAGE_PATH: Final = "image_path"
COLUMNS: Final = Columns(
    key=IMAGE_PATH, prompt="prompt", set_="prompt_id", parameters=("classification",)
)
PARTS: Final = 36
"""How many archives the published set has."""


def find_tables(directory: Path) -> list[tuple[str, int]]:
    """Return the names of the metadata files that are there, at least one, and their rows.

    Raises ImportRefusedError where there is none, or one cannot be used.
    """
    names = [name for name in TABLES if (directory / name).is_file()]
    if not names:
        raise ImportRefusedError(f"{directory} has no {' or '.join(TABLES)}")
    found = []
    for name in names:
        with closing(ParquetTable(directory / name, name)) as table:
            table.check(COLUMNS.find(name, table.names).names)
            found.append((name, table.count))
    return found


@dataclass(frozen=True, slots=True)
class Pictures:
    """Reads the rows and finds their pictures, in archives or in folders."""

    directory: Path
    safe: bool | None
    archives: Archives
    listings: Listings = field(default_factory=partial(Listings, PARTS))

    def of_table(self, name: str) -> Iterator[Item]:
        """Yield the pictures of one metadata file; raises ImportRefusedError."""
        with closing(ParquetTable(self.directory / name, name)) as table:
            found = COLUMNS.find(name, table.names)
            for row in table.rows(found.names):
                yield self._item(row, row.values or {}, found)

    def _item(self, row: Row, values: Mapping[str, object], found: Found) -> Item:
        path = values.get(IMAGE_PATH)
        if not isinstance(path, str) or not PurePosixPath(path).stem:
            return Refused(Reason.WRONG_VALUE, f"{row.place}, column {IMAGE_PATH} is no path")
        place = f"{row.place}: {path}"
        if not is_inside(path):
            return Refused(Reason.OUTSIDE, place)
        if not is_printable(path):
            return Refused(Reason.UNPRINTABLE_NAME, place)
        try:
            facts = found.facts(values)
        except WrongValueError as error:
            return Refused(Reason.WRONG_VALUE, f"{row.place}, {error}")
        there = self._find(PurePosixPath(path))
        if isinstance(there, Reason):
            return Refused(there, place)
        origin, member = there
        keys = (PurePosixPath(path).stem, path)
        if origin.kind == "zip":
            read = partial(self.archives.read, Path(origin.path), member)
        else:
            read = partial(read_file, self.directory, member)
        return Candidate(place, keys, keys, origin, member, self.safe, read, lambda: facts)

    def _find(self, path: PurePosixPath) -> tuple[Origin, str] | Reason:
        """Return where a picture lies, or why it cannot be read; an archive comes first."""
        part = self.directory / path.parent
        archive = part.with_name(f"{part.name}.zip") if part.name else part
        if not _is(archive.is_file):
            if not _is(part.is_dir):
                return Reason.PART_ABSENT
            # Unpacked by hand, a folder often lies in another one of its name.
            inner = path.parent / path.parent.name / path.name
            member = inner if _is((self.directory / inner).is_file) else path
            return Origin("folder", str(self.directory)), member.as_posix()
        listing = self.listings.of(Part(0, "zip", archive))
        if listing is None:
            return Reason.PART_BROKEN
        name = listing.get(path.name, Reason.MISSING)
        return name if isinstance(name, Reason) else (Origin("zip", str(archive)), name)


def _is(ask: Callable[[], bool]) -> bool:
    """Ask what is at a path; a name that no disk can have is nowhere."""
    try:
        return ask()
    except OSError:
        return False
