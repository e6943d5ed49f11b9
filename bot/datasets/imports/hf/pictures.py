"""What the rows of tables and shards say, as candidates for an import."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from bot.datasets.imports.candidates import Candidate, Facts, Origin
from bot.datasets.imports.hf.shards import PictureRow, Shard
from bot.datasets.imports.hf.zips import Zips
from bot.datasets.imports.keeping import keep, member_of
from bot.datasets.imports.scanning import FoundFile
from bot.datasets.imports.summary import Reason, is_printable
from bot.datasets.imports.tables.columns import (
    KEY_LENGTH,
    Columns,
    Found,
    WrongValueError,
    only_one,
)
from bot.datasets.imports.tables.files import Row, open_table
from bot.datasets.imports.tables.items import Item, Refused
from bot.errors import ImportRefusedError
from bot.images.originals import is_inside, read_file

FILE_NAME: Final = "file_name"
"""The column of a table with the path of a picture, relative to the table's folder; the library
takes one whose name ends in it too."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says of its picture; None where it does not."""

    key: str | None
    safe: bool | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Checked:
    """A table that can be used: all its columns, what they say, and which has the paths."""

    name: str
    columns: tuple[str, ...]
    found: Found
    image: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of one import are read.

    `kept` is where pictures go that lie in shards. `safe` is for what no column says. `zips` are
    those of the folder.
    """

    directory: Path
    kept: Path
    columns: Columns
    safe: bool | None
    zips: Zips

    def of_table(self, checked: Checked) -> Iterator[Item]:
        """Yield what a table says about the pictures beside it; raises ImportRefusedError."""
        name, column, found = checked.name, checked.image, checked.found
        with closing(open_table(self.zips.table(name), name, checked.columns)) as table:
            for row in table.rows(list(dict.fromkeys([column, *found.names]))):
                yield self._item(row, found, partial(self._beside, name, row, column))

    def of_shard(self, name: str) -> Iterator[Item]:
        """Yield the pictures of a shard; raises ImportRefusedError."""
        with closing(Shard(self.directory / name, name, self.columns.image)) as shard:
            found = self.columns.find(name, shard.names)
            for each in shard.rows(found.names):
                yield self._item(each.row, found, partial(self._inside, name, each))

    def of_file(self, file: FoundFile) -> Item:
        """Return a picture that no table speaks of: the name of its folder is its label."""
        parent = PurePosixPath(file.member).parent
        label = "" if str(parent) in self.zips.listings else parent.name
        parameters = json.dumps({"label": label}, ensure_ascii=False) if label else None
        said = Said(None, self.safe, Facts(parameters=parameters))
        return self._lying(file.member, file.member, said, (file.key,))

    def check_table(self, name: str) -> Checked:
        """Look at a table's columns and first row; raises ImportRefusedError if it is of no use."""
        with closing(open_table(self.zips.table(name), name)) as table:
            columns = tuple(table.names)
            found = self.columns.find(name, columns)
        checked = Checked(name, columns, found, self._file_name(name, columns))
        next(self.of_table(checked), None)
        return checked

    def check_shard(self, name: str) -> int:
        """Return how many rows a shard has; raises ImportRefusedError where it cannot be used."""
        with closing(Shard(self.directory / name, name, self.columns.image)) as shard:
            shard.check(self.columns.find(name, shard.names).names)
            return shard.count

    def _item(self, row: Row, found: Found, make: Callable[[Said], Item]) -> Item:
        if row.values is None:
            return Refused(row.reason, row.place)
        try:
            key, safe = found.key(row.values), found.is_safe(row.values)
            said = Said(key, self.safe if safe is None else safe, found.facts(row.values))
        except WrongValueError as error:
            return Refused(Reason.WRONG_VALUE, f"{row.place}, {error}")
        return make(said)

    def _file_name(self, table: str, names: Sequence[str]) -> str:
        """Return the column of a table with the paths of pictures; raises ImportRefusedError."""
        chosen = self.columns.image
        if chosen is not None and chosen in names:
            return chosen
        if FILE_NAME in names:
            return FILE_NAME
        found = [name for name in names if name.endswith(f"_{FILE_NAME}")]
        if not found:
            raise ImportRefusedError(f"{table} has no column {FILE_NAME}")
        return only_one(found, table)

    def _beside(self, table: str, row: Row, column: str, said: Said) -> Item:
        name = (row.values or {}).get(column)
        if not isinstance(name, str) or not name.strip():
            return Refused(Reason.WRONG_VALUE, f"{row.place}, column {column} is empty")
        member = (PurePosixPath(table).parent / name.strip()).as_posix()
        return self._lying(member, f"{row.place}: {member}", said)

    def _inside(self, shard: str, picture: PictureRow, said: Said) -> Item:
        row, data, path = picture.row, picture.data, picture.path
        if data is None:
            if not path:
                return Refused(Reason.NO_PICTURE, row.place)
            member = (PurePosixPath(shard).parent / path).as_posix()
            return self._lying(member, f"{row.place}: {member}", said)
        stem = _composed(PurePosixPath((path or "").replace("\\", "/")).stem)
        keys = [stem] if _is_key(stem) else []
        keys = [said.key] if said.key else [*keys, f"{shard}/{row.number}"]
        member = member_of(data)
        return Candidate(
            row.place,
            tuple(keys),
            tuple(keys),
            Origin("folder", str(self.kept)),
            member,
            said.safe,
            lambda: data,
            lambda: said.facts,
            partial(keep, self.kept, member, data),
            len(data),
        )

    def _lying(self, member: str, place: str, said: Said, new_keys: tuple[str, ...] = ()) -> Item:
        """Return a picture that lies in the folder or a zip of it, and stays there."""
        if not is_inside(member):
            return Refused(Reason.OUTSIDE, place)
        if not is_printable(member):
            return Refused(Reason.UNPRINTABLE_NAME, place)
        path = _composed(member)
        keys = (said.key,) if said.key else (PurePosixPath(path).stem, path)
        origin, read = Origin("folder", str(self.directory)), partial(read_file, self.directory)
        packed = self.zips.find(member)
        if packed is not None:
            if isinstance(packed.member, Reason):
                return Refused(packed.member, place)
            origin, member = Origin("zip", str(packed.path)), packed.member
            read = partial(self.zips.archives.read, packed.path)
        return Candidate(
            place,
            keys,
            new_keys or keys,
            origin,
            member,
            said.safe,
            partial(read, member),
            lambda: said.facts,
        )


def _is_key(stem: str) -> bool:
    return 0 < len(stem) <= KEY_LENGTH and is_printable(stem)


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
