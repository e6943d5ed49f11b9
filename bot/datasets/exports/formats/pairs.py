"""Pairs of images of one prompt, the better and the worse one, for models of preference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from bot.datasets.exports.kinds import Table
from bot.datasets.exports.pairing import compare, neighbours
from bot.datasets.exports.prompts import by_prompt, groups
from bot.datasets.exports.reading import Batches
from bot.datasets.exports.source import Source
from bot.rating.scales import SCALES

PAIRS = pa.schema(
    [
        pa.field("data_set", pa.string(), nullable=False),
        pa.field("prompt", pa.string()),
        pa.field("scale", pa.string(), nullable=False),
        pa.field("better", pa.string(), nullable=False),
        pa.field("worse", pa.string(), nullable=False),
        pa.field("derived", pa.string(), nullable=False),
        pa.field("difference", pa.float64(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
    ]
)
"""docs/exports.md says what they mean."""

DERIVED: Final = "scores"
"""All pairs come of two scores: nobody was asked which of two images is the better one."""

BATCH_ROWS: Final = 16_384


def read(source: Source) -> Batches:
    """Yield the pairs of the selected images, those of a prompt together."""
    rows: list[dict[str, Any]] = []
    for images in by_prompt(source):
        for group in groups(images):
            rows.extend(_rows(group))
            if len(rows) >= BATCH_ROWS:
                yield pa.RecordBatch.from_pylist(rows, PAIRS)
                rows = []
    yield pa.RecordBatch.from_pylist(rows, PAIRS)


def _rows(images: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one, other in neighbours(images):
        for scale in SCALES.values():
            if pair := compare(one, other, scale):
                yield {
                    "data_set": one["data_set"],
                    "prompt": one["prompt"],
                    "scale": scale.name,
                    "better": pair.better["key"],
                    "worse": pair.worse["key"],
                    "derived": DERIVED,
                    "difference": pair.difference,
                    "probability": pair.probability,
                    "split": one["split"],
                }


def _images(rows: pa.RecordBatch) -> int:
    columns = (rows[name].to_pylist() for name in ("data_set", "better", "worse"))
    return len({(data_set, key) for data_set, *keys in zip(*columns, strict=True) for key in keys})


FORMAT = Table(PAIRS, read, image=_images)
