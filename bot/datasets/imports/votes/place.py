"""Where the votes of one file go: a collection of a data set."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from sqlite3 import Connection

from bot.datasets.imports.sink import Sink
from bot.datasets.imports.votes.rater_names import RaterNames
from bot.datasets.imports.votes.rows import RATER
from bot.errors import ImportRefusedError
from bot.keyed_hash import KeyedHash
from storage import data_sets, imported_collections, raters
from storage.imported_collections import ImportedCollection


@dataclass(frozen=True, slots=True)
class Wanted:
    """A collection as an import wants it."""

    collection: str
    format: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Place:
    """A file in its collection.

    `named`: the file names raters; `complete`: an earlier file of the collection told less.
    """

    collection: ImportedCollection
    rater_names: RaterNames
    file_id: int
    named: bool
    complete: bool


def leave(connection: Connection, place: Place, data_set: str) -> None:
    """Take out what `begin` made for a file of which nothing is there."""
    imported_collections.remove_unused(connection, place.collection.id, place.file_id)
    data_sets.remove_unused(connection, data_set)


def begin(
    connection: Connection,
    *,
    sink: Sink,
    wanted: Wanted,
    name: str,
    sha256: bytes,
    columns: Collection[str],
    keyed_hash: KeyedHash,
) -> Place:
    """Return the place of a file, made where there is none yet.

    Raises ImportRefusedError where the collection is of another kind.
    """
    data_set = sink.place(connection)
    collection = imported_collections.create(
        connection,
        data_set.id,
        wanted.collection,
        format_=wanted.format,
        low=wanted.low,
        high=wanted.high,
    )
    there = (collection.format, collection.low, collection.high)
    if there != (wanted.format, wanted.low, wanted.high):
        raise ImportRefusedError(
            f"the collection {collection.name} of {data_set.name} has the format"
            f" {collection.format} and scores from {collection.low:g} to {collection.high:g};"
            " choose another name with --collection"
        )
    file_id = imported_collections.begin_file(
        connection, collection.id, name, sha256=sha256, columns=columns, now=sink.clock.now()
    )
    return Place(
        collection,
        RaterNames(keyed_hash, collection, raters.newest(connection)),
        file_id,
        named=RATER in columns,
        complete=imported_collections.lacked(connection, collection.id, columns),
    )
