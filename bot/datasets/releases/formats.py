"""Every format into the folder of a release. For child processes only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from adbc_driver_manager.dbapi import Connection

from bot.datasets.exports.catalogue import FORMATS, Offer
from bot.datasets.exports.child import load
from bot.datasets.exports.folders import MARK
from bot.datasets.exports.reading import fetch
from bot.datasets.exports.request import NONE, ExportRequest, LeftOut
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.source import DATA_SETS, KEY, Progress, Source
from bot.datasets.exports.target import NOT_IN_NAMES
from bot.datasets.releases.contents import PARQUET, TableFile
from bot.datasets.releases.request import ReleaseRequest
from bot.datasets.releases.tables import described
from storage import exporting

LONGEST: Final = 60
"""Characters of a data set's name in the name of a file."""


@dataclass(frozen=True, slots=True)
class Part:
    """One export: where it goes in the folder, and the data sets that it is of.

    Its configurations are `apart` by this name, where rows of several data sets cannot be told
    from each other.
    """

    format: str
    path: str
    data_sets: tuple[str, ...]
    apart: str = ""

    @property
    def offer(self) -> Offer:
        """What the catalogue says of the format."""
        return FORMATS[self.format]


@dataclass(slots=True)
class Written:
    """What was written of all formats: the tables, what was left out of those with pictures.

    `unlinked` was left out of those that have links at most.
    """

    tables: list[TableFile] = field(default_factory=list)
    left_out: LeftOut = NONE
    unlinked: LeftOut = NONE


def data_set_names(connection: Connection) -> tuple[str, ...]:
    """Return every data set; the first thing that is read, so the moment of all that follows."""
    return tuple(fetch(connection, exporting.DATA_SETS, DATA_SETS)["name"].to_pylist())


def parts(data_sets: tuple[str, ...], *, distinct_keys: bool) -> Iterator[Part]:
    """Yield what is written of each format: all data sets together, or each by itself.

    By itself where a format names images by their keys alone; unless those are distinct, so are its
    configurations.
    """
    names = file_names(data_sets)
    for name, offer in FORMATS.items():
        ending = "" if offer.is_folder else f".{offer.file_types[0]}"
        if offer.by_key:
            for data_set, stem in names.items():
                apart = "" if distinct_keys else f"_{stem}"
                yield Part(name, f"{name}/{stem}{ending}", (data_set,), apart)
        else:
            yield Part(name, f"{name}{ending}", data_sets)


def file_names(data_sets: tuple[str, ...]) -> Mapping[str, str]:
    """Return for each data set a name that any file system and any pattern takes as it is."""
    names: dict[str, str] = {}
    for number, data_set in enumerate(data_sets, 1):
        name = NOT_IN_NAMES.sub("_", data_set)[:LONGEST].lstrip(".") or "_"
        taken = {other.casefold() for other in names.values()}
        while name.casefold() in taken:
            name = f"{name}_{number}"
        names[data_set] = name
    return names


def write_formats(
    connection: Connection,
    request: ReleaseRequest,
    folder: Path,
    data_sets: tuple[str, ...],
    progress: Progress,
) -> Written:
    """Write all that the catalogue has.

    Raises RefusedError, OSError, pyarrow.ArrowException and adbc_driver_manager.Error.
    """
    written = Written()
    every = list(parts(data_sets, distinct_keys=_distinct_keys(connection)))
    for number, part in enumerate(every):
        target = folder / part.path
        target.parent.mkdir(exist_ok=True)
        export = _export(request, part, target)
        source = Source.of(connection, export, _share(progress, number, len(every)))
        counts = load(part.format).write(source, target, export)
        if export.pictures == "none":
            written.unlinked += counts.left_out
        else:
            written.left_out += counts.left_out
        if part.offer.is_folder:
            # It tells which folder a new export may replace; this one is never replaced.
            (target / MARK).unlink()
        written.tables += _tables(folder, part)
    return written


def _distinct_keys(connection: Connection) -> bool:
    ids = fetch(connection, exporting.DATA_SETS, DATA_SETS)["id"].to_pylist()
    sql, parameters = exporting.ambiguous_key(ids, safe=None)
    return not len(fetch(connection, sql, KEY, *parameters))


def _export(request: ReleaseRequest, part: Part, target: Path) -> ExportRequest:
    return ExportRequest(
        database=request.database,
        target=str(target),
        format=part.format,
        file_type=None if part.offer.is_folder else part.offer.file_types[0],
        selection=Selection(data_sets=part.data_sets),
        hash_key=request.hash_key,
        now=request.now,
        exact_signals=request.exact_signals,
        pictures=request.pictures if request.pictures in part.offer.pictures else "none",
    )


def _share(progress: Progress, number: int, parts: int) -> Progress:
    return lambda done, most: progress(number * most + done, parts * most)


def _tables(folder: Path, part: Part) -> Iterator[TableFile]:
    """Yield the parquet files of a part, each with what readers get it as."""
    target = folder / part.path
    if not part.offer.is_folder:
        if target.suffix == PARQUET:
            yield described(folder, target, f"{part.format}{part.apart}", "train")
        return
    for path in sorted(target.rglob(f"*{PARQUET}")):
        config, split = _loaded(part.offer, path.relative_to(target).as_posix())
        yield described(folder, path, config and f"{config}{part.apart}", split)


def _loaded(offer: Offer, path: str) -> tuple[str, str]:
    return next((what for one, what in offer.loaded.items() if fnmatchcase(path, one)), ("", ""))
