"""The table of AI Horde Ratings: one row a vote that has an aesthetic score."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.datasets.exports.coarsening import published, to_minutes, to_two_digits, to_weeks
from bot.datasets.exports.imported import Imported
from bot.datasets.exports.kinds import Table
from bot.datasets.exports.published import CLIENT_AGENTS, Judged, Raters, judged
from bot.datasets.exports.reading import Batches, fetch, find, firsts
from bot.datasets.exports.source import Source
from bot.datasets.exports.streams import side_by_side
from storage import exporting
from storage.exporting_imported import ANONYMOUS_KUDOS

HORDE = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("ratings_count", pa.int64(), nullable=False),
        pa.field("rating", pa.int64(), nullable=False),
        pa.field("kudos", pa.int64(), nullable=False),
        pa.field("account_age", pa.int64(), nullable=False),
        pa.field("usage_requests", pa.int64(), nullable=False),
        pa.field("created_at", pa.timestamp("ns"), nullable=False),
        pa.field("client_agent", pa.string(), nullable=False),
        pa.field("artifacts", pa.float64()),
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("trusted", pa.bool_(), nullable=False),
        pa.field("validated", pa.bool_(), nullable=False),
        pa.field("captchas_failed", pa.int64(), nullable=False),
        pa.field("country", pa.string()),
    ]
)
"""AI Horde Ratings, as its notebooks show the published file.

account_age is in seconds. created_at is naive UTC; it has whole microseconds but is stored in
nanoseconds, because pandas shows a column in the unit of the file and the published one is
datetime64[ns]. artifacts is a float because pandas 1 had no other number that can be missing.
"""

IMAGES = pa.schema([("image_id", pa.int64()), ("key", pa.string())])
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


def read(source: Source) -> Batches:
    """Yield the selected votes in the columns of `HORDE`, whole images at a time.

    Raises RefusedError where a key alone does not tell which image is meant, or where imported
    votes are wanted that a selection cannot tell apart.
    """
    source.require_distinct_keys()
    if source.selection.imported:
        yield from _with_imported(source)
        return
    for _, rows in _ours(source):
        yield rows


def _ours(
    source: Source, minimum_votes: int | None = None
) -> Iterator[tuple[Judged, pa.RecordBatch]]:
    """Yield the votes of our own raters, and their rows."""
    raters = Raters.load(source)
    client_agents = fetch(source.connection, exporting.CLIENT_AGENTS, CLIENT_AGENTS)
    for some in judged(
        source, raters, VOTES, IMAGES, rated="aesthetic", minimum_votes=minimum_votes
    ):
        yield some, _rows(some, raters, client_agents, exact_signals=source.exact_signals)


def _with_imported(source: Source) -> Batches:
    """Yield the same with imported votes; those on images that we do not have come last."""
    imported = Imported.of(source)

    def ours() -> Batches:
        for some, rows in _ours(source.without_imported, minimum_votes=1):
            yield rows.append_column("image_id", some.of_votes(some.images["image_id"]))

    with (
        closing(ours()) as given,
        closing(imported.rows_on_ours()) as known,
        closing(imported.rows_on_others()) as others,
    ):
        for streams in ([given, map(_imported_rows, known)], [map(_imported_rows, others)]):
            for rows in side_by_side(streams):
                yield _ordered(rows, source.selection.minimum_votes)


def _imported_rows(votes: pa.RecordBatch) -> pa.RecordBatch:
    """Return imported votes as they came; how many an image has is to be counted."""
    columns = {
        "id": votes["key"],
        "ratings_count": pa.repeat(0, len(votes)),
        "rating": votes["rating"].cast(pa.int64()),
        "kudos": _filled(votes["kudos"], ANONYMOUS_KUDOS),
        **{name: _filled(votes[name]) for name in ("account_age", "usage_requests")},
        "created_at": _moments(votes["created_at"]),
        "client_agent": votes["client_agent"],
        "artifacts": _unless(votes["artifacts"], -1.0),
        "user_id": votes["rater"],
        **{name: _filled(votes[name]).cast(pa.bool_()) for name in ("trusted", "validated")},
        "captchas_failed": _filled(votes["captchas_failed"]),
        "country": _unless(votes["country"], ""),
    }
    rows = pa.record_batch([columns[name] for name in HORDE.names], schema=HORDE)
    return rows.append_column("image_id", votes["image_id"])


def _ordered(rows: pa.RecordBatch, minimum_votes: int) -> pa.RecordBatch:
    """Return whole images' rows in the order of images and raters, with their numbers."""
    order = pc.sort_indices(rows, [("image_id", "ascending"), ("user_id", "ascending")])
    rows = rows.take(order)
    first_rows = firsts(rows["image_id"].to_numpy())
    counts = np.diff(first_rows, append=len(rows))
    counted = rows.set_column(
        HORDE.get_field_index("ratings_count"),
        HORDE.field("ratings_count"),
        pa.array(np.repeat(counts, counts)),
    )
    enough = pa.array(np.repeat(counts >= minimum_votes, counts))
    return counted.select(HORDE.names).filter(enough).cast(HORDE)


def _rows(
    some: Judged, raters: Raters, client_agents: pa.RecordBatch, *, exact_signals: bool
) -> pa.RecordBatch:
    votes = some.votes
    exact = partial(published, exact=exact_signals)
    weeks = partial(to_weeks, moments=votes["created_at"].to_numpy())
    _, agents = find(votes["client_agent_id"].to_numpy(), client_agents["id"].to_numpy())
    columns = {
        "id": some.of_votes(some.images["key"]),
        "ratings_count": pa.array(np.repeat(some.counts, some.counts)),
        "rating": votes["aesthetic"],
        "kudos": _filled(exact(votes["horde_kudos"], to_two_digits), ANONYMOUS_KUDOS),
        "account_age": _filled(exact(votes["horde_account_age"], weeks)),
        "usage_requests": _filled(exact(votes["horde_usage_requests"], to_two_digits)),
        "created_at": _moments(exact(votes["created_at"], to_minutes)),
        "client_agent": client_agents["name"].take(pa.array(agents)),
        "artifacts": votes["artifacts"].cast(pa.float64()),
        "user_id": raters.pseudonyms.take(votes["rater"]),
        "trusted": _filled(votes["horde_trusted"]).cast(pa.bool_()),
        "validated": raters.validated.take(votes["rater"]),
        "captchas_failed": _filled(votes["captchas_failed"]),
        "country": pa.nulls(len(votes), pa.string()),
    }
    return pa.record_batch([columns[name] for name in HORDE.names], schema=HORDE)


def _filled(values: pa.Int64Array, missing: int = 0) -> pa.Int64Array:
    if values.null_count == len(values):
        return pa.repeat(missing, len(values))
    return pc.fill_null(values, missing)


def _moments(microseconds: pa.Int64Array) -> pa.TimestampArray:
    return microseconds.cast(pa.timestamp("us")).cast(HORDE.field("created_at").type)


def _unless(values: pa.Array, missing: float | str) -> pa.Array:
    """Return the values with nothing where `missing` stands for it."""
    return pc.if_else(pc.equal(values, missing), None, values)


FORMAT = Table(HORDE, read, image=("id",))
