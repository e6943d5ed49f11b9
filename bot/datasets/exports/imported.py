"""Imported votes of AI Horde Ratings, which an export may have beside those of our own raters.

For child processes only.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from bot.datasets.exports.reading import Batches, fetch, find, stream
from bot.datasets.exports.source import RefusedError, Source
from bot.datasets.exports.streams import Along
from storage import exporting_imported
from storage.times import MOST_MICROSECONDS

NAMES = pa.schema([("number", pa.int64()), ("name", pa.string())])
IMAGES = pa.schema([("image_id", pa.int64()), ("key", pa.string())])
VOTES = pa.schema(
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


@dataclass(frozen=True, slots=True)
class Imported:
    """The imported votes of one data set. `raters` and `client_agents` are names by number."""

    source: Source
    data_set: int
    raters: pa.RecordBatch
    client_agents: pa.RecordBatch

    @classmethod
    def of(cls, source: Source) -> Imported:
        """Return them; no name of a rater of theirs is that of one of ours.

        Raises RefusedError where the selection asks for what imported votes do not have.
        """
        wanted = source.selection
        if wanted.is_of_ours_alone or len(source.data_sets) != 1:
            raise RefusedError(
                "imported votes have neither a surface nor raters of ours, and their images may be"
                " unknown: select them by one data set, times and numbers of votes alone"
            )
        (data_set,) = source.data_sets
        return cls(
            source,
            data_set,
            fetch(source.connection, exporting_imported.RATERS, NAMES, data_set),
            fetch(source.connection, exporting_imported.CLIENT_AGENTS, NAMES, data_set),
        )

    def of_our_images(self) -> Batches:
        """Yield the votes on images that the data set has, by rising id of the image."""
        return self._votes(exporting_imported.VOTES_ON_OURS, exporting_imported.IMAGES_OF_OURS)

    def of_other_images(self) -> Batches:
        """Yield the votes on other images, image by image."""
        return self._votes(exporting_imported.VOTES_ON_OTHERS, exporting_imported.IMAGES_OF_OTHERS)

    def _votes(self, votes: str, images: str) -> Batches:
        """Yield rows of VOTES with names in the place of numbers, and the key of the image."""
        wanted, connection = self.source.selection, self.source.connection
        since = EARLIEST if wanted.since is None else max(wanted.since, EARLIEST)
        until = AFTER_LATEST if wanted.until is None else min(wanted.until, AFTER_LATEST)
        with (
            closing(stream(connection, images, IMAGES, self.data_set)) as known,
            closing(stream(connection, votes, VOTES, self.data_set, since, until)) as given,
        ):
            along = Along(known, IMAGES)
            for batch in given:
                ids, places = np.unique(batch["image_id"].to_numpy(), return_inverse=True)
                _, found = along.find(ids)
                agents = _named(batch["client_agent"], self.client_agents)
                yield (
                    batch.set_column(1, "rater", _named(batch["rater"], self.raters))
                    .set_column(2, "client_agent", agents)
                    .append_column("key", found["key"].take(pa.array(places)))
                )


def _named(numbers: pa.Int64Array, names: pa.RecordBatch) -> pa.StringArray:
    known, places = find(numbers.to_numpy(), names["number"].to_numpy())
    found = np.full(len(numbers), len(names))
    found[known] = places
    return pa.concat_arrays([names["name"], pa.array([UNTOLD])]).take(pa.array(found))
