"""Streams of rows that ascend by `image_id`: cut anew, looked up beside each other, and merged.

For child processes only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from bot.datasets.exports.reading import Batches, Flags, Integers, find, firsts

LAST_IMAGE: Final = 2**63 - 1


def by_whole_images(votes: Iterator[pa.RecordBatch]) -> Batches:
    """Cut anew a stream of votes that is sorted by image, so that no image is cut."""
    kept: pa.RecordBatch | None = None
    for batch in votes:
        if kept is not None and len(kept):
            last = int(firsts(kept["image_id"].to_numpy())[-1])
            if last:
                yield kept.slice(0, last)
            kept = kept.slice(last)
        kept = batch if kept is None else pa.concat_batches([kept, batch])
    if kept is not None and len(kept):
        yield kept


class Along:
    """Finds rows by `image_id` among ones that ascend, and holds only the next few.

    `batches` are of `schema` and have at most one row an image.
    """

    def __init__(self, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> None:
        self._batches = batches
        self._held = pa.RecordBatch.from_pylist([], schema)

    def find(self, image_ids: Integers) -> tuple[Flags, pa.RecordBatch]:
        """Return which of the ascending `image_ids` there are, and the rows of those.

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
        known, places = find(image_ids, self._held["image_id"].to_numpy())
        return known, self._held.take(pa.array(places))


def side_by_side(streams: Sequence[Iterator[pa.RecordBatch]]) -> Iterator[pa.RecordBatch]:
    """Merge streams of one schema that ascend by `image_id` into such a one; no image is cut.

    Of an image the rows of the first stream come first.
    """
    sides = [_Side(stream) for stream in streams]
    while True:
        filled = [side.fill() for side in sides]
        if not any(filled):
            return
        last = min(side.last_whole for side in sides)
        parts = [part for side in sides if len(part := side.take(last))]
        if parts:
            rows = pa.concat_batches(parts)
            order = np.argsort(rows["image_id"].to_numpy(), kind="stable")
            yield rows.take(pa.array(order))


class _Side:
    """One of the streams, with what was read of it and not taken yet."""

    def __init__(self, stream: Iterator[pa.RecordBatch]) -> None:
        self._stream = stream
        self._held: pa.RecordBatch | None = None
        self._is_over = False

    def fill(self) -> bool:
        """Hold a whole image at least, if there is one left; False where nothing is."""
        while not self._is_over and (self._held is None or self._first == self._last):
            batch = next(self._stream, None)
            if batch is None:
                self._is_over = True
            elif len(batch):
                self._held = batch if self._held is None else pa.concat_batches([self._held, batch])
        return self._held is not None

    @property
    def last_whole(self) -> int:
        """The last image of which all rows are held, or any number above it that has no rows."""
        return LAST_IMAGE if self._is_over else self._last - 1

    def take(self, last: int) -> pa.RecordBatch | tuple[()]:
        """Return the rows of images up to `last`, and hold the others."""
        if self._held is None:
            return ()
        count = int(np.searchsorted(self._held["image_id"].to_numpy(), last, side="right"))
        taken, rest = self._held.slice(0, count), self._held.slice(count)
        self._held = rest if len(rest) else None
        return taken

    @property
    def _first(self) -> int:
        return int(self._held["image_id"][0].as_py()) if self._held is not None else 0

    @property
    def _last(self) -> int:
        return int(self._held["image_id"][-1].as_py()) if self._held is not None else 0
