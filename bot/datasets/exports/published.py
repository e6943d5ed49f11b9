"""What every table of published votes reads: votes image by image, raters, keys of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager.dbapi import Connection

from bot.datasets.exports.reading import Flags, Integers, fetch, find, firsts
from bot.keyed_hash import KeyedHash
from storage import exporting

VOTES = pa.schema(
    [
        ("image_id", pa.int64()),
        ("rater", pa.int64()),
        ("aesthetic", pa.int64()),
        ("artifacts", pa.int64()),
        ("created_at", pa.int64()),
        ("client_agent_id", pa.int64()),
        ("horde_kudos", pa.int64()),
        ("horde_account_age", pa.int64()),
        ("horde_usage_requests", pa.int64()),
        ("horde_trusted", pa.int64()),
        ("captchas_failed", pa.int64()),
    ]
)
IMAGES = pa.schema([("image_id", pa.int64()), ("key", pa.string())])
RATERS = pa.schema([("number", pa.int64()), ("validated", pa.int64())])
CLIENT_AGENTS = pa.schema([("id", pa.int64()), ("name", pa.string())])


@dataclass(frozen=True, slots=True)
class Raters:
    """Every rater whose votes are published.

    `numbers` ascend; `places` says where each of them stands among all pseudonyms in
    alphabetical order, in which the other fields are.
    """

    numbers: Integers
    places: Integers
    pseudonyms: pa.StringArray
    validated: pa.BooleanArray

    @classmethod
    def load(cls, connection: Connection, keyed_hash: KeyedHash, now: int) -> Raters:
        """Read the raters; `now` in microseconds decides which statuses still hold."""
        rows = fetch(connection, exporting.RATERS, RATERS, now)
        pseudonyms = pa.array(
            [keyed_hash.digest("rater", number) for number in rows["number"].to_pylist()],
            pa.string(),
        )
        order = pc.sort_indices(pseudonyms)
        places = np.empty(len(order), np.int64)
        places[order.to_numpy()] = np.arange(len(order))
        return cls(
            numbers=rows["number"].to_numpy(),
            places=places,
            pseudonyms=pseudonyms.take(order),
            validated=rows["validated"].cast(pa.bool_()).take(order),
        )

    def publish(self, votes: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Drop the votes of other raters, and put places in the place of the numbers."""
        column = VOTES.get_field_index("rater")
        for batch in votes:
            known, found = find(batch["rater"].to_numpy(), self.numbers)
            places = pa.array(self.places[found])
            yield batch.filter(pa.array(known)).set_column(column, VOTES.field(column), places)


class ImageKeys:
    """Finds the keys of images asked for in ascending order, and holds only the next few."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._held = pa.RecordBatch.from_pylist([], IMAGES)

    def find(self, image_ids: Integers) -> tuple[Flags, pa.StringArray]:
        """Return which of the ascending `image_ids` there are, and the keys of those.

        Each call's ids must all be above those of the calls before.
        """
        passed = np.searchsorted(self._held["image_id"].to_numpy(), image_ids[0])
        held = [self._held.slice(int(passed))]
        while not len(held[-1]) or held[-1]["image_id"][-1].as_py() < image_ids[-1]:
            batch = next(self._batches, None)
            if batch is None:
                break
            held.append(batch)
        self._held = pa.concat_batches(held)
        known, places = find(image_ids, self._held["image_id"].to_numpy())
        return known, self._held["key"].take(pa.array(places))


def by_whole_images(votes: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Cut anew a stream of votes that is sorted by image, so that no image is cut."""
    kept = pa.RecordBatch.from_pylist([], VOTES)
    for batch in votes:
        if len(kept):
            last = int(firsts(kept["image_id"].to_numpy())[-1])
            if last:
                yield kept.slice(0, last)
            kept = kept.slice(last)
        kept = pa.concat_batches([kept, batch])
    if len(kept):
        yield kept
