"""What a format reads from: the database at one moment, and what of it is wanted.

For child processes only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import pyarrow as pa
from adbc_driver_manager.dbapi import Connection

from bot.datasets.exports.catalogue import PictureForm
from bot.datasets.exports.reading import NUMBER, Batches, fetch, filled, stream
from bot.datasets.exports.request import ExportRequest
from bot.datasets.exports.selection import Selection
from bot.keyed_hash import KeyedHash
from storage import exporting, exporting_imported
from storage.exporting import VoteFilter

Progress = Callable[[int, int], None]
"""Hears the votes done, and the most that there can be."""

DATA_SETS = pa.schema([("id", pa.int64()), ("name", pa.string())])
KEY = pa.schema([("key", pa.string())])


class NoSuchDataSetError(Exception):
    """The database has no data set of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class RefusedError(Exception):
    """The format cannot be made of this selection; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Source:
    """Everything is read in the one transaction that ADBC begins: the votes of one moment.

    `data_sets` are the wanted ones, names by id. `now` in microseconds decides which statuses still
    hold; without `exact_signals` what could identify a rater is coarsened. `scratch` is the folder
    for what does not fit in memory, `pictures` how they are wanted.
    """

    connection: Connection
    selection: Selection
    data_sets: Mapping[int, str]
    keyed_hash: KeyedHash
    now: int
    exact_signals: bool
    most: int
    progress: Progress
    scratch: Path
    pictures: PictureForm

    @classmethod
    def of(cls, connection: Connection, request: ExportRequest, progress: Progress) -> Self:
        """Find the data sets; raises NoSuchDataSetError."""
        rows = fetch(connection, exporting.DATA_SETS, DATA_SETS).to_pylist()
        there = {row["name"]: row["id"] for row in rows}
        wanted = request.selection.data_sets or tuple(there)
        for name in wanted:
            if name not in there:
                raise NoSuchDataSetError(name)
        return cls(
            connection=connection,
            selection=request.selection,
            data_sets={there[name]: name for name in wanted},
            keyed_hash=KeyedHash(bytes.fromhex(request.hash_key)),
            now=request.now,
            exact_signals=request.exact_signals,
            most=_most(connection, imported=request.selection.imported),
            progress=progress,
            scratch=Path(request.target).parent,
            pictures=request.pictures,
        )

    @property
    def without_imported(self) -> Source:
        """The same without imported votes."""
        return replace(self, selection=replace(self.selection, imported=False))

    def votes(self, schema: pa.Schema, rated: str | None = None) -> Batches:
        """Yield the selected votes of all our raters, and data sets, image by image.

        `schema` has image_id, rater, and others of `exporting.votes`. With `rated` only votes that
        give that scale.
        """
        wanted = self.selection
        sql, parameters = exporting.votes(
            schema.names,
            VoteFilter(
                since=wanted.since,
                until=wanted.until,
                surface=wanted.surface,
                linked=wanted.linked,
                gold=wanted.gold,
                void=wanted.void,
            ),
            rated,
        )
        return stream(self.connection, sql, schema, *parameters)

    def images(self, schema: pa.Schema) -> Batches:
        """Yield the selected images that have any vote, by rising id.

        `schema` has image_id, and others of `exporting.images`; a text that is not there is null.
        """
        sql, parameters = exporting.images(
            schema.names,
            list(self.data_sets),
            safe=self.safe,
            imported=self.selection.imported,
        )
        with closing(stream(self.connection, sql, schema, *parameters)) as batches:
            for images in batches:
                columns = [
                    filled(column) if pa.types.is_string(column.type) else column
                    for column in images.columns
                ]
                yield pa.record_batch(columns, schema=schema)

    def data_set_names(self, ids: pa.Int64Array) -> pa.StringArray:
        """Return the names of the wanted data sets with these ids."""
        return pa.array(map(self.data_sets.get, ids.to_pylist()), pa.string())

    def require_distinct_keys(self) -> None:
        """Raise RefusedError where a key names two of the images: for formats that know no more."""
        if len(self.data_sets) < 2:  # noqa: PLR2004 - keys differ within one data set
            return
        sql, parameters = exporting.ambiguous_key(list(self.data_sets), safe=self.safe)
        for key in fetch(self.connection, sql, KEY, *parameters)["key"].to_pylist():
            raise RefusedError(
                f"several data sets have an image {key}, and the format has no column that tells"
                " them apart: export each data set by itself"
            )

    @property
    def safe(self) -> bool | None:
        """Which images are wanted: those known to be safe, those that are not, or both (None)."""
        return {"any": None, "safe": True, "unsafe": False}[self.selection.safety]


def _most(connection: Connection, *, imported: bool) -> int:
    statements = [exporting.VOTES_EVER] + [exporting_imported.VOTES_EVER] * imported
    return sum(fetch(connection, sql, NUMBER)["number"][0].as_py() for sql in statements)
