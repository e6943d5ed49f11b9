"""Whether a folder still is what was released: sums, schemas and counts. It may be anybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from bot.datasets.releases.contents import (
    CONTENTS,
    PARQUET,
    Contents,
    ContentsError,
    OtherFile,
    TableFile,
)
from bot.datasets.releases.other_files import UnreadableError, is_described, other_file
from bot.datasets.releases.sums import (
    SUMS,
    SumsError,
    digest_of,
    files_below,
    read_sums,
    shown,
)
from bot.datasets.releases.tables import described

VOTES = "votes.parquet"
"""The table with a row a vote."""

LONGEST_REASON = 200
"""Characters of what a library says of a file."""

Progress = Callable[[int, int], None]
"""Hears the files read, and how many there are."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: the release as it calls itself, how much was looked at, and what is wrong.

    `contents` is None where the folder does not say of what release it is. Each problem is one
    line. SHA256SUMS itself is vouched for by nobody: whoever publishes it tells its own sum.
    """

    contents: Contents | None
    files: int
    sums_digest: str
    problems: tuple[str, ...]


def verify(folder: Path, progress: Progress) -> Verdict:
    """Look at every file of a release. Raises OSError where the folder itself cannot be read."""
    there = dict(files_below(folder))
    problems = [
        f"{shown(name)}: is an empty folder, a link or no plain file"
        for name, entry in there.items()
        if not entry.is_file(follow_symlinks=False)
    ]
    plain = {name for name, entry in there.items() if entry.is_file(follow_symlinks=False)}
    try:
        sums = _sums(folder, plain=SUMS in plain or SUMS not in there)
    except SumsError as error:
        return Verdict(None, len(there), "", (*problems, str(error)))
    problems += [f"{shown(name)}: is missing" for name in sorted(sums.keys() - there.keys())]
    problems += [
        f"{shown(name)}: is not of the release" for name in sorted(plain - sums.keys() - {SUMS})
    ]
    wanted = {name: sums[name] for name in sorted(plain & sums.keys())}
    right, wrong = _compare(folder, wanted, progress)
    problems += wrong
    contents: Contents | None = None
    try:
        contents = _contents(folder, right)
    except ContentsError as error:
        problems.append(str(error))
    else:
        problems += _tables(folder, contents, right, set(sums))
        problems += _others(folder, contents, right, set(sums))
    return Verdict(contents, len(there), digest_of(folder / SUMS), tuple(problems))


def _sums(folder: Path, *, plain: bool) -> Mapping[str, str]:
    if not plain:
        raise SumsError(f"{SUMS}: cannot be gone by")
    return read_sums(folder)


def _contents(folder: Path, right: set[str]) -> Contents:
    if CONTENTS not in right:
        raise ContentsError(f"{CONTENTS}: is not as it was, so no table was compared with it")
    return Contents.read(folder)


def _compare(
    folder: Path, sums: Mapping[str, str], progress: Progress
) -> tuple[set[str], list[str]]:
    """Return which files have their sum, and what is wrong with the others."""
    right, problems = set(), []
    for number, (name, digest) in enumerate(sums.items(), 1):
        try:
            if digest_of(folder / name) == digest:
                right.add(name)
            else:
                problems.append(f"{shown(name)}: was changed, its sum is another")
        except OSError as error:
            problems.append(f"{shown(name)}: cannot be read: {error.strerror or error}")
        progress(number, len(sums))
    return right, problems


def _tables(folder: Path, contents: Contents, right: set[str], listed: set[str]) -> Iterator[str]:
    """Yield what is wrong with the tables among the files that have their sum."""
    known = {table.path: table for table in contents.tables}
    yield from (
        f"{shown(name)}: is a table that the release does not describe"
        for name in sorted(right - known.keys())
        if name.endswith(PARQUET)
    )
    yield from _unlisted(known.keys() - listed)
    for path in sorted(known.keys() & right):
        yield from _table(folder, known[path])
    votes = known.get(VOTES)
    if votes is None or votes.rows != contents.counts.get("votes"):
        yield f"{VOTES}: has another number of votes than the release counts"


def _table(folder: Path, table: TableFile) -> Iterator[str]:
    try:
        found = described(folder, folder / table.path)
    except (OSError, pa.ArrowException, ValueError) as error:
        yield f"{shown(table.path)}: is no table that can be read: {_line(error)}"
        return
    if found.columns != table.columns:
        yield f"{shown(table.path)}: has other columns than the release describes"
    if found.rows != table.rows:
        yield f"{shown(table.path)}: has {found.rows} rows instead of {table.rows}"


def _others(folder: Path, contents: Contents, right: set[str], listed: set[str]) -> Iterator[str]:
    """Yield what is wrong with other files that have rows, where the release describes any."""
    known = {other.path: other for other in contents.others}
    if not known:
        return
    there = {name for name in right if is_described(folder, name)}
    for name in sorted(there - known.keys()):
        yield f"{shown(name)}: is a file with rows that the release does not describe"
    yield from _unlisted(known.keys() - listed)
    for name in sorted(known.keys() & right):
        yield from _other(folder, known[name])


def _other(folder: Path, other: OtherFile) -> Iterator[str]:
    path = shown(other.path)
    try:
        found = other_file(folder, other.path)
    except (UnreadableError, OSError) as error:
        yield f"{path}: cannot be read as it should: {_line(error)}"
        return
    if [each.name for each in found.holds] != [each.name for each in other.holds]:
        yield f"{path}: has other tables than the release describes"
        return
    for here, there in zip(found.holds, other.holds, strict=True):
        place = f"{path}, {shown(here.name)}" if here.name else path
        if here.columns != there.columns:
            yield f"{place}: has other columns than the release describes"
        if here.rows != there.rows:
            yield f"{place}: has {here.rows} rows instead of {there.rows}"


def _unlisted(paths: Iterable[str]) -> Iterator[str]:
    return (f"{shown(path)}: is described, but has no sum" for path in sorted(paths))


def _line(error: Exception) -> str:
    return shown(" ".join(str(error).split()))[:LONGEST_REASON]
