"""`jury import votes`: votes of another collection, kept apart from those of our own raters."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from bot.datasets.imports.checks import check_name
from bot.datasets.imports.pace import Pace
from bot.datasets.imports.sink import Sink
from bot.datasets.imports.summary import Reason, Tally
from bot.datasets.imports.votes.formats import Checker, Format
from bot.datasets.imports.votes.place import Place, Wanted, begin, leave
from bot.datasets.imports.votes.rows import RawRows
from bot.datasets.imports.votes.sieve import Rules
from bot.datasets.imports.votes.summary import VotesSummary
from bot.errors import ImportRefusedError
from bot.keyed_hash import KeyedHash
from storage import imported_collections, imported_raters, imported_votes, raters
from storage.database import Database
from storage.errors import DiskError

ROWS = 20_000
"""Votes that are stored at once. What would undo a write is kept in memory, some two pages of an
index a vote where the file has images in no order."""


async def import_votes(
    sink: Sink, path: Path, kind: Format, *, collection: str, keyed_hash: KeyedHash
) -> VotesSummary:
    """Import the votes of a file into a collection of a data set; again, only what is new.

    They are votes of their own: no rater, score, target or award of ours knows them. Votes whose
    rater is one of ours by our own pseudonym are left out, so that a file of ours brings back
    nothing that was erased. Many rows are stored at once, each of them whole, so an import that was
    killed goes on where it was.

    Raises ImportRefusedError and StorageError.
    """
    check_name(collection, "collection")
    sha256 = await asyncio.to_thread(_sha256, path)
    database, clock = sink.database, sink.clock
    tally = Tally(sink.data_set)
    with closing(await asyncio.to_thread(kind.open, path)) as file:
        place = await database.write(
            partial(
                begin,
                sink=sink,
                wanted=Wanted(collection, kind.name, kind.low, kind.high),
                name=path.name,
                sha256=sha256,
                columns=file.columns,
                keyed_hash=keyed_hash,
            )
        )
        ours = await database.read(raters.numbers)
        rules = Rules(
            kind.low,
            kind.high,
            whole=kind.whole,
            required=kind.required,
            ours=frozenset(map(keyed_hash.pseudonym, ours)),
            called=file.called,
        )
        run = _Run(database, place, kind.checks(rules, tally), Pace(database, clock), tally)
        batches = file.batches(ROWS)
        done = 0
        try:
            while (rows := await asyncio.to_thread(next, batches, None)) is not None:
                await run.take(rows)
                done += len(rows)
                sink.progress(done, file.count)
        except (ImportRefusedError, DiskError) as error:
            if isinstance(error, ImportRefusedError):
                await run.leave_nothing_empty()
            if tally.read:
                summary = await database.read(partial(_summary, place=place, run=run))
                error.add_note("\n".join(summary.lines()))
            raise
    await database.write(
        partial(imported_collections.finish_file, file_id=place.file_id, now=clock.now())
    )
    await run.leave_nothing_empty()
    return await database.read(partial(_summary, place=place, run=run))


@dataclass(slots=True)
class _Run:
    """Takes the rows of one file."""

    database: Database
    place: Place
    checks: Checker
    pace: Pace
    tally: Tally
    completed: int = 0

    async def take(self, rows: RawRows) -> None:
        """Store those of the rows that are new; count the others."""
        votes = await asyncio.to_thread(self.checks.check, rows)
        done = 0
        while done < len(votes):
            part = votes.part(done, done + await self.pace.rows())
            stored = await self.database.write(partial(part.store, place=self.place))
            self.tally.added += stored.added
            self.tally.already_there += len(part) - stored.added - len(stored.others)
            self.completed += stored.completed
            if stored.others:
                self.tally.leave_out(Reason.OTHER_COUNTS, stored.others, len(stored.others))
            done += len(part)

    async def leave_nothing_empty(self) -> None:
        """Take out the collection, and its data set, if the file brought nothing into them."""
        if not self.tally.added and not self.tally.already_there:
            await self.database.write(
                partial(leave, place=self.place, data_set=self.tally.data_set)
            )


def _sha256(path: Path) -> bytes:
    """Return the hash of a file; raises ImportRefusedError where it is none or cannot be read."""
    try:
        if not path.exists():
            raise ImportRefusedError(f"there is no file {path}")
        if not path.is_file():
            raise ImportRefusedError(f"{path} is not a file")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise ImportRefusedError(f"{path} cannot be read: {error}") from error


def _summary(connection: Connection, *, place: Place, run: _Run) -> VotesSummary:
    collection, tally = place.collection, run.tally
    images, here = imported_votes.known_images(connection, collection.data_set_id)
    return VotesSummary(
        tally.data_set,
        collection.name,
        tally.read,
        tally.added,
        tally.already_there,
        run.completed,
        images,
        here,
        imported_raters.count(connection, collection.id),
        tally.summary().left_out,
    )
