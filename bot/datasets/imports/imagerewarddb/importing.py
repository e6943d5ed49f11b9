"""`jury import imagerewarddb`: the pictures of ImageRewardDB as it is published, in their sets."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from random import Random

from bot.clock import Clock
from bot.datasets.imports.archives import Archives
from bot.datasets.imports.batches import THREADS, Batches
from bot.datasets.imports.checks import check_folder, check_name
from bot.datasets.imports.imagerewarddb.pictures import Pictures, find_tables
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Progress, Summary, Tally, no_progress
from bot.datasets.imports.tables.items import take_items
from storage.database import Database


async def import_imagerewarddb(
    database: Database,
    directory: Path,
    *,
    data_set: str,
    target: int,
    clock: Clock,
    random: Random,
    safe: bool | None = None,
    near: NearDuplicates = NearDuplicates.COUNT,
    progress: Progress = no_progress,
) -> Summary:
    """Import the pictures whose part lies in `directory`; again, only what is new.

    Parts may be archives or folders, and added later; pictures are read from where they lie. The
    pictures of a prompt are a set, under the publisher's `prompt_id`. Each batch is stored whole,
    so an import that was killed goes on where it was. `safe`, `near` and `target` as for a folder.

    Raises ImportRefusedError, SourceUnavailableError and StorageError.
    """
    check_name(data_set)
    directory = await asyncio.to_thread(check_folder, directory)
    tables = await asyncio.to_thread(find_tables, directory)
    tally = Tally(data_set)
    with (
        Archives() as archives,
        ThreadPoolExecutor(THREADS, thread_name_prefix="import") as pool,
    ):
        batches = Batches(database, data_set, target, near, clock, random, tally, pool)
        pictures = Pictures(directory, safe, archives)
        items = chain.from_iterable(pictures.of_table(name) for name, _ in tables)
        await take_items(items, batches, progress, sum(rows for _, rows in tables))
    return tally.summary()
