"""`jury import votes`: votes of another collection, kept apart from those of our own raters."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter
from pathlib import Path
from sqlite3 import Connection

from bot.clock import Clock
from bot.datasets.imports.checks import check_name
from bot.datasets.imports.pace import ROWS_ALONE, Pace
from bot.datasets.imports.summary import Progress, Tally, no_progress
from bot.datasets.imports.votes.checks import Checks, Rules
from bot.datasets.imports.votes.formats import Format, VotesFile
from bot.datasets.imports.votes.rows import RATER, RawRows, VoteRows
from bot.datasets.imports.votes.summary import VotesSummary
from bot.errors import ImportRefusedError
from bot.keyed_hash import KeyedHash
from storage import data_sets, imported_collections, imported_votes, raters
from storage.database import Database
from storage.imported_collections import ImportedCollection
from storage.imported_votes import ImportedVote, Stored


async def import_votes(
    database: Database,
    path: Path,
    kind: Format,
    *,
    data_set: str,
    collection: str,
    target: int,
    clock: Clock,
    keyed_hash: KeyedHash,
    progress: Progress = no_progress,
) -> VotesSummary:
    """Import the votes of a file into a collection of a data set; again, only what is new.

    They are votes of their own: no rater, score, target or award of ours knows them. Votes whose
    rater is one of ours by our own pseudonym are left out, so that a file of ours brings back
    nothing that was erased. `target` is for a data set that does not exist yet. Many rows are
    stored at once, each of them whole, so an import that was killed goes on where it was.

    Raises ImportRefusedError and StorageError.
    """
    check_name(data_set)
    check_name(collection, "collection")
    sha256 = await asyncio.to_thread(_sha256, path)
    tally = Tally(data_set)
    with closing(await asyncio.to_thread(kind.open, path)) as file:
        begin = partial(
            _begin, name=data_set, target=target, collection=collection, kind=kind, file=file,
            file_name=path.name, sha256=sha256, now=clock.now(),
        )  # fmt: skip
        begun = await database.write(begin)
        ours = await database.read(raters.every_number)
        rules = Rules(
            begun.collection.low,
            begun.collection.high,
            whole=kind.whole,
            required=kind.required,
            ours=frozenset(keyed_hash.digest("rater", number) for number in ours),
            called=file.called,
        )
        run = _Run(database, begun, Checks(rules, tally), Pace(database, clock), tally)
        batches = file.batches(ROWS_ALONE)
        done = 0
        while (rows := await asyncio.to_thread(next, batches, None)) is not None:
            await run.take(rows)
            done += len(rows)
            progress(done, file.count)
    await database.write(
        partial(imported_collections.finish_file, file_id=begun.file_id, now=clock.now())
    )
    return await database.read(partial(_summary, begun=begun, run=run))


@dataclass(frozen=True, slots=True)
class _Begun:
    """Where votes of the file go.

    `named`: the file names raters; `complete`: earlier files of the collection told less.
    """

    collection: ImportedCollection
    file_id: int
    named: bool
    complete: bool


@dataclass(slots=True)
class _Run:
    """Takes the rows of one file."""

    database: Database
    begun: _Begun
    checks: Checks
    pace: Pace
    tally: Tally
    completed: int = 0

    async def take(self, rows: RawRows) -> None:
        """Store those of the rows that are new; count the others."""
        votes = await asyncio.to_thread(self.checks.check, rows)
        begin = 0
        while begin < len(votes):
            end = min(len(votes), begin + await self.pace.rows())
            stored = await self.database.write(self._unit(votes.part(begin, end)))
            self.tally.added += stored.added
            self.tally.already_there += end - begin - stored.added
            self.completed += stored.completed
            begin = end

    def _unit(self, votes: VoteRows) -> Callable[[Connection], Stored]:
        return partial(_store, begun=self.begun, votes=votes)


def _sha256(path: Path) -> bytes:
    """Return the hash of a file; raises ImportRefusedError where it is none or cannot be read."""
    try:
        if not path.is_file():
            raise ImportRefusedError(f"{path} is not a file")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise ImportRefusedError(f"{path} cannot be read: {error}") from error


def _begin(
    connection: Connection,
    *,
    name: str,
    target: int,
    collection: str,
    kind: Format,
    file: VotesFile,
    file_name: str,
    sha256: bytes,
    now: datetime,
) -> _Begun:
    data_set = data_sets.create(connection, name, target=target, now=now)
    place = imported_collections.create(
        connection, data_set.id, collection, format_=kind.name, low=kind.low, high=kind.high
    )
    if place.format != kind.name or (place.low, place.high) != (kind.low, kind.high):
        raise ImportRefusedError(
            f"the collection {collection} of {name} is of the format {place.format} with scores"
            f" from {place.low:g} to {place.high:g}; choose another name with --collection"
        )
    file_id = imported_collections.begin_file(
        connection, place.id, file_name, sha256=sha256, columns=file.columns, now=now
    )
    return _Begun(
        place,
        file_id,
        named=RATER in file.columns,
        complete=imported_collections.lacked(connection, place.id, file.columns),
    )


def _store(connection: Connection, *, begun: _Begun, votes: VoteRows) -> Stored:
    place = begun.collection
    image_ids = imported_votes.image_ids(connection, place.data_set_id, votes.images.values)
    rater_ids = imported_votes.rater_ids(connection, place.id, votes.raters.values)
    agent_ids = imported_votes.client_agent_ids(connection, place.id, votes.client_agents.values)
    rows = [
        ImportedVote(place.id, begun.file_id, image, rater, agent, *facts)
        for image, rater, agent, facts in zip(
            votes.images.of(image_ids),
            votes.raters.of(rater_ids),
            votes.client_agents.of(agent_ids),
            votes.facts,
            strict=True,
        )
    ]
    # Neighbours in the index are written together; equal votes stay in the order of the file.
    rows.sort(key=attrgetter("image_id"))
    return imported_votes.insert_new(connection, rows, named=begun.named, complete=begun.complete)


def _summary(connection: Connection, *, begun: _Begun, run: _Run) -> VotesSummary:
    place, tally = begun.collection, run.tally
    images, here = imported_votes.known_images(connection, place.data_set_id)
    return VotesSummary(
        tally.data_set,
        place.name,
        tally.read,
        tally.added,
        tally.already_there,
        run.completed,
        images,
        here,
        imported_votes.count_raters(connection, place.id),
        tally.summary().left_out,
    )
