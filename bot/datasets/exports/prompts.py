"""Images prompt by prompt, while the database has them in the order of their import."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryFile
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.datasets.exports.figures import Described, described
from bot.datasets.exports.published import splits
from bot.datasets.exports.source import Source
from bot.datasets.exports.splits import bond_of
from bot.rating.scales import SCALES

HEAPS: Final = 64
"""Temporary files by which images are sorted; as much of all images is in memory at a time."""

GROUP: Final = 16
"""Bytes of the hash that tells groups apart."""

ROWS: Final = 1024
"""So many images are made rows at a time: they take ten times the memory, and a call for each
prompt takes three times as long."""

SCORED = (
    ("data_set", pa.string()),
    ("split", pa.string()),
    ("group", pa.string()),
    *((f"{scale}{figure}", pa.float64()) for scale in SCALES for figure in ("", "_error")),
    *((f"{scale}_votes", pa.int64()) for scale in SCALES),
)


def by_prompt(source: Source, *columns: tuple[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    """Yield the selected images, many at once, those of a prompt together and in one batch.

    Images of a data set belong together that are in one set, or in none, and have the same prompt;
    without a prompt those of a set, and one that is in none is alone. So they are in one split.
    `group` is a hash that says which: the same in each export, as is the order, which says nothing.
    An image has the columns of `described`, its data set's name, its split, and
    for each scale its score, standard error (`_error`) and number of votes (`_votes`); score and
    error are null where there are fewer votes than asked for. Temporary files are in
    `source.scratch` and have no name. Raises RefusedError, OSError.
    """
    with ExitStack() as open_files:
        heaps = [open_files.enter_context(TemporaryFile(dir=source.scratch)) for _ in range(HEAPS)]
        writers: list[pa.RecordBatchStreamWriter] = []
        for some in described(source, *columns):
            images = _scored(some, source)
            if not writers:
                writers = [pa.ipc.new_stream(heap, images.schema) for heap in heaps]
            heap_of = np.fromiter(
                (int(group[:2], 16) % HEAPS for group in images["group"].to_pylist()), int
            )
            for number in np.unique(heap_of):
                writers[number].write_batch(images.filter(pa.array(heap_of == number)))
        for writer in writers:
            writer.close()
        for heap in heaps[: len(writers)]:
            heap.seek(0)
            with pa.ipc.open_stream(heap) as reader:
                images = reader.read_all().combine_chunks()
            order = pc.sort_indices(images, [("group", "ascending"), ("image_id", "ascending")])
            yield from images.take(order).to_batches()


def groups(images: pa.RecordBatch) -> Iterator[list[dict[str, Any]]]:
    """Cut what `by_prompt` yields into the images of one prompt each, as rows."""
    parts = (images.slice(first, ROWS) for first in range(0, len(images), ROWS))
    rows = (row for part in parts for row in part.to_pylist())
    for _, group in groupby(rows, itemgetter("group")):
        yield list(group)


def _scored(some: Described, source: Source) -> pa.RecordBatch:
    images = some.images
    columns = dict(zip(images.schema.names, images.columns, strict=True))
    columns["data_set"] = source.data_set_names(images["data_set_id"])
    columns["split"] = splits(images)
    columns["group"] = pa.array(
        map(
            group_of,
            columns["data_set"].to_pylist(),
            *(images[name].to_pylist() for name in ("prompt", "key", "set_key")),
        ),
        pa.string(),
    )
    for scale, figures in some.figures.items():
        missing = ~figures.enough
        columns[scale] = pa.array(figures.score, mask=missing)
        columns[f"{scale}_error"] = pa.array(figures.standard_error, mask=missing)
        columns[f"{scale}_votes"] = pa.array(figures.tally.votes)
    schema = pa.schema([*images.schema, *SCORED])
    return pa.record_batch([columns[name] for name in schema.names], schema=schema)


def group_of(data_set: str, prompt: str | None, key: str, set_key: str | None) -> str:
    """Return a hash of what an image is compared with: all of it is in one split."""
    bond, name = bond_of(prompt, key, set_key)
    kind: str = bond
    if set_key is not None and bond == "prompt":
        name = json.dumps([set_key, name])
        kind = "prompt of a set"
    text = f"{data_set}\0{kind}\0{name}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=GROUP).hexdigest()
