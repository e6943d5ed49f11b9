"""`jury import diffusiondb`: the published layout of DiffusionDB 2M and Large.

https://github.com/poloclub/diffusiondb: a metadata file, and parts of 1,000 images as archives
or as folders, which may lie in the top folder or in the folders of the published sets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from posixpath import basename, splitext
from sqlite3 import Connection

from bot.datasets.imports.archives import Archives, Listing
from bot.datasets.imports.batches import BATCH, Batches, open_batches
from bot.datasets.imports.candidates import Candidate, Facts, Origin
from bot.datasets.imports.checks import check_folder
from bot.datasets.imports.metadata import BLURRED, NAMES, Metadata, Rows, parameters_json
from bot.datasets.imports.pace import ROWS_ALONE, Pace
from bot.datasets.imports.parts import PLACES, Listings, Part, find_parts
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.summary import Reason, Summary, Tally
from bot.errors import ImportRefusedError
from bot.images.originals import read_file
from storage import data_sets, images, sources
from storage.images import RANDOM_KEY_BITS, NewImage

LARGEST_SIDE = 2**16 - 1
"""Pixels; the published columns are 16 bits wide."""
ROWS_READ = 500
"""Rows whose pictures are read before progress is reported."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities (0-1) up to which an image counts as safe; both must hold."""

    image_nsfw: float
    prompt_nsfw: float

    def allow(self, image_nsfw: float, prompt_nsfw: float) -> bool:
        """Tell whether an image is safe; one without a probability (NaN) is not."""
        return image_nsfw <= self.image_nsfw and prompt_nsfw <= self.prompt_nsfw


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows to store: `safe` and `unsafe` apart, so that each can be counted."""

    safe: list[NewImage]
    unsafe: list[NewImage]


async def import_diffusiondb(
    sink: Sink, directory: Path, *, thresholds: Thresholds, looking: bool = False
) -> Summary:
    """Import the images whose part lies in `directory`; again, only what is new.

    Parts may be added later. What its publisher has blurred is left out; what is above a threshold
    or has no probability is imported as not safe. The pictures themselves are read when they are
    posted, from where they lie, or now where the import is `looking` for near-duplicates. Many rows
    are stored at once, each of them whole, so an import that was killed goes on where it was.

    Raises ImportRefusedError and StorageError.
    """
    directory = await asyncio.to_thread(check_folder, directory)
    parts, paths = await asyncio.to_thread(_found, directory)
    tally = Tally(sink.data_set)
    done = 0
    with tally.told(), ExitStack() as opened:
        tables = [opened.enter_context(closing(Metadata(path))) for path in paths]
        total = sum(table.count for table in tables)
        pace = Pace(sink.database, sink.clock)
        reading = None
        if looking:
            reading = _Reading(
                opened.enter_context(open_batches(sink, tally)), opened.enter_context(Archives())
            )
        run = _Run(sink, parts, thresholds, pace, tally, reading)
        for table in tables:
            batches = table.batches(ROWS_ALONE)
            while (rows := await asyncio.to_thread(next, batches, None)) is not None:
                await run.take(rows, lambda count: sink.progress(done + count, total))  # noqa: B023 - called within this turn
                done += len(rows)
    sink.progress(done, done)
    return tally.summary()


@dataclass(frozen=True, slots=True)
class _Reading:
    """Takes images with a look at their pictures; `parts` are by what images have as sources."""

    batches: Batches
    archives: Archives
    parts: dict[int, Part] = field(default_factory=dict)

    async def take(self, found: Sequence[NewImage]) -> None:
        """Store what is new and count everything."""
        for begin in range(0, len(found), BATCH):
            await self.batches.take(
                [self._candidate(each) for each in found[begin : begin + BATCH]]
            )

    def _candidate(self, image: NewImage) -> Candidate:
        part = self.parts[image.source_id]
        read = self.archives.read if part.kind == "zip" else read_file
        return Candidate(
            image.member,
            (image.key,),
            (image.key,),
            Origin(part.kind, str(part.path)),
            image.member,
            image.safe,
            partial(read, part.path, image.member),
            lambda: Facts(image.prompt, image.parameters),
            turns=False,
        )


@dataclass(slots=True)
class _Run:
    """Takes rows of the metadata into a data set, which is made with the first of its images."""

    sink: Sink
    parts: Mapping[int, Sequence[Part]]
    thresholds: Thresholds
    pace: Pace
    tally: Tally
    reading: _Reading | None
    listings: Listings = field(default_factory=Listings)
    data_set_id: int = 0
    source_ids: Mapping[Path, int] = field(default_factory=dict)

    async def take(self, rows: Rows, progress: Callable[[int], None]) -> None:
        """Store those of the rows that are new and can be posted; count the others."""
        if not self.source_ids and await asyncio.to_thread(self._has_any, rows):
            await self._place()
        begin = 0
        while begin < len(rows):
            step = ROWS_READ if self.reading else await self.pace.rows()
            end = min(len(rows), begin + step)
            chosen = await asyncio.to_thread(self._choose, rows, range(begin, end))
            if self.reading:
                await self.reading.take([*chosen.safe, *chosen.unsafe])
            else:
                await self._store(chosen)
            begin = end
            progress(end)

    async def _place(self) -> None:
        """Make data set and sources; who looks at pictures makes them once there is a good one."""
        database, parts = self.sink.database, [*chain.from_iterable(self.parts.values())]
        known = await database.read(partial(data_sets.by_name, name=self.sink.data_set))
        if self.reading and known is None:
            self.source_ids = {part.path: number for number, part in enumerate(parts)}
        else:
            self.data_set_id, self.source_ids = await database.write(
                partial(_place, self.sink, parts)
            )
        if self.reading:
            self.reading.parts.update({self.source_ids[part.path]: part for part in parts})

    def _has_any(self, rows: Rows) -> bool:
        """Tell whether there is an image to be had of any row."""
        ids = rows.part_id
        there = sorted(
            (number, at)
            for at, number in enumerate(ids)
            if number is not None and number in self.parts
        )
        for number, group in groupby(there, key=itemgetter(0)):
            listings = self._listings(number)
            for _, at in group:
                name = rows.image_name[at]
                blurred = rows.image_nsfw[at] >= BLURRED
                if name and not blurred and not isinstance(_find(name, listings), Reason):
                    return True
        return False

    async def _store(self, chosen: Chosen) -> None:
        safe, unsafe = await self.sink.database.write(
            partial(_store, chosen, self.sink.clock.now())
        )
        self.tally.safe += safe
        self.tally.added += safe + unsafe
        self.tally.already_there += len(chosen.safe) + len(chosen.unsafe) - safe - unsafe

    def _choose(self, rows: Rows, span: range) -> Chosen:
        """Look at rows part by part, so that each part's listing is read once."""
        chosen = Chosen([], [])
        ids = rows.part_id
        order = sorted(span, key=lambda at: ids[at] or 0)
        for number, group in groupby(order, key=ids.__getitem__):
            members = list(group)
            if number is None:
                names = (rows.image_name[at] or "" for at in members)
                self.tally.leave_out(Reason.WRONG_ROW, names, len(members))
            elif number not in self.parts:
                self.tally.leave_out(Reason.PART_ABSENT, [f"part-{number:06}"], len(members))
            else:
                self._choose_of_part(rows, members, number, chosen)
        # Neighbours in an index are written together.
        chosen.safe.sort()
        chosen.unsafe.sort()
        return chosen

    def _choose_of_part(
        self, rows: Rows, members: Sequence[int], number: int, chosen: Chosen
    ) -> None:
        listings = self._listings(number)
        for at in members:
            name = rows.image_name[at]
            if not name:
                self.tally.leave_out(Reason.WRONG_ROW, [f"part-{number:06}"])
            elif rows.image_nsfw[at] >= BLURRED:
                self.tally.leave_out(Reason.BLURRED, [name])
            else:
                found = _find(name, listings)
                if isinstance(found, Reason):
                    self.tally.leave_out(found, [name])
                else:
                    safe = self.thresholds.allow(rows.image_nsfw[at], rows.prompt_nsfw[at])
                    (chosen.safe if safe else chosen.unsafe).append(
                        self._row(rows, at, *found, safe=safe)
                    )

    def _listings(self, number: int) -> list[tuple[Part, Listing | None]]:
        return [(part, self.listings.of(part)) for part in self.parts[number]]

    def _row(self, rows: Rows, at: int, part: Part, member: str, *, safe: bool) -> NewImage:
        return NewImage(
            self.data_set_id,
            splitext(basename(member))[0],
            self.source_ids[part.path],
            member,
            safe,
            self.sink.random.getrandbits(RANDOM_KEY_BITS),
            prompt=rows.prompt[at],
            parameters=parameters_json(rows, at, part.number),
            width=_pixels(rows.width[at]),
            height=_pixels(rows.height[at]),
        )


