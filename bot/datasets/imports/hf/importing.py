"""`jury import hf`: an image folder with its table, or parquet files with pictures in them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from bot.datasets.imports.archives import Archives
from bot.datasets.imports.batches import open_batches
from bot.datasets.imports.checks import check_folder
from bot.datasets.imports.hf.finding import Files, find
from bot.datasets.imports.hf.pictures import Checked, Reading
from bot.datasets.imports.hf.shards import NoPicturesError
from bot.datasets.imports.hf.zips import Zips
from bot.datasets.imports.keeping import clear
from bot.datasets.imports.scanning import is_picture, of_pictures
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.summary import Reason, Summary, Tally
from bot.datasets.imports.tables.columns import Columns
from bot.datasets.imports.tables.items import Item, take_items
from bot.errors import ImportRefusedError
from storage.leases import Lease

LEASE: Final = "import hf"


async def import_hf(
    sink: Sink,
    directory: Path,
    kept: Path,
    *,
    columns: Columns | None = None,
    safe: bool | None = None,
) -> Summary:
    """Import what Hugging Face's `datasets` loads from `directory`; again, only what is new.

    Tables `metadata.csv|jsonl|parquet` name pictures beside them, which stay where they are; other
    parquet files have pictures in them, which are written below `kept`. A folder with neither has
    pictures alone. Zips are read where they lie, as the folders that they would unpack to. Every
    file is looked into before anything is imported; each batch is stored whole, so an import that
    was killed goes on where it was. One runs a database.

    A picture's key is what `columns` say, else its name without its ending, and where the data set
    has other bytes under that, its path or the number of its row. `safe` is for what no column
    says.

    Raises ImportRefusedError, SourceUnavailableError and StorageError.
    """
    columns = columns or Columns()
    if safe is not None and (columns.safe or columns.unsafe):
        raise ImportRefusedError("either a column or the command says what is safe, not both")
    directory = await asyncio.to_thread(check_folder, directory)
    kept = await asyncio.to_thread(kept.resolve)
    files = await asyncio.to_thread(find, directory)
    tally = Tally(sink.data_set)
    with tally.told(), Archives() as archives:
        zips = Zips(directory, files.archives, archives)
        reading = Reading(directory, kept, columns, safe, zips)
        plan = await asyncio.to_thread(_check, reading, files, tally)
        for name in files.packed:
            tally.leave_out(Reason.PACKED, [name])
        async with Lease(sink.database, LEASE, sink.clock) as lease:
            if plan.shards:
                await asyncio.to_thread(clear, kept)
            with open_batches(sink, tally) as batches:
                await take_items(_items(reading, plan, files, tally), batches, plan.total, lease)
    return tally.summary()


@dataclass(frozen=True, slots=True)
class _Plan:
    """The tables and shards to read, and how many rows they have where that is known."""

    tables: tuple[Checked, ...]
    shards: tuple[str, ...]
    total: int | None


def _check(reading: Reading, files: Files, tally: Tally) -> _Plan:
    """Look into all files; return those to read.

    Raises ImportRefusedError, also where there is nothing but tables of something else.
    """
    tables = tuple(map(reading.check_table, files.tables))
    rows: dict[str, int] = {}
    without: dict[str, NoPicturesError] = {}
    for name in files.shards:
        try:
            rows[name] = reading.check_shard(name)
        except NoPicturesError as error:
            without[name] = error
    if without and not rows and not tables and not any(map(is_picture, files.others)):
        raise next(iter(without.values()))
    for name in without:
        tally.leave_out(Reason.NO_PICTURES, [name])
    total = sum(rows.values())
    return _Plan(tables, tuple(rows), None if tables or not total else total)


def _items(reading: Reading, plan: _Plan, files: Files, tally: Tally) -> Iterator[Item]:
    if not plan.tables and not plan.shards:
        for name in files.links:
            tally.leave_out(Reason.LINKED_FOLDER, [name])
        return map(reading.of_file, of_pictures(files.others, tally))
    tables, shards = map(reading.of_table, plan.tables), map(reading.of_shard, plan.shards)
    return chain.from_iterable(chain(tables, shards))
