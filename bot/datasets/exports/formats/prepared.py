"""What trainers of aesthetics-scorer read: an image a row with rounded medians, in two splits.

https://github.com/kenjiqq/aesthetics-scorer makes these files of AI Horde Ratings and DiffusionDB
(dataset-process/dataset_parquet_files.py). Its filters are lost on the way there; here they hold.
"""

from __future__ import annotations

from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.datasets.exports.figures import tallied
from bot.datasets.exports.histograms import Histograms
from bot.datasets.exports.kinds import Filled, Folder
from bot.datasets.exports.published import BONDS, Judged, Raters, judged, splits
from bot.datasets.exports.reading import Flags, Floats
from bot.datasets.exports.source import Source
from bot.datasets.exports.tally import Tally
from bot.datasets.exports.writers import parquet_file
from bot.rating.scales import AESTHETIC, ARTIFACTS, Scale

WHOLE: Final = "prepared_hord_diffusion_dataset.parquet"
TRAIN: Final = "train_split.parquet"
VALIDATE: Final = "validate_split.parquet"
"""The names of the published files."""

STATS: Final = "dataset_stats.png"
SHOWN: Final = {"rating": AESTHETIC, "artifacts": ARTIFACTS}
LEAST_VOTES: Final = 3

PREPARED = pa.schema(
    [
        pa.field("image_name", pa.string(), nullable=False),
        pa.field("ratings_count", pa.int64(), nullable=False),
        pa.field("rating", pa.float64(), nullable=False),
        pa.field("artifacts", pa.float64()),
        pa.field("prompt", pa.string()),
        pa.field("part_id", pa.uint16()),
        pa.field("width", pa.uint16()),
        pa.field("height", pa.uint16()),
    ]
)
SIXTEEN_BITS: Final = 2**16 - 1

VOTES = pa.schema(
    [(name, pa.int64()) for name in ("image_id", "rater", AESTHETIC.name, ARTIFACTS.name)]
)
IMAGES = pa.schema(
    [
        ("image_id", pa.int64()),
        *BONDS,
        ("member", pa.string()),
        *((name, pa.int64()) for name in ("part_id", "width", "height")),
    ]
)


def fill(source: Source, folder: Path) -> Filled:
    """Write the three files, of which the whole has a row an image, and their histograms.

    Raises RefusedError where a key alone does not tell which image is meant.
    """
    source.require_distinct_keys()
    raters = Raters.load(source, without_banned=True)
    least = max(source.selection.minimum_votes, LEAST_VOTES)
    images, histograms = 0, Histograms((WHOLE, TRAIN, VALIDATE), SHOWN)
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(parquet_file(folder / name, PREPARED))
            for name in (WHOLE, TRAIN, VALIDATE)
        }
        for some in judged(
            source, raters, VOTES, IMAGES, rated=AESTHETIC.name, minimum_votes=least
        ):
            rows = _rows(some)
            is_train = pc.equal(splits(some.images), "train")
            parts = (rows, rows.filter(is_train), rows.filter(pc.invert(is_train)))
            for name, part in zip(files, parts, strict=True):
                files[name].write(part)
                histograms.add(name, part)
            images += len(rows)
    histograms.write(folder / STATS)
    return Filled(images, images)


def _rows(some: Judged) -> pa.RecordBatch:
    keys = some.images["key"].to_pylist()
    names = map(image_name, keys, some.images["member"].to_pylist())
    artifacts = _rounded(some, ARTIFACTS, keys)
    columns = {
        "image_name": pa.array(names, pa.string()),
        "ratings_count": some.counts,
        "rating": _rounded(some, AESTHETIC, keys),
        "artifacts": pa.array(artifacts, mask=np.isnan(artifacts)),
        "prompt": some.images["prompt"],
        **{name: _short(some.images[name]) for name in ("part_id", "width", "height")},
    }
    return pa.record_batch([columns[name] for name in PREPARED.names], schema=PREPARED)


def _short(numbers: pa.Int64Array) -> pa.UInt16Array:
    """Return numbers of 16 bits, missing where they are larger."""
    fits = pc.and_(pc.greater_equal(numbers, 0), pc.less_equal(numbers, SIXTEEN_BITS))
    return pc.if_else(fits, numbers, None).cast(pa.uint16())


def _rounded(some: Judged, scale: Scale, keys: list[str]) -> Floats:
    tossed = np.fromiter((heads(scale.name, key) for key in keys), bool, len(keys))
    return rounded(tallied(some, scale), tossed)


def rounded(tally: Tally, heads: Flags) -> Floats:
    """Return medians as whole numbers, halves rounded towards the mean; NaN without a vote.

    Where the mean is the median, a coin decides that was tossed for the image.
    """
    median = tally.median
    towards = np.sign(tally.sum - median * tally.votes)
    up = (towards > 0) | ((towards == 0) & heads)
    return np.where(up, np.ceil(median), np.floor(median))


def heads(scale: str, key: str) -> bool:
    """Toss a coin for an image that falls the same way each time."""
    text = f"{scale}:{key}".encode("utf-8", "surrogatepass")
    return bool(blake2b(text, digest_size=1).digest()[0] % 2)


def image_name(key: str, member: str) -> str:
    """Return the name of an image's file: what comes before its ending is the key in `horde`."""
    ending = PurePosixPath(member).suffix
    return key if key.endswith(ending) else f"{key}{ending}"


FORMAT = Folder(fill)
