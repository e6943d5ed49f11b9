"""Imported votes of AI Horde Ratings, which an export may have beside those of our own raters.

For child processes only.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from bot.datasets.exports.reading import NUMBER, Batches, Flags, fetch, find, stream
from bot.datasets.exports.selection import ANY_RELIABILITY
from bot.datasets.exports.source import RefusedError, Source
from bot.datasets.exports.streams import Along, by_whole_images
from storage import exporting_imported
from storage.exporting_imported import ImportedFilter
from storage.times import MOST_MICROSECONDS

NAMES = pa.schema([("number", pa.int64()), ("name", pa.string())])
COLLECTIONS = pa.schema([("name", pa.string()), ("format", pa.string())])
IMAGES = pa.schema([("image_id", pa.int64()), ("key", pa.string())])
ROWS = pa.schema(
    [
        ("image_id", pa.int64()),
        ("rater", pa.int64()),
        ("client_agent", pa.int64()),
        ("created_at", pa.int64()),
        ("rating", pa.float64()),
        ("artifacts", pa.float64()),
        ("kudos", pa.int64()),
        ("account_age", pa.int64()),
        ("usage_requests", pa.int64()),
        ("trusted", pa.int64()),
        ("validated", pa.int64()),
        ("captchas_failed", pa.int64()),
        ("country", pa.string()),
    ]
)
EARLIEST: Final = -MOST_MICROSECONDS
AFTER_LATEST: Final = MOST_MICROSECONDS + 1
"""Between them are the times that a row can have; one of another time is left out, so that it does
not keep all others from the file."""
UNTOLD: Final = ""
"""Stands for the rater or program that a file did not tell."""
UNNAMED: Final = 0
"""The number of whoever a file did not name."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The imported votes of one data set."""

    source: Source
    data_set: int

    @classmethod
    def of(cls, source: Source) -> Imported:
        """Return them.

        Raises RefusedError where the selection asks for what imported votes do not have, and where
        all collections are of other formats.
        """
        wanted = source.selection
        if len(source.data_sets) != 1:
            raise RefusedError("imported votes are added to one data set: name one alone")
        if wanted.surface is not None:
            raise RefusedError(
                "imported votes were given neither in public posts nor in private sessions, so none"
                f" is {wanted.surface}: leave out either the surface or imported votes"
            )
        if wanted.minimum_reliability > ANY_RELIABILITY:
            raise RefusedError(
                "how reliable somebody is was found of your own raters alone, and who gave imported"
                " votes has no such number: leave out either the reliability or imported votes"
            )
        found = cls(source, *source.data_sets)
        found._refuse_others()
        return found

    @property
    def raters(self) -> pa.RecordBatch:
        """Their raters in the columns of `NAMES`, by rising numbers, which are below 1.

        That of whoever a file did not name is `UNNAMED`.
        """
        return fetch(self.source.connection, exporting_imported.RATERS, NAMES, self.data_set)

    def votes(self, schema: pa.Schema, rated: str | None = None) -> Batches:
        """Yield votes as `Source.votes` does, on images that the data set has.

        `schema` may have image_id, rater and the scales. Of who has judged an image twice no vote
        on it is there: which one they mean is not known. Raises RefusedError where the data set has
        none of the images.
        """
        known = fetch(
            self.source.connection, exporting_imported.KNOWN_IMAGES, NUMBER, self.data_set
        )
        if not known["number"][0].as_py():
            (name,) = self.source.data_sets.values()
            raise RefusedError(
                f"{name} has none of the images that the imported votes are on: import the pictures"
                " into it, or export horde, for which keys are enough"
            )
        sql = exporting_imported.votes(schema.names, self._only, rated)
        with closing(self._read(sql, schema)) as given:
            for votes in by_whole_images(given):
                yield votes.filter(pa.array(~_is_repeated(votes)))

    def rows_on_ours(self) -> Batches:
        """Yield all that files told of votes on images that the data set has, image by image."""
        sql = exporting_imported.rows_on_ours(self._only)
        return self._rows(sql, exporting_imported.IMAGES_OF_OURS)

    def rows_on_others(self) -> Batches:
        """Yield the same of votes on other images."""
        sql = exporting_imported.rows_on_others(self._only)
        return self._rows(sql, exporting_imported.IMAGES_OF_OTHERS)

    def _refuse_others(self) -> None:
        others = fetch(
            self.source.connection,
            exporting_imported.OTHER_COLLECTIONS,
            COLLECTIONS,
            self.data_set,
        ).to_pylist()
        if others:
            (data_set,) = self.source.data_sets.values()
            there = ", ".join(f"{each['name']} ({each['format']})" for each in others)
            raise RefusedError(
                f"of AI Horde Ratings (import votes --format horde), the only imported votes that"
                f" exports take, {data_set} has none; there is: {there}. Leave out --with-imported"
                " for the votes of your own raters"
            )

    def _rows(self, rows: str, images: str) -> Batches:
        """Yield rows of ROWS with names in the place of numbers, and the key of the image."""
        connection, raters = self.source.connection, self.raters
        agents = fetch(connection, exporting_imported.CLIENT_AGENTS, NAMES, self.data_set)
        with (
            closing(stream(connection, images, IMAGES, self.data_set)) as known,
            closing(self._read(rows, ROWS)) as given,
        ):
            along = Along(known, IMAGES)
            for batch in given:
                ids, places = np.unique(batch["image_id"].to_numpy(), return_inverse=True)
                _, found = along.find(ids)
                yield (
                    batch.set_column(1, "rater", _named(batch["rater"], raters))
                    .set_column(2, "client_agent", _named(batch["client_agent"], agents))
                    .append_column("key", found["key"].take(pa.array(places)))
                )

    def _read(self, sql: str, schema: pa.Schema) -> Batches:
        wanted = self.source.selection
        since = EARLIEST if wanted.since is None else max(wanted.since, EARLIEST)
        until = AFTER_LATEST if wanted.until is None else min(wanted.until, AFTER_LATEST)
        return stream(self.source.connection, sql, schema, self.data_set, since, until)

    @property
    def _only(self) -> ImportedFilter:
        wanted = self.source.selection
        return ImportedFilter(wanted.linked, wanted.raters == "validated", self.source.safe)


def _is_repeated(votes: pa.RecordBatch) -> Flags:
    """Return which votes are of somebody who has more than one on the image."""
    image, rater = votes["image_id"].to_numpy(), votes["rater"].to_numpy()
    order = np.lexsort((rater, image))
    again = (np.diff(image[order]) == 0) & (np.diff(rater[order]) == 0)
    repeated: Flags = np.zeros(len(votes), bool)
    repeated[order[1:][again]] = repeated[order[:-1][again]] = True
    repeated[rater == UNNAMED] = False
    return repeated


def _named(numbers: pa.Int64Array, names: pa.RecordBatch) -> pa.StringArray:
    known, places = find(numbers.to_numpy(), names["number"].to_numpy())
    found = np.full(len(numbers), len(names))
    found[known] = places
    return pa.concat_arrays([names["name"], pa.array([UNTOLD])]).take(pa.array(found))
