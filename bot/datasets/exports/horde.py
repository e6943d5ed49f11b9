"""The table of AI Horde Ratings, streamed from a database: one row a vote, image by image."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager.dbapi import Connection

from bot.datasets.exports.coarsening import to_minutes, to_two_digits, to_weeks
from bot.datasets.exports.columns import ANONYMOUS_KUDOS, HORDE
from bot.datasets.exports.published import (
    CLIENT_AGENTS,
    IMAGES,
    VOTES,
    ImageKeys,
    Raters,
    by_whole_images,
)
from bot.datasets.exports.reading import (
    NUMBER,
    Batches,
    Integers,
    ahead,
    fetch,
    find,
    firsts,
    stream,
)
from bot.keyed_hash import KeyedHash
from storage import exporting


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
        first_rows = firsts(image_ids)
        counts = np.diff(first_rows, append=len(image_ids))
        known, keys = images.find(image_ids[first_rows])
        image = np.repeat(np.arange(len(first_rows)), counts)
        order = np.argsort(image * len(self.raters.numbers) + votes["rater"].to_numpy())
        votes = votes.take(pa.array(order[known[image]]))
        counts = counts[known]
        _, agents = find(votes["client_agent_id"].to_numpy(), self.client_agents["id"].to_numpy())
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
