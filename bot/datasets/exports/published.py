"""What every table of published votes reads: votes image by image, raters, and their images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.datasets.exports.imported import UNNAMED, Imported
from bot.datasets.exports.reading import (
    Batches,
    Floats,
    Integers,
    ahead,
    fetch,
    find,
    firsts,
)
from bot.datasets.exports.selection import ANY_RELIABILITY
from bot.datasets.exports.source import Source
from bot.datasets.exports.splits import split_of
from bot.datasets.exports.streams import Along, by_whole_images, side_by_side
from storage import exporting

RATERS = pa.schema(
    [
        ("number", pa.int64()),
        ("validated", pa.int64()),
        ("banned", pa.int64()),
        ("reliability", pa.float64()),
    ]
)
RATER_SCORES = pa.schema(
    [
        ("rater", pa.int64()),
        ("bias", pa.float64()),
        ("reliability", pa.float64()),
        ("weight", pa.float64()),
    ]
)
CLIENT_AGENTS = pa.schema([("id", pa.int64()), ("name", pa.string())])
BONDS = tuple((name, pa.string()) for name in ("prompt", "key", "set_key", "sha256"))
"""Columns of images that say which of them are on one side, as `split_of` takes them."""


@dataclass(frozen=True, slots=True)
class Raters:
    """Every rater whose votes are published, those of imported votes too where these are wanted.

    `numbers` ascend, those of imported raters are below 1; `places` says where each of them stands
    among all pseudonyms in alphabetical order, in which the other fields are.
    """

    numbers: Integers
    places: Integers
    pseudonyms: pa.StringArray
    validated: pa.BooleanArray

    @classmethod
    def load(cls, source: Source, *, without_banned: bool = False) -> Raters:
        """Read the selected raters. Raises RefusedError, as `Imported.of` does."""
        rows = fetch(source.connection, exporting.RATERS, RATERS, source.now)
        if source.selection.raters == "validated":
            rows = rows.filter(pc.equal(rows["validated"], 1))
        if without_banned:
            rows = rows.filter(pc.equal(rows["banned"], 0))
        least = source.selection.minimum_reliability
        if least > ANY_RELIABILITY:
            rows = rows.filter(pc.greater_equal(rows["reliability"], least))
        pseudonyms = pa.array(
            [source.keyed_hash.pseudonym(number) for number in rows["number"].to_pylist()],
            pa.string(),
        )
        numbers, validated = rows["number"], rows["validated"].cast(pa.bool_())
        if source.selection.imported:
            theirs = Imported.of(source).raters
            numbers = pa.concat_arrays([theirs["number"], numbers])
            pseudonyms = pa.concat_arrays([theirs["name"], pseudonyms])
            validated = pa.concat_arrays([pa.array(np.zeros(len(theirs), bool)), validated])
        order = pc.sort_indices(pseudonyms)
        places = np.empty(len(order), np.int64)
        places[order.to_numpy()] = np.arange(len(order))
        return cls(
            numbers=numbers.to_numpy(),
            places=places,
            pseudonyms=pseudonyms.take(order),
            validated=validated.take(order),
        )

    def one_by_one(self, places: Integers) -> tuple[Integers, int]:
        """Return the votes' raters as an estimator counts them, from 0 on, and their number.

        Each vote of whom a file did not name is of somebody else.
        """
        known, found = find(np.array([UNNAMED]), self.numbers)
        unnamed = places == self.places[found] if known.all() else np.zeros(len(places), bool)
        raters = places.copy()
        raters[unnamed] = len(self.numbers) + np.arange(np.count_nonzero(unnamed))
        return raters, len(self.numbers) + int(np.count_nonzero(unnamed))

    def scored(self, source: Source, scale: str, **missing: float) -> dict[str, Floats]:
        """Return figures of the estimator's last run on a scale, in the order of pseudonyms.

        `missing` names the figures, and says what holds of a rater who was never scored.
        """
        rows = fetch(source.connection, exporting.RATER_SCORES, RATER_SCORES, scale)
        known, places = find(self.numbers, rows["rater"].to_numpy())
        figures = {name: np.full(len(self.numbers), value) for name, value in missing.items()}
        for name, values in figures.items():
            values[self.places[known]] = rows[name].to_numpy()[places]
        return figures

    def publish(self, votes: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Drop the votes of other raters, and put places in the place of the numbers."""
        for batch in votes:
            column = batch.schema.get_field_index("rater")
            known, found = find(batch["rater"].to_numpy(), self.numbers)
            places = pa.array(self.places[found])
            yield batch.filter(pa.array(known)).set_column(
                column, batch.schema.field(column), places
            )


@dataclass(frozen=True, slots=True)
class Judged:
    """Published votes on whole images, and these `images`; `counts` says how many each has.

    The votes of an image stand together, images in the order of their import, and the votes of one
    image in the order of their raters' pseudonyms. This order is the same each time, needs one
    pass, keeps files small, and tells nothing that the columns do not: neither who joined first nor
    the order of votes within a minute.
    """

    votes: pa.RecordBatch
    images: pa.RecordBatch
    counts: Integers

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image(self) -> Integers:
        """The place in `images` for each vote."""
        return np.repeat(np.arange(len(self.images)), self.counts)

    def of_votes(self, column: pa.Array) -> pa.Array:
        """Return a column of `images` for each vote."""
        return column.take(pa.array(self.image))


def judged(
    source: Source,
    raters: Raters,
    votes: pa.Schema,
    images: pa.Schema,
    *,
    rated: str | None = None,
    minimum_votes: int | None = None,
) -> Iterator[Judged]:
    """Yield the selected votes with their images, many at once; the source's progress is told.

    The schemas name the columns that are wanted, as `Source.votes` and `Source.images` know them;
    `rater` becomes the place among the pseudonyms of `raters`. Images with fewer votes than
    `minimum_votes` (the selection's, if None) are left out.
    """
    least = source.selection.minimum_votes if minimum_votes is None else minimum_votes
    with (
        closing(source.images(images)) as found,
        closing(_given(source, raters, votes, rated)) as given,
    ):
        along = Along(found, images)
        done = 0
        for whole_images in by_whole_images(given):
            yield _judged(whole_images, along, len(raters.numbers), least)
            done += len(whole_images)
            source.progress(done, source.most)


def _given(source: Source, raters: Raters, schema: pa.Schema, rated: str | None) -> Batches:
    """Yield votes of these raters image by image, with the imported ones if they are wanted."""
    with closing(source.votes(schema, rated)) as ours, closing(ahead(ours)) as coming:
        if not source.selection.imported:
            yield from raters.publish(coming)
            return
        with closing(Imported.of(source).votes(schema, rated)) as theirs:
            yield from side_by_side([raters.publish(coming), raters.publish(theirs)])


def _judged(votes: pa.RecordBatch, along: Along, raters: int, least: int) -> Judged:
    image_ids = votes["image_id"].to_numpy()
    first_rows = firsts(image_ids)
    counts = np.diff(first_rows, append=len(image_ids))
    known, images = along.find(image_ids[first_rows])
    images = images.filter(pa.array(counts[known] >= least))
    known &= counts >= least
    image = np.repeat(np.arange(len(first_rows)), counts)
    order = np.argsort(image * raters + votes["rater"].to_numpy())
    return Judged(votes.take(pa.array(order[known[image]])), images, counts[known])


def splits(images: pa.RecordBatch) -> pa.StringArray:
    """Return the split of each image, of which the columns `BONDS` are known."""
    return pa.array(map(split_of, *(images[name].to_pylist() for name, _ in BONDS)), pa.string())
