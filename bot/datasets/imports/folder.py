"""`jury import folder`: pictures of a folder, with the prompts that lie beside them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random

from bot.clock import Clock
from bot.datasets.imports.batches import BATCH, THREADS, Batches
from bot.datasets.imports.candidates import Candidate, Facts, Origin
from bot.datasets.imports.checks import check_folder, check_name
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.scanning import FoundFile, find_files
from bot.datasets.imports.sidecars import SidecarError, read_sidecar
from bot.datasets.imports.summary import Progress, Summary, Tally, no_progress
from bot.images.originals import read_file
from storage.database import Database


async def import_folder(
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
    """Import the pictures of `directory` and of the folders in it; again, only what is new.

    A picture's key is its file's stem, or its relative path where the folder has the stem twice.
    A file that was imported keeps its key. Another file with a key that is taken is left out,
    unless it has the same bytes: then it is where they are read from now. `target` is for a data
    set that does not exist yet. Each batch is stored whole, so an import that was killed goes on
    where it was.

    `safe` holds for what is new and for what is there with the same bytes; None makes what is new
    not safe, and leaves alone what is there. `near` is for pictures that look like one of the data
    set, of this import too.

    Raises ImportRefusedError, SourceUnavailableError and StorageError.
    """
    check_name(data_set)
    folder = await asyncio.to_thread(check_folder, directory)
    tally = Tally(data_set)
    files = await asyncio.to_thread(find_files, folder, tally)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="import") as pool:
        batches = Batches(database, data_set, target, near, clock, random, tally, pool)
        for begin in range(0, len(files), BATCH):
            progress(begin, len(files))
            found = files[begin : begin + BATCH]
            await batches.take([_candidate(folder, file, safe=safe) for file in found])
    progress(len(files), len(files))
    return tally.summary()


def _candidate(folder: Path, file: FoundFile, *, safe: bool | None) -> Candidate:
    return Candidate(
        file.member,
        (file.stem, file.path),
        (file.key,),
        Origin("folder", str(folder)),
        file.member,
        safe,
        partial(read_file, folder, file.member),
        partial(_facts, folder, file.member),
    )


def _facts(folder: Path, member: str) -> Facts | None:
    try:
        return read_sidecar(folder, member)
    except SidecarError:
        return None
