"""The table of AI Horde Ratings, streamed from a database: one row a vote, image by image.

Runs in a child process only: ADBC brings its own SQLite, and closing it in the process that holds
the database open would drop that process's locks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager.dbapi import Connection

from bot.datasets.coarsening import to_minutes, to_two_digits, to_weeks
from bot.datasets.columns import ANONYMOUS_KUDOS, HORDE
from bot.keyed_hash import KeyedHash
from storage import exporting

BATCH_ROWS = 131_072

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Batches = Generator[pa.RecordBatch, None, None]

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
NUMBER = pa.schema([("number", pa.int64())])


class NoSuchDataSetError(Exception):
    """The database has no data set of that name."""


def read_horde(
    connection: Connection,
    data_set: str,
    keyed_hash: KeyedHash,
    now: int,
    *,
    exact_signals: bool,
    gold: bool = False,
) -> Batches:
    """Yield the published rows of a data set in the columns of `HORDE`, whole images at a time.

    `now` in microseconds decides which statuses still hold; without `exact_signals` what could
    identify a rater is coarsened; without `gold` votes on gold images are left out. Raises
    NoSuchDataSetError.
    """
    found = fetch(connection, exporting.DATA_SET, NUMBER, data_set)["number"]
    if not len(found):
        raise NoSuchDataSetError
    table = HordeTable(
        Raters.load(connection, keyed_hash, now),
        fetch(connection, exporting.CLIENT_AGENTS, CLIENT_AGENTS),
        exact_signals,
    )
    images = stream(connection, exporting.TOUCHED_IMAGES, IMAGES, found[0].as_py())
    votes = stream(connection, exporting.VOTES_WITH_GOLD if gold else exporting.VOTES, VOTES)
    with closing(images), closing(votes), closing(ahead(votes)) as coming:
        keys = ImageKeys(images)
        for whole_images in by_whole_images(table.raters.publish(coming)):
            yield table.rows(whole_images, keys)


def ahead(batches: Batches) -> Batches:
    """Yield the same, while a thread already reads the next one: SQLite and Arrow both let go."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch


def stream(
    connection: Connection, sql: str, schema: pa.Schema, parameter: int | str | None = None
) -> Batches:
    """Run a SELECT and yield batches of exactly `schema`.

    ADBC takes each column's type from the first batch, and calls a column int64 when that batch
    has nothing but NULL in it or no row at all: hence the cast.
    """
    options = {"adbc.sqlite.query.batch_rows": str(BATCH_ROWS)}
    with closing(connection.cursor(adbc_stmt_kwargs=options)) as cursor:
        cursor.execute(sql, None if parameter is None else (parameter,))
        for batch in cursor.fetch_record_batch():
            yield batch.cast(schema)


def fetch(
    connection: Connection, sql: str, schema: pa.Schema, parameter: int | str | None = None
) -> pa.RecordBatch:
    """Run a SELECT whose rows fit in memory."""
    nothing = pa.RecordBatch.from_pylist([], schema)
    return pa.concat_batches([nothing, *stream(connection, sql, schema, parameter)])


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
            known, found = _find(batch["rater"].to_numpy(), self.numbers)
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
        known, places = _find(image_ids, self._held["image_id"].to_numpy())
        return known, self._held["key"].take(pa.array(places))


@dataclass(frozen=True, slots=True)
class HordeTable:
    """Makes published rows of votes; holds in memory what does not grow with the votes.

    The rows of an image stand together, images in the order of their import, and the rows of one
    image in the order of their pseudonyms. This order is the same each time, needs one pass,
    keeps files small, and tells nothing that the columns do not: neither who joined first nor
    the order of votes within a minute.
    """

    raters: Raters
    client_agents: pa.RecordBatch
    exact_signals: bool

    def rows(self, votes: pa.RecordBatch, images: ImageKeys) -> pa.RecordBatch:
        """Return the rows of published `votes`: all of their images, image by image."""
        image_ids = votes["image_id"].to_numpy()
        firsts = _firsts(image_ids)
        counts = np.diff(firsts, append=len(image_ids))
        known, keys = images.find(image_ids[firsts])
        image = np.repeat(np.arange(len(firsts)), counts)
        order = np.argsort(image * len(self.raters.numbers) + votes["rater"].to_numpy())
        votes = votes.take(pa.array(order[known[image]]))
        counts = counts[known]
        _, agents = _find(votes["client_agent_id"].to_numpy(), self.client_agents["id"].to_numpy())
        size = len(votes)
        columns = {
            "id": keys.take(pa.array(np.repeat(np.arange(len(keys)), counts))),
            "ratings_count": pa.array(np.repeat(counts, counts)),
            "rating": votes["aesthetic"],
            "kudos": self._signal(votes["horde_kudos"], to_two_digits, ANONYMOUS_KUDOS),
            "account_age": self._signal(votes["horde_account_age"], to_weeks),
            "usage_requests": self._signal(votes["horde_usage_requests"], to_two_digits),
            "created_at": self._signal(votes["created_at"], to_minutes)
            .cast(pa.timestamp("us"))
            .cast(HORDE.field("created_at").type),
            "client_agent": self.client_agents["name"].take(pa.array(agents)),
            "artifacts": votes["artifacts"].cast(pa.float64()),
            "user_id": self.raters.pseudonyms.take(votes["rater"]),
            "trusted": pc.fill_null(votes["horde_trusted"], 0).cast(pa.bool_()),
            "validated": self.raters.validated.take(votes["rater"]),
            "captchas_failed": pc.fill_null(votes["captchas_failed"], 0),
            "country": pa.nulls(size, pa.string()),
        }
        return pa.record_batch([columns[name] for name in HORDE.names], schema=HORDE)

    def _signal(
        self, values: pa.Int64Array, coarsen: Callable[[Integers], Integers], missing: int = 0
    ) -> pa.Int64Array:
        """Return the numbers as they are published; `missing` is for raters without an account."""
        if values.null_count == len(values):
            return pa.repeat(missing, len(values))
        numbers = pc.fill_null(values, 0)
        if not self.exact_signals:
            numbers = pa.array(coarsen(numbers.to_numpy()))
        return pc.if_else(pc.is_valid(values), numbers, missing)


def by_whole_images(votes: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Cut anew a stream of votes that is sorted by image, so that no image is cut."""
    kept = pa.RecordBatch.from_pylist([], VOTES)
    for batch in votes:
        if len(kept):
            last = int(_firsts(kept["image_id"].to_numpy())[-1])
            if last:
                yield kept.slice(0, last)
            kept = kept.slice(last)
        kept = pa.concat_batches([kept, batch])
    if len(kept):
        yield kept


def _firsts(ascending: Integers) -> npt.NDArray[np.intp]:
    """Return the places at which a new value begins."""
    return np.flatnonzero(np.diff(ascending, prepend=ascending[0] - 1))


def _find(wanted: Integers, ascending: Integers) -> tuple[Flags, npt.NDArray[np.intp]]:
    """Return which of the `wanted` are in `ascending`, and the places there of those that are."""
    places = np.searchsorted(ascending, wanted)
    known = places < len(ascending)
    known[known] = ascending[places[known]] == wanted[known]
    return known, places[known]
