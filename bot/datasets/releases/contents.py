"""What a release says of itself in `release.json`: its number, date, tables and other files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from bot.datasets.exports.request import LeftOut
from bot.datasets.exports.target import RELEASED

CONTENTS: Final = RELEASED
REMOVED: Final = "removed.parquet"
PARQUET: Final = ".parquet"

LARGEST_BYTES: Final = 64 * 2**20
"""More than any release's own description has."""


class ContentsError(Exception):
    """`release.json` is not there or says nothing of use; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name, its Arrow type in words, whether values may be missing."""

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class TableFile:
    """A parquet file: its path in the folder, rows, bytes unpacked, columns.

    Readers get it as the `split` of the dataset configuration `config`; both are empty where they
    do not.
    """

    path: str
    rows: int
    unpacked_bytes: int
    columns: tuple[Column, ...]
    config: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True)
class NamedRows:
    """Rows in a file: their columns. `name` is empty where the file has no others."""

    name: str
    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file that is no parquet and has rows all the same: its path in the folder, and they."""

    path: str
    holds: tuple[NamedRows, ...]


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures in a release: whether all are known to be safe, and what is left out."""

    all_safe: bool
    left_out: LeftOut

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON, in which the counts stand beside the flag."""
        return {"all_safe": self.all_safe, **asdict(self.left_out)}

    @classmethod
    def parsed(cls, values: Mapping[str, Any]) -> Self:
        """Return what `as_dict` made, after its way through JSON."""
        counts = {name: count for name, count in values.items() if name != "all_safe"}
        return cls(values["all_safe"], LeftOut(**counts))


@dataclass(frozen=True, slots=True)
class Contents:
    """A release: `released_at` in ISO 8601, UTC. `counts`: votes, images, raters and more.

    The first releases describe no `others`. `pictures` is None where there are none. `hidden`:
    images to which there is no link, since moderators have hidden them.
    """

    number: int
    identity: str
    released_at: str
    licence: str
    counts: Mapping[str, Any]
    tables: tuple[TableFile, ...] = ()
    others: tuple[OtherFile, ...] = ()
    pictures: Pictures | None = None
    hidden: int = 0

    @property
    def left_out(self) -> LeftOut:
        """What is left out of any table: pictures and links are of the same images."""
        return self.pictures.left_out if self.pictures else LeftOut(hidden=self.hidden)

    @property
    def version(self) -> str:
        """The number as other formats want versions."""
        return f"{self.number}.0.0"

    def write(self, folder: Path) -> None:
        """Write `release.json`. Raises OSError."""
        pictures = None if self.pictures is None else self.pictures.as_dict()
        text = json.dumps(asdict(self) | {"pictures": pictures}, indent=2)
        (folder / CONTENTS).write_text(f"{text}\n", encoding="ascii")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read `release.json`; raises ContentsError."""
        path = folder / CONTENTS
        try:
            if path.stat().st_size > LARGEST_BYTES:
                raise ContentsError(f"{CONTENTS} is larger than any that was released")
            values = json.loads(path.read_bytes())
        except OSError as error:
            raise ContentsError(f"{CONTENTS}: {error.strerror or error}") from None
        except (ValueError, RecursionError):
            raise ContentsError(f"{CONTENTS} is no JSON") from None
        try:
            pictures = values.get("pictures")
            read = {
                "tables": tuple(map(_table, values["tables"])),
                "others": tuple(map(_other, values.get("others", ()))),
                "pictures": None if pictures is None else Pictures.parsed(pictures),
            }
            contents = cls(**{**values, **read})
        except (TypeError, KeyError, AttributeError):
            raise ContentsError(f"{CONTENTS} has other fields than a release writes") from None
        if contents._is_of_its_types():
            return contents
        raise ContentsError(f"{CONTENTS} has values of other types than a release writes")

    def _is_of_its_types(self) -> bool:
        texts = [self.identity, self.released_at, self.licence]
        numbers = [self.number, self.hidden]
        for table in self.tables:
            texts.append(table.path)
            numbers.append(table.rows)
        for other in self.others:
            texts.append(other.path)
            numbers += [rows.rows for rows in other.holds]
        return (
            isinstance(self.counts, dict)
            and all(isinstance(text, str) for text in texts)
            and all(isinstance(number, int) for number in numbers)
        )


def _table(values: Mapping[str, Any]) -> TableFile:
    columns = tuple(Column(**column) for column in values["columns"])
    return TableFile(**{**values, "columns": columns})


def _other(values: Mapping[str, Any]) -> OtherFile:
    holds = (NamedRows(**{**rows, "columns": tuple(rows["columns"])}) for rows in values["holds"])
    return OtherFile(values["path"], tuple(holds))
