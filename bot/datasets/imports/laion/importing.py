"""`jury import laion`: pictures from the links of LAION's tables, with their captions."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from bot.datasets.fetching.fetcher import Fetcher
from bot.datasets.fetching.links import LONGEST
from bot.datasets.imports import near_duplicates
from bot.datasets.imports.keeping import clear
from bot.datasets.imports.laion.gathering import Gathering, Outcome
from bot.datasets.imports.laion.pictures import Kept, key_of
from bot.datasets.imports.laion.silence import Dead, Silence
from bot.datasets.imports.laion.tables import Row, Table
from bot.datasets.imports.laion.thresholds import Thresholds
from bot.datasets.imports.near_duplicates import Placed
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.summary import Reason, Summary, Tally
from bot.errors import ImportRefusedError, SourceUnavailableError
from storage import data_sets, dead_links, images, sources
from storage.images import RANDOM_KEY_BITS, NewImage
from storage.leases import Lease

LEASE: Final = "import laion"
BATCH: Final = 1_000
MOST_SILENT: Final = 30
"""So many servers in a row that say nothing: this machine is not online."""


async def import_laion(
    sink: Sink,
    files: Sequence[Path],
    folder: Path,
    *,
    thresholds: Thresholds,
    fetcher: Fetcher,
    retry_dead: bool = False,
) -> Summary:
    """Fetch the pictures of the rows into `folder` and import them; again, only what is new.

    A link is one image, however often it is in the tables: the first caption is its prompt. Links
    that gave no picture, or one that was skipped as a near-duplicate, are not tried again without
    `retry_dead`; those of servers that were busy are. Where no server answers any more the import
    stops, and holds none of their links for dead. What was stored is whole, so an import that was
    killed goes on where it was; one runs a database.

    Raises ImportRefusedError, SourceUnavailableError and StorageError.
    """
    total = sum([await asyncio.to_thread(_count, path) for path in files])
    tally = Tally(sink.data_set)
    with tally.told():
        async with Lease(sink.database, LEASE, sink.clock) as lease:
            folder = await asyncio.to_thread(folder.resolve)
            await asyncio.to_thread(clear, folder)
            async with aclosing(Gathering(fetcher, folder, sink.clock)) as gathering:
                run = _Run(sink, folder, gathering, thresholds, tally, retry_dead, total)
                try:
                    for path in files:
                        await _read(path, run, lease)
                except ImportRefusedError:
                    await run.finish()
                    raise
                await run.finish()
    return tally.summary()


@dataclass(slots=True)
class _Run:
    """Takes rows into a data set."""

    sink: Sink
    folder: Path
    gathering: Gathering
    thresholds: Thresholds
    tally: Tally
    retry_dead: bool
    total: int
    # By key the rows that wait for the outcome of their link.
    waiting: dict[str, list[Row]] = field(default_factory=dict)
    silence: Silence = field(default_factory=Silence)

    async def take(self, rows: Sequence[Row]) -> None:
        """Begin to fetch those that are to be taken; count and store what is known by now."""
        fresh = self._fresh(rows)
        there, dead = await self.sink.database.read(partial(self._known, fresh))
        for key, url in fresh.items():
            if key in there:
                self.tally.already_there += len(self.waiting.pop(key))
            elif url in dead and not self.retry_dead:
                self._leave_out(key, url, Reason.KNOWN_DEAD)
            else:
                while self.gathering.is_full:
                    await self._store()
                self.gathering.begin(key, url, self.waiting[key][0])
        if self.gathering.has_outcomes:
            await self._store()
        self._report()

    async def finish(self) -> None:
        """Wait for every link and store what it gave."""
        while not self.gathering.is_over:
            await self._store()
        await self.sink.database.write(partial(self._write, [], self.silence.rest()))
        self._report()

    def _fresh(self, rows: Sequence[Row]) -> dict[str, str]:
        """Return the links that no row before had, by key; the rows of each wait together."""
        fresh = {}
        for row in rows:
            refused = self.thresholds.refuse(row)
            if row.url is None:
                self.tally.leave_out(Reason.NO_LINK, [f"{row.place}, URL"])
            elif len(row.url) > LONGEST:
                self.tally.leave_out(Reason.WRONG_LINK, [f"{row.place}, URL"])
            elif refused is not None:
                self.tally.leave_out(refused, [row.place])
            else:
                key = key_of(row.url)
                if key not in self.waiting:
                    fresh[key] = row.url
                self.waiting.setdefault(key, []).append(row)
        return fresh

    def _known(
        self, fresh: Mapping[str, str], connection: Connection
    ) -> tuple[Collection[str], Collection[str]]:
        """Return the keys that the data set has, and the links that are dead."""
        data_set = data_sets.by_name(connection, self.sink.data_set)
        if data_set is None:
            return (), ()
        there = images.known_by_keys(connection, data_set.id, list(fresh))
        return there, dead_links.known(connection, data_set.id, fresh.values())

    async def _store(self) -> None:
        """Store some outcomes together, and count them."""
        outcomes = await self.gathering.outcomes()
        kept = [(each, each.result) for each in outcomes if isinstance(each.result, Kept)]
        placed = await self.sink.database.write(
            partial(self._write, kept, self.silence.judge(outcomes))
        )
        for (outcome, picture), became in zip(kept, placed, strict=True):
            self._count(outcome, picture, became)
            if became.is_skipped:
                await asyncio.to_thread(self.gathering.drop, picture)
        for outcome in outcomes:
            if isinstance(outcome.result, Reason):
                self._leave_out(outcome.key, outcome.url, outcome.result)
        self._report()
        if self.silence.servers >= MOST_SILENT:
            raise SourceUnavailableError(
                f"none of the last {self.silence.servers} servers answered: is this machine online?"
                " None of their links was marked as dead"
            )

    def _write(
        self,
        kept: Sequence[tuple[Outcome, Kept]],
        dead: Sequence[Dead],
        connection: Connection,
    ) -> list[Placed]:
        """Return what became of each picture; the first thing to store makes the data set."""
        if not kept and not dead:
            return []
        now = self.sink.clock.now()
        data_set_id, source_id = _place(self.sink, self.folder, connection)
        rows = [self._row(data_set_id, source_id, *each) for each in kept]
        placed = [near_duplicates.place(connection, row, self.sink.near, now) for row in rows]
        skipped = [
            (outcome.url, Reason.NEAR_DUPLICATE)
            for (outcome, _), became in zip(kept, placed, strict=True)
            if became.is_skipped
        ]
        dead_links.forget(connection, data_set_id, [outcome.url for outcome, _ in kept])
        dead_links.record(connection, data_set_id, [*dead, *skipped], now)
        return placed

    def _row(self, data_set_id: int, source_id: int, outcome: Outcome, picture: Kept) -> NewImage:
        return NewImage(
            data_set_id,
            outcome.key,
            source_id,
            picture.member,
            self.thresholds.is_safe(outcome.row),
            self.sink.random.getrandbits(RANDOM_KEY_BITS),
            sha256=picture.sha256,
            prompt=outcome.row.caption,
            parameters=outcome.row.parameters(),
            width=picture.measured.width,
            height=picture.measured.height,
            perceptual_hash=picture.measured.perceptual_hash,
        )

    def _count(self, outcome: Outcome, picture: Kept, placed: Placed) -> None:
        """Count what became of a picture; further rows with its link share its fate."""
        safe = self.thresholds.is_safe(outcome.row)
        near_duplicates.count(self.tally, outcome.url, placed, safe=safe)
        others = len(self.waiting.pop(outcome.key)) - 1
        if placed.is_skipped:
            self.tally.leave_out(Reason.NEAR_DUPLICATE, [], others)
        else:
            self.tally.already_there += others
        if placed.added and picture.measured.animated:
            self.tally.note(Reason.ANIMATED, outcome.url)

    def _report(self) -> None:
        self.sink.progress(self.tally.read, self.total)

    def _leave_out(self, key: str, url: str, reason: Reason) -> None:
        self.tally.leave_out(reason, [url], len(self.waiting.pop(key)))


async def _read(path: Path, run: _Run, lease: Lease) -> None:
    """Give all rows of a table to the run."""
    with closing(Table(path)) as table:
        batches = table.batches(BATCH)
        while (rows := await asyncio.to_thread(next, batches, None)) is not None:
            if lease.lost.is_set():
                raise ImportRefusedError("another import took this one's place")
            await run.take(rows)


def _count(path: Path) -> int:
    with closing(Table(path)) as table:
        return table.count


def _place(sink: Sink, folder: Path, connection: Connection) -> tuple[int, int]:
    """Return the ids of the data set and of the folder as its source."""
    data_set = sink.place(connection)
    return data_set.id, sources.create(connection, data_set.id, "folder", str(folder)).id
