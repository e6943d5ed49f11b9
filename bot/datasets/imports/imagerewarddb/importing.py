"""`jury import imagerewarddb`: the pictures of ImageRewardDB as it is published, in their sets."""

from __future__ import annotations

import asyncio
from itertools import chain
from pathlib import Path

from bot.datasets.imports.archives import Archives
from bot.datasets.imports.batches import open_batches
from bot.datasets.imports.checks import check_folder
from bot.datasets.imports.imagerewarddb.pictures import Pictures, find_tables
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.summary import Summary, Tally
from bot.datasets.imports.tables.items import take_items


async def import_imagerewarddb(sink: Sink, directory: Path, *, safe: bool | None = None) -> Summary:
    """Import the pictures whose part lies in `directory`; again, only what is new.

    Parts may be archives or folders, and added later; pictures are read from where they lie. The
    pictures of a prompt are a set, under the publisher's `prompt_id`. Each batch is stored whole,
    so an import that was killed goes on where it was. `safe` as for a folder.

    Raises ImportRefusedError, SourceUnavailableError and StorageError.
    """
    directory = await asyncio.to_thread(check_folder, directory)
    tables = await asyncio.to_thread(find_tables, directory)
    tally = Tally(sink.data_set)
    with tally.told(), Archives() as archives, open_batches(sink, tally) as batches:
        pictures = Pictures(directory, safe, archives)
        items = chain.from_iterable(pictures.of_table(name) for name, _ in tables)
        await take_items(items, batches, sum(rows for _, rows in tables))
    return tally.summary()
