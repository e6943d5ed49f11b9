"""ImageRewardDB's ratings, as imported votes on scales of their own.

A row has what the publisher made of the judgements of its annotators: `overall_rating`,
`image_text_alignment_rating` and `fidelity_rating` from 1 to 7, and `rank` among the images of its
prompt, 4 to 9 of them, 1 for the best: https://arxiv.org/abs/2304.05977. Who judged is not said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

import pyarrow as pa

from bot.datasets.imports.checks import check_folder
from bot.datasets.imports.imagerewarddb.pictures import IMAGE_PATH, find_tables
from bot.datasets.imports.parquet import is_number
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.summary import NAMES_SHOWN, Noted
from bot.datasets.imports.tables.files import ParquetTable, plain_values
from bot.datasets.imports.votes.formats import Format
from bot.datasets.imports.votes.importing import import_votes
from bot.datasets.imports.votes.rows import IMAGE, RATING, RawRows
from bot.datasets.imports.votes.summary import VotesSummary
from bot.errors import ImportRefusedError
from bot.keyed_hash import KeyedHash

BEST: Final = 7
MOST_IN_A_SET: Final = 9
SCALES: Final[Mapping[str, tuple[str, int]]] = {
    "overall": ("overall_rating", BEST),
    "alignment": ("image_text_alignment_rating", BEST),
    "fidelity": ("fidelity_rating", BEST),
    "rank": ("rank", MOST_IN_A_SET),
}
"""The column of each scale, and its highest value; the lowest is 1."""


async def import_ratings(
    sink: Sink, directory: Path, *, keyed_hash: KeyedHash
) -> tuple[VotesSummary, ...]:
    """Import the ratings of all metadata in `directory`; again, only what is new.

    Each scale is a collection of its own, `imagerewarddb-overall` and so on, and every value stays
    as it is. They need no pictures: an image is known by its key.

    Raises ImportRefusedError and StorageError.
    """
    directory = await asyncio.to_thread(check_folder, directory)
    tables = await asyncio.to_thread(find_tables, directory)
    summaries = []
    for scale, (column, high) in SCALES.items():
        opened = partial(RatingsFile, column=column)
        kind = Format("imagerewarddb", 1, high, whole=False, required=(), open=opened)
        of_scale = [
            await import_votes(
                sink,
                directory / name,
                kind,
                collection=f"imagerewarddb-{scale}",
                keyed_hash=keyed_hash,
            )
            for name, _ in tables
        ]
        summaries.append(_together([name for name, _ in tables], of_scale))
    return tuple(summaries)


class RatingsFile:
    """One column of ratings of a metadata file. Close it after use."""

    def __init__(self, path: Path, column: str) -> None:
        """Open the file and check its columns; raises ImportRefusedError."""
        self.called: Mapping[str, str] = {IMAGE: IMAGE_PATH, RATING: column}
        self.columns: Collection[str] = (IMAGE, RATING)
        self._column = column
        self._table = ParquetTable(path, path.name)
        try:
            self._check(path.name)
        except ImportRefusedError:
            self._table.close()
            raise
        self.count = self._table.count

    def batches(self, size: int) -> Iterator[RawRows]:
        """Yield the rows in the file's order, at most `size` at a time.

        Raises ImportRefusedError where the file turns out to be damaged.
        """
        first = 1
        wanted = [IMAGE_PATH, self._column]
        for batch in self._table.batches(wanted, size, wanted):
            keys = [_key(path) for path in plain_values(batch.column(IMAGE_PATH))]
            columns = {IMAGE: pa.array(keys, pa.string()), RATING: batch.column(self._column)}
            yield RawRows(first, columns)
            first += len(batch)

    def close(self) -> None:
        """Close the file."""
        self._table.close()

    def _check(self, name: str) -> None:
        for column in self.called.values():
            if column not in self._table.names:
                raise ImportRefusedError(f"{name} has no column {column}")
        self._table.check(list(self.called.values()))
        kind = self._table.schema.field(self._column).type
        if not is_number(kind):
            raise ImportRefusedError(f"{name}: the column {self._column} has {kind}, not numbers")


def _key(path: object) -> str | None:
    return PurePosixPath(path).stem if isinstance(path, str) else None


def _together(names: Sequence[str], summaries: Sequence[VotesSummary]) -> VotesSummary:
    """Return what the imports of several files into one collection did together."""
    left_out: dict[str, Noted] = {}
    for name, summary in zip(names, summaries, strict=True):
        for entry in summary.left_out:
            before = left_out.get(entry.reason, Noted(entry.reason, 0, ()))
            shown = (*before.names, *(f"{name}, {each}" for each in entry.names))
            left_out[entry.reason] = Noted(
                entry.reason, before.count + entry.count, shown[:NAMES_SHOWN]
            )
    return replace(
        summaries[-1],
        read=sum(each.read for each in summaries),
        added=sum(each.added for each in summaries),
        already_there=sum(each.already_there for each in summaries),
        completed=sum(each.completed for each in summaries),
        left_out=tuple(left_out.values()),
    )
