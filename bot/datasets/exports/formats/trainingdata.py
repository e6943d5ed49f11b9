"""Paths of images and their plain means, as trainers of aesthetic predictors read them.

https://github.com/christophschuhmann/improved-aesthetic-predictor (prepare-data) opens each path
with Pillow, and skips means below 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa

from bot.datasets.exports.figures import tallied
from bot.datasets.exports.kinds import Filled, Folder
from bot.datasets.exports.pictures import picture_path
from bot.datasets.exports.published import Judged, Raters, judged
from bot.datasets.exports.shards import ORIGINAL, Originals
from bot.datasets.exports.source import Source
from bot.datasets.exports.writers import parquet_file
from bot.rating.scales import AESTHETIC

FILE: Final = "trainingdata.parquet"
PICTURES: Final = "images"

TRAINING_DATA = pa.schema(
    [
        pa.field("IMAGEPATH", pa.string(), nullable=False),
        pa.field("AVERAGE_RATING", pa.float64(), nullable=False),
    ]
)
VOTES = pa.schema([(name, pa.int64()) for name in ("image_id", "rater", AESTHETIC.name)])
IMAGES = pa.schema(
    [
        ("image_id", pa.int64()),
        ("data_set_id", pa.int64()),
        ("key", pa.string()),
        ("sha256", pa.string()),
        *ORIGINAL,
    ]
)


def fill(source: Source, folder: Path) -> Filled:
    """Write the table, and the pictures that it names where they are wanted.

    A picture that cannot be read then has no row, nor has one that changed.
    """
    originals, raters = Originals(), Raters.load(source)
    images = 0
    with parquet_file(folder / FILE, TRAINING_DATA) as table:
        for some in judged(source, raters, VOTES, IMAGES, rated=AESTHETIC.name):
            rows = _rows(some, source)
            if source.pictures != "none":
                paths = map(folder.joinpath, rows["IMAGEPATH"].to_pylist())
                rows = rows.filter(originals.copied(some.images, paths))
            table.write(rows)
            images += len(rows)
    return Filled(images, images, originals.left_out)


def _rows(some: Judged, source: Source) -> pa.RecordBatch:
    data_sets = source.data_set_names(some.images["data_set_id"]).to_pylist()
    keys, members = (some.images[name].to_pylist() for name in ("key", "member"))
    paths = [
        f"{PICTURES}/{picture_path(*names)}" for names in zip(data_sets, keys, members, strict=True)
    ]
    means = tallied(some, AESTHETIC).mean
    return pa.record_batch([pa.array(paths, pa.string()), means], schema=TRAINING_DATA)


FORMAT = Folder(fill)