def _find(name: str, listings: Sequence[tuple[Part, Listing | None]]) -> tuple[Part, str] | Reason:
    """Return where a picture lies, or why it cannot be used."""
    reason = Reason.MISSING
    for part, listing in listings:
        if listing is None:
            reason = Reason.PART_BROKEN
        elif (member := listing.get(name)) is not None:
            if not isinstance(member, Reason):
                return part, member
            reason = member
    return reason


def _pixels(number: int | None) -> int | None:
    return number if number is not None and 0 < number <= LARGEST_SIDE else None


def _found(directory: Path) -> tuple[dict[int, list[Part]], list[Path]]:
    """Return the parts and the metadata files; raises ImportRefusedError where either lacks."""
    try:
        parts = find_parts(directory)
        paths = [directory / name for name in NAMES if (directory / name).is_file()]
    except OSError as error:
        raise ImportRefusedError(f"{directory} cannot be read: {error}") from error
    if not parts:
        raise ImportRefusedError(f"{directory} has no part-xxxxxx.zip and no folder part-xxxxxx")
    if not paths:
        raise ImportRefusedError(f"{directory} has no {' or '.join(NAMES)}")
    return parts, paths


def _place(
    sink: Sink, parts: Sequence[Part], connection: Connection
) -> tuple[int, dict[Path, int]]:
    """Return the data set's id, and of each part the id of its source.

    A part that was imported from where it no longer lies is the same source in its new place.
    """
    data_set = sink.place(connection)
    known = {
        Path(source.path): source.id for source in sources.of_data_set(connection, data_set.id)
    }
    lost = {_place_name(path): number for path, number in known.items() if _is_gone(path)}
    ids = {}
    for part in parts:
        moved = lost.pop(_place_name(part.path), None)
        if moved is not None and part.path not in known:
            sources.move(connection, moved, part.kind, str(part.path))
        ids[part.path] = sources.create(connection, data_set.id, part.kind, str(part.path)).id
    return data_set.id, ids


def _is_gone(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:
        return False


def _place_name(path: Path) -> tuple[str, str]:
    """Return what stays of a part's path when the whole data set is moved."""
    folder = path.parent.name
    return folder if PLACES.fullmatch(folder) else "", path.name.removesuffix(".zip")


def _store(chosen: Chosen, now: datetime, connection: Connection) -> tuple[int, int]:
    safe = images.insert_new(connection, chosen.safe, now)
    return safe, images.insert_new(connection, chosen.unsafe, now)
