"""CHANGES: what is new in a release, in counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bot.datasets.releases.contents import REMOVED, Contents
from bot.datasets.releases.request import Before
from storage.times import from_microseconds

CHANGES: Final = "CHANGES"

COUNTED: Final = ("votes", "images", "raters")


def write_changes(
    folder: Path, contents: Contents, removed: Mapping[str, int], before: Before | None
) -> None:
    """Write what there is more and less of than `before`; `removed`: rows by reason."""
    text = "\n".join(_lines(contents, removed, before))
    (folder / CHANGES).write_text(f"{text}\n", encoding="utf-8")


def _lines(contents: Contents, removed: Mapping[str, int], before: Before | None) -> Iterator[str]:
    yield f"Release {contents.number}, {contents.released_at[:10]}"
    yield ""
    if before is None:
        yield "The first release: all of it is new."
    else:
        day = from_microseconds(before.read_at).date()
        yield f"Compared with release {before.number}, {day}:"
    earlier: Mapping[str, Any] = before.counts if before else {}
    yield ""
    for name in COUNTED:
        yield _line(name, contents.counts[name], earlier.get(name))
    yield ""
    yield "Rows:"
    tables: Mapping[str, int] = earlier.get("tables", {})
    for table in contents.tables:
        if table.path != REMOVED:
            yield _line(f"  {table.path}", table.rows, tables.get(table.path))
    for path in sorted(tables.keys() - {table.path for table in contents.tables}):
        yield f"  {path}: gone (had {tables[path]:,})"
    if before is not None:
        yield ""
        yield "Rows that are gone since, as removed.parquet names them:"
        for reason, rows in sorted(removed.items()):
            yield f"  {reason}: {rows:,}"
        if not removed:
            yield "  none"


def _line(name: str, now: int, before: int | None) -> str:
    return f"{name}: {now:,}" + ("" if before is None else f" ({now - before:+,})")
