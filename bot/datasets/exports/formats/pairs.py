"""Pairs of images of one prompt, the better and the worse one, for models of preference."""

from __future__ import annotations

from collections.abc import Iterator
from math import erf, hypot, sqrt
from typing import Any, Final

import pyarrow as pa

from bot.datasets.exports.kinds import Table
from bot.datasets.exports.prompts import by_prompt, groups
from bot.datasets.exports.reading import Batches
from bot.datasets.exports.source import Source
from bot.rating.scales import SCALES, Scale

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

NEIGHBOURS: Final = 9
"""With so many of the next images an image is paired: all of a prompt that has ten, and no flood
where one prompt has thousands."""

BATCH_ROWS: Final = 16_384

TIE_DECIMALS: Final = 2
"""Scores that are the same to so many decimals are a tie, which is no pair."""


def read(source: Source) -> Batches:
    """Yield the pairs of the selected images, those of a prompt together."""
    rows: list[dict[str, Any]] = []
    for images in by_prompt(source):
        for group in groups(images):
            rows.extend(_pairs(group.to_pylist()))
            if len(rows) >= BATCH_ROWS:
                yield pa.RecordBatch.from_pylist(rows, PAIRS)
                rows = []
    yield pa.RecordBatch.from_pylist(rows, PAIRS)


def _pairs(images: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the pairs of one prompt's images, of the first with each other first."""
    for place, one in enumerate(images):
        for other in images[place + 1 : place + 1 + NEIGHBOURS]:
            for scale in SCALES.values():
                if None not in {one[scale.name], other[scale.name]}:
                    yield from _pair(one, other, scale)


def _pair(one: dict[str, Any], other: dict[str, Any], scale: Scale) -> Iterator[dict[str, Any]]:
    difference = round(one[scale.name], TIE_DECIMALS) - round(other[scale.name], TIE_DECIMALS)
    if not difference:
        return
    better, worse = (one, other) if (difference > 0) == scale.higher_is_better else (other, one)
    error = hypot(one[f"{scale.name}_error"], other[f"{scale.name}_error"])
    yield {
        "data_set": one["data_set"],
        "prompt": one["prompt"],
        "scale": scale.name,
        "better": better["key"],
        "worse": worse["key"],
        "derived": DERIVED,
        "difference": round(abs(difference), TIE_DECIMALS),
        "probability": (1 + erf(abs(difference) / (error * sqrt(2)))) / 2,
        "split": one["split"],
    }


def _images(rows: pa.RecordBatch) -> int:
    columns = (rows[name].to_pylist() for name in ("data_set", "better", "worse"))
    return len({(data_set, key) for data_set, *keys in zip(*columns, strict=True) for key in keys})


FORMAT = Table(PAIRS, read, image=_images)
