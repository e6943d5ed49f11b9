"""`jury import folder`: pictures of a folder, with the prompts that lie beside them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from sqlite3 import Connection

from bot.clock import Clock
from bot.datasets.imports import near_duplicates
from bot.datasets.imports.checks import check_folder, check_name
from bot.datasets.imports.near_duplicates import NearDuplicates, Placed
from bot.datasets.imports.scanning import FoundFile, find_files
from bot.datasets.imports.sidecars import Sidecar, SidecarError, read_sidecar
from bot.datasets.imports.summary import Progress, Reason, Summary, Tally, no_progress
from bot.errors import ImageUnreadableError
from bot.images.decoding import Measured, measure
from bot.images.originals import read_file
from storage import data_sets, images, perceptual_hashes, sets, sources
from storage.database import Database
from storage.images import RANDOM_KEY_BITS, KnownImage, NewImage

BATCH = 64
# Two pictures are decoded at a time: see bot.images.decoding on what each may take.
THREADS = 2

# What the data set already has under the keys of a batch, and the id of this folder as a source.
Known = tuple[Mapping[str, KnownImage], int | None]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not imported."""

    file: FoundFile
    reason: Reason


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """A file whose image the data set has, perhaps from elsewhere.

    `perceptual_hash` is what the image lacks, from an import that did not make any.
    """

    file: FoundFile
    known: KnownImage
    perceptual_hash: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that is new; `sidecar` is None where it cannot be read."""

    file: FoundFile
    sha256: bytes
    measured: Measured
    sidecar: Sidecar | None


Looked = LeftOut | AlreadyThere | Picture


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
    batches = _Batches(database, folder, data_set, target, safe, near, clock, random, tally)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="import") as pool:
        for begin in range(0, len(files), BATCH):
            progress(begin, len(files))
            await batches.take(files[begin : begin + BATCH], pool)
    progress(len(files), len(files))
    return tally.summary()


@dataclass(frozen=True, slots=True)
class _Batches:
    """Takes one batch of files after the other into a data set."""

    database: Database
    folder: Path
    data_set: str
    target: int
    safe: bool | None
    near: NearDuplicates
    clock: Clock
    random: Random
    tally: Tally

    async def take(self, files: Sequence[FoundFile], pool: ThreadPoolExecutor) -> None:
        """Look at the files, store what is new, count everything."""
        known = await self.database.read(partial(self._known, files))
        loop = asyncio.get_running_loop()
        looked = await asyncio.gather(
            *(loop.run_in_executor(pool, _look, self.folder, file, known) for file in files)
        )
        pictures = [each for each in looked if isinstance(each, Picture)]
        there = [each for each in looked if isinstance(each, AlreadyThere)]
        new = _one_a_key(pictures)
        placed: list[Placed] = []
        turned = 0
        if new or there:
            placed, turned = await self.database.write(partial(self._store, new, there))
        self.tally.now_safe += turned if self.safe else 0
        self.tally.now_unsafe += 0 if self.safe else turned
        self.tally.already_there += len(there)
        for left_out in (each for each in looked if isinstance(each, LeftOut)):
            self.tally.leave_out(left_out.reason, [left_out.file.member])
        for picture in (each for each in pictures if each not in new):
            self.tally.leave_out(Reason.KEY_TAKEN, [picture.file.member])
        for picture, outcome in zip(new, placed, strict=True):
            self._count(picture, outcome)

    def _known(self, files: Sequence[FoundFile], connection: Connection) -> Known:
        data_set = data_sets.by_name(connection, self.data_set)
        if data_set is None:
            return {}, None
        keys = [key for file in files for key in (file.stem, file.path)]
        source = sources.by_path(connection, data_set.id, str(self.folder))
        return images.known_by_keys(connection, data_set.id, keys), source.id if source else None

    def _store(
        self, pictures: Sequence[Picture], there: Sequence[AlreadyThere], connection: Connection
    ) -> tuple[list[Placed], int]:
        """Return what became of each, and of how many there it changed whether they are safe."""
        now = self.clock.now()
        data_set = data_sets.create(connection, self.data_set, target=self.target, now=now)
        source = sources.create(connection, data_set.id, "folder", str(self.folder))
        turned = 0
        for each in there:
            if self.safe is not None:
                turned += images.set_safe(connection, each.known.id, safe=self.safe)
            if (each.known.source_id, each.known.member) != (source.id, each.file.member):
                images.move(connection, each.known.id, source.id, each.file.member)
            if each.perceptual_hash is not None:
                perceptual_hashes.store(connection, each.known.id, each.perceptual_hash)
        rows = [
            self._row(connection, data_set.id, source.id, each, each.sidecar or Sidecar())
            for each in pictures
        ]
        return [near_duplicates.place(connection, row, self.near, now) for row in rows], turned

    def _row(
        self,
        connection: Connection,
        data_set_id: int,
        source_id: int,
        picture: Picture,
        sidecar: Sidecar,
    ) -> NewImage:
        set_id = None
        if sidecar.set_key is not None:
            set_id = sets.create(connection, data_set_id, sidecar.set_key, sidecar.prompt).id
        return NewImage(
            data_set_id,
            picture.file.key,
            source_id,
            picture.file.member,
            bool(self.safe),
            self.random.getrandbits(RANDOM_KEY_BITS),
            sha256=picture.sha256,
            set_id=set_id,
            prompt=sidecar.prompt,
            parameters=sidecar.parameters,
            width=picture.measured.width,
            height=picture.measured.height,
            perceptual_hash=picture.measured.perceptual_hash,
        )

    def _count(self, picture: Picture, placed: Placed) -> None:
        member = picture.file.member
        near_duplicates.count(self.tally, member, placed, safe=bool(self.safe))
        if not placed.added:
            return
        if picture.measured.animated:
            self.tally.note(Reason.ANIMATED, member)
        if picture.sidecar is None:
            self.tally.note(Reason.SIDECAR_UNREADABLE, member)


def _one_a_key(pictures: Sequence[Picture]) -> list[Picture]:
    """Return the first picture of each key: `a.png.png` may want the key of a second `a.png`."""
    first: dict[str, Picture] = {}
    for picture in pictures:
        first.setdefault(picture.file.key, picture)
    return list(first.values())


def _look(folder: Path, file: FoundFile, known: Known) -> Looked:
    """Read one file as the enemy may have made it; runs on a thread."""
    try:
        data = read_file(folder, file.member)
        sha256 = hashlib.sha256(data).digest()
        before = _compare(file, sha256, known)
        if isinstance(before, LeftOut):
            return before
        if before is not None and before.known.perceptual_hash is not None:
            return before
        measured = measure(data)
    except ImageUnreadableError as error:
        return LeftOut(file, Reason(error.fault))
    if before is not None:
        return replace(before, perceptual_hash=measured.perceptual_hash)
    try:
        return Picture(file, sha256, measured, read_sidecar(folder, file.member))
    except SidecarError:
        return Picture(file, sha256, measured, None)


def _compare(file: FoundFile, sha256: bytes, known: Known) -> LeftOut | AlreadyThere | None:
    """Find the file among what the data set has; None where it is new."""
    by_key, source_id = known
    candidates = [by_key[key] for key in (file.stem, file.path) if key in by_key]
    for candidate in candidates:
        if (candidate.source_id, candidate.member) == (source_id, file.member):
            if candidate.sha256 == sha256:
                return AlreadyThere(file, candidate)
            return LeftOut(file, Reason.KEY_TAKEN)
    for candidate in candidates:
        if candidate.sha256 == sha256:
            return AlreadyThere(file, candidate)
    return LeftOut(file, Reason.KEY_TAKEN) if file.key in by_key else None
