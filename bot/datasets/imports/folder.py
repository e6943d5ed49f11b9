"""`jury import folder`: pictures of a folder, with the prompts that lie beside them."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from bot.datasets.imports.batches import BATCH, open_batches
from bot.datasets.imports.candidates import Candidate, Facts, Origin
from bot.datasets.imports.checks import check_folder
from bot.datasets.imports.scanning import FoundFile, find_files
from bot.datasets.imports.sidecars import SidecarError, read_sidecar
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.summary import Summary, Tally
from bot.images.originals import read_file


async def import_folder(sink: Sink, directory: Path, *, safe: bool | None = None) -> Summary:
    """Import the pictures of `directory` and of the folders in it; again, only what is new.

    A picture's key is its file's stem, or its relative path where the folder has the stem twice.
    A file that was imported keeps its key. Another file with a key that is taken is left out,
    unless it has the same bytes: then it is where they are read from now. Each batch
    is stored whole, so an import that was killed goes on where it was.

    `safe` holds for what is new and for what is there with the same bytes; None makes what is new
    not safe, and leaves alone what is there.

    Raises ImportRefusedError, SourceUnavailableError and StorageError.
    """
    folder = await asyncio.to_thread(check_folder, directory)
    tally = Tally(sink.data_set)
    files = await asyncio.to_thread(find_files, folder, tally)
    with tally.told(), open_batches(sink, tally) as batches:
        for begin in range(0, len(files), BATCH):
            sink.progress(begin, len(files))
            found = files[begin : begin + BATCH]
            await batches.take([_candidate(folder, file, safe=safe) for file in found])
    sink.progress(len(files), len(files))
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
