"""Taking pictures into a data set, many at a time and each batch whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from sqlite3 import Connection
from typing import TypeVar

from bot.datasets.imports import near_duplicates
from bot.datasets.imports.candidates import (
    AlreadyThere,
    Candidate,
    Facts,
    Known,
    LeftOut,
    Origin,
    Picture,
    look,
)
from bot.datasets.imports.near_duplicates import NearDuplicates, Placed
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.summary import Reason, Tally
from storage import data_sets, images, perceptual_hashes, sets, sources
from storage.images import RANDOM_KEY_BITS, NewImage

T = TypeVar("T")

BATCH = 64
# Two pictures are decoded at a time: see bot.images.decoding on what each may take.
THREADS = 2


@dataclass(frozen=True, slots=True)
class Keyed:
    """A new picture under the key that it gets."""

    key: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class Batches:
    """Takes one batch of candidates after the other."""

    sink: Sink
    tally: Tally
    pool: ThreadPoolExecutor

    async def take(self, candidates: Sequence[Candidate]) -> None:
        """Look at the candidates, store what is new, count everything."""
        known = await self.sink.database.read(partial(self._known, candidates))
        looked = await self._each(partial(look, known=known), candidates)
        for left_out in (each for each in looked if isinstance(each, LeftOut)):
            self.tally.leave_out(left_out.reason, [left_out.candidate.place])
        there = [each for each in looked if isinstance(each, AlreadyThere)]
        new = self._keyed([each for each in looked if isinstance(each, Picture)], known)
        new = await self._kept(new)
        if not new and not there:
            return
        placed, turned = await self.sink.database.write(partial(self._store, new, there))
        self.tally.already_there += len(there)
        self.tally.now_safe += sum(each is True for each in turned)
        self.tally.now_unsafe += sum(each is False for each in turned)
        for keyed, outcome in zip(new, placed, strict=True):
            self._count(keyed.picture, outcome)

    async def _each(self, work: Callable[[Candidate], T], on: Sequence[Candidate]) -> list[T]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(
            *(loop.run_in_executor(self.pool, work, candidate) for candidate in on)
        )

    def _known(self, candidates: Sequence[Candidate], connection: Connection) -> Known:
        data_set = data_sets.by_name(connection, self.sink.data_set)
        if data_set is None:
            return Known({}, {})
        keys = {key for each in candidates for key in (*each.known_as, *each.new_keys)}
        found = {
            origin: source.id
            for origin in {each.origin for each in candidates}
            if (source := sources.by_path(connection, data_set.id, origin.path))
        }
        return Known(images.known_by_keys(connection, data_set.id, list(keys)), found)

    def _keyed(self, pictures: Sequence[Picture], known: Known) -> list[Keyed]:
        """Give each picture a key of its own; the first of several that want one gets it."""
        taken: dict[str, Picture] = {}
        for picture in pictures:
            free = [key for key in picture.candidate.new_keys if key not in known.images]
            same = [taken[key] for key in free if key in taken]
            key = next((key for key in free if key not in taken), None)
            if any(each.sha256 == picture.sha256 for each in same):
                self.tally.already_there += 1
            elif key is None:
                self.tally.leave_out(Reason.KEY_TAKEN, [picture.candidate.place])
            else:
                taken[key] = picture
        return [Keyed(key, picture) for key, picture in taken.items()]

    async def _kept(self, new: list[Keyed]) -> list[Keyed]:
        """Return those to store, whose bytes lie where they are read from now on."""
        if all(each.picture.candidate.keep is None for each in new):
            return new
        if self.sink.near is NearDuplicates.SKIP:
            # Before their bytes are kept, which nobody would take away again.
            hashes = {each.key: each.picture.measured.perceptual_hash for each in new}
            alike = await self.sink.database.read(
                partial(near_duplicates.find, data_set=self.sink.data_set, hashes=hashes)
            )
            for each in (each for each in new if each.key in alike):
                skipped = Placed(added=False, alike=alike[each.key])
                self._count(each.picture, skipped)
            new = [each for each in new if each.key not in alike]
        await self._each(_keep, [each.picture.candidate for each in new])
        return new

    def _store(
        self, new: Sequence[Keyed], there: Sequence[AlreadyThere], connection: Connection
    ) -> tuple[list[Placed], list[bool]]:
        """Return what became of each new one, and whether each there that turned is safe now."""
        now = self.sink.clock.now()
        data_set = self.sink.place(connection)
        turned = [
            safe
            for each in there
            if (safe := self._renew(connection, data_set.id, each)) is not None
        ]
        rows = [self._row(connection, data_set.id, each) for each in new]
        return [near_duplicates.place(connection, row, self.sink.near, now) for row in rows], turned

    def _renew(self, connection: Connection, data_set_id: int, each: AlreadyThere) -> bool | None:
        """Store what is new about an image; return whether it is safe now if that changed."""
        safe, known = each.candidate.safe, each.known
        source_id = _source(connection, data_set_id, each.candidate.origin)
        if (known.source_id, known.member) != (source_id, each.candidate.member):
            images.move(connection, known.id, source_id, each.candidate.member)
        if each.perceptual_hash is not None:
            perceptual_hashes.store(connection, known.id, each.perceptual_hash)
        if (
            safe is None
            or not each.candidate.turns
            or not images.set_safe(connection, known.id, safe=safe)
        ):
            return None
        return safe

    def _row(self, connection: Connection, data_set_id: int, keyed: Keyed) -> NewImage:
        picture, candidate = keyed.picture, keyed.picture.candidate
        facts = picture.facts or Facts()
        set_id = None
        if facts.set_key is not None:
            set_id = sets.create(connection, data_set_id, facts.set_key, facts.prompt).id
        return NewImage(
            data_set_id,
            keyed.key,
            _source(connection, data_set_id, candidate.origin),
            candidate.member,
            bool(candidate.safe),
            self.sink.random.getrandbits(RANDOM_KEY_BITS),
            sha256=picture.sha256,
            set_id=set_id,
            prompt=facts.prompt,
            parameters=facts.parameters,
            width=picture.measured.width,
            height=picture.measured.height,
            perceptual_hash=picture.measured.perceptual_hash,
        )

    def _count(self, picture: Picture, placed: Placed) -> None:
        place = picture.candidate.place
        near_duplicates.count(self.tally, place, placed, safe=bool(picture.candidate.safe))
        if not placed.added:
            return
        if picture.measured.animated:
            self.tally.note(Reason.ANIMATED, place)
        if picture.facts is None:
            self.tally.note(Reason.SIDECAR_UNREADABLE, place)


@contextmanager
def open_batches(sink: Sink, tally: Tally) -> Iterator[Batches]:
    """Give what takes batches into the sink, with threads that look at pictures meanwhile."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="import") as pool:
        yield Batches(sink, tally, pool)


def _source(connection: Connection, data_set_id: int, origin: Origin) -> int:
    return sources.create(connection, data_set_id, origin.kind, origin.path).id


def _keep(candidate: Candidate) -> None:
    if candidate.keep is not None:
        candidate.keep()
