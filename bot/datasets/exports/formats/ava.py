"""Histograms of aesthetic scores as the lines of AVA.txt, and a table that says what is what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from bot.datasets.exports.kinds import Filled, Folder
from bot.datasets.exports.pictures import ending
from bot.datasets.exports.published import Judged, Raters, judged
from bot.datasets.exports.shards import ORIGINAL, Originals
from bot.datasets.exports.source import Source
from bot.datasets.exports.tally import Tally
from bot.datasets.exports.writers import CsvRows
from bot.rating.scales import SCALES

AVA: Final = "AVA.txt"
NAMES: Final = "images.csv"
PICTURES: Final = "images"
TAGS: Final = (0, 0)
"""Two semantic tags, 0 where there is none."""

IMAGES = pa.schema(
    [
        ("image_id", pa.int64()),
        ("data_set_id", pa.int64()),
        ("key", pa.string()),
        ("prompt", pa.string()),
        ("sha256", pa.string()),
        *ORIGINAL,
    ]
)
VOTES = pa.schema([("image_id", pa.int64()), ("rater", pa.int64()), ("aesthetic", pa.int64())])
NAMED = pa.schema(
    [
        ("image_id", pa.int64()),
        ("challenge", pa.int64()),
        ("data_set", pa.string()),
        ("id", pa.string()),
        ("prompt", pa.string()),
    ]
)
"""`image_id` and `challenge` as in AVA.txt; `data_set` and `id` as in every other format."""


def fill(source: Source, folder: Path) -> Filled:
    """Write AVA.txt, images.csv, and pictures where they are wanted.

    A line has twelve numbers and more between single spaces: its own, from 1 on; the image's; how
    often each score from 1 to 10 was given; two tags; the challenge, which is the data set's number
    here. AVA (Murray, Marchesotti, Perronnin 2012) knows images by whole numbers alone. A
    picture that cannot be read then has no line, nor has one that changed.
    """
    originals, lines = Originals(), 0
    with (folder / AVA).open("wb") as ava, (folder / NAMES).open("wb") as named:
        names = CsvRows(named, NAMED)
        for some in judged(source, Raters.load(source), VOTES, IMAGES, rated="aesthetic"):
            if not len(some):
                continue
            table, images = _lines(some), some.images
            if source.pictures != "none":
                copied = originals.copied(images, map(folder.joinpath, _paths(images)))
                table, images = table[copied.to_numpy(zero_copy_only=False)], images.filter(copied)
            numbers = np.arange(lines + 1, lines + 1 + len(table))
            np.savetxt(ava, np.column_stack([numbers, table]), fmt="%d")
            names.write(_names(images, source))
            lines += len(table)
        names.finish()
    return Filled(lines, lines, originals.left_out)


def _paths(images: pa.RecordBatch) -> Iterator[str]:
    """Return where pictures lie: what embeds them takes a name up to its first dot."""
    for number, member in zip(
        images["image_id"].to_pylist(), images["member"].to_pylist(), strict=True
    ):
        yield f"{PICTURES}/{number}{ending(member)}"


def _lines(some: Judged) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    scale = SCALES["aesthetic"]
    answers = some.votes["aesthetic"].to_numpy()
    histogram = Tally.of(scale, some.image, answers, len(some)).histogram
    return np.column_stack(
        [
            some.images["image_id"].to_numpy(),
            histogram,
            np.tile(TAGS, (len(some), 1)),
            some.images["data_set_id"].to_numpy(),
        ]
    )


def _names(images: pa.RecordBatch, source: Source) -> pa.RecordBatch:
    challenges = images["data_set_id"]
    columns = [
        images["image_id"],
        challenges,
        source.data_set_names(challenges),
        images["key"],
        images["prompt"],
    ]
    return pa.record_batch(columns, schema=NAMED)


FORMAT = Folder(fill)
