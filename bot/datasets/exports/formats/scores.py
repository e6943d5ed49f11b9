"""Scores with how sure they are: one row an image and scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from bot.datasets.exports.figures import Figures, described
from bot.datasets.exports.kinds import Table
from bot.datasets.exports.published import splits
from bot.datasets.exports.reading import Batches
from bot.datasets.exports.source import Source

SCORES = pa.schema(
    [
        pa.field("data_set", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("scale", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("standard_error", pa.float64(), nullable=False),
        pa.field("confidence", pa.float64(), nullable=False),
        pa.field("plain_mean", pa.float64(), nullable=False),
        pa.field("median", pa.float64(), nullable=False),
        pa.field("votes", pa.int64(), nullable=False),
        pa.field("histogram", pa.list_(pa.field("item", pa.int64())), nullable=False),
        pa.field("agreement", pa.float64()),
        pa.field("split", pa.string(), nullable=False),
    ]
)
"""docs/exports.md says what they mean. `agreement` is missing where there is but one vote."""


def read(source: Source) -> Batches:
    """Yield the rows of the selected images, those of an image together."""
    for some in described(source):
        data_sets = source.data_set_names(some.images["data_set_id"])
        home = {"data_set": data_sets, "id": some.images["key"], "split": splits(some.images)}
        parts = [_rows(home, name, figures) for name, figures in some.figures.items()]
        image = np.concatenate([np.flatnonzero(each.enough) for each in some.figures.values()])
        yield pa.concat_batches(parts).take(pa.array(np.argsort(image, kind="stable")))


def _rows(home: Mapping[str, pa.Array], scale: str, figures: Figures) -> pa.RecordBatch:
    tally, size = figures.tally, len(figures.enough)
    levels = len(tally.scale.values)
    agreement = tally.agreement
    columns = {
        **home,
        "scale": pa.repeat(scale, size),
        "score": figures.score,
        "standard_error": figures.standard_error,
        "confidence": figures.confidence,
        "plain_mean": tally.mean,
        "median": tally.median,
        "votes": tally.votes,
        "histogram": pa.ListArray.from_arrays(
            np.arange(size + 1, dtype=np.int32) * levels, tally.histogram.ravel()
        ),
        "agreement": pa.array(agreement, mask=np.isnan(agreement)),
    }
    rows = pa.record_batch([columns[name] for name in SCORES.names], schema=SCORES)
    return rows.filter(pa.array(figures.enough))


FORMAT = Table(SCORES, read, image=("data_set", "id"))
