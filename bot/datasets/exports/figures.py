"""Everything that votes say of images, scale by scale: for the formats that are of images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import erf, sqrt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.datasets.exports import scores
from bot.datasets.exports.published import BONDS, Judged, Raters, judged
from bot.datasets.exports.reading import Flags, Floats
from bot.datasets.exports.scores import Scores
from bot.datasets.exports.source import Source
from bot.datasets.exports.tally import Tally
from bot.rating.scales import SCALES, Scale

NEEDED = (
    ("image_id", pa.int64()),
    ("data_set_id", pa.int64()),
    *BONDS,
)


@dataclass(frozen=True, slots=True)
class Figures:
    """One figure an image: `score` on the scale and its `standard_error`, and the plain `tally`.

    `enough` tells which images have as many votes on this scale as the selection asks for, and at
    least one: nothing else is to be told of the others.
    """

    tally: Tally
    score: Floats
    standard_error: Floats
    enough: Flags

    @property
    def confidence(self) -> Floats:
        """The probability, 0 to 1, that the true score lies within half a point of `score`."""
        within = 0.5 / (self.standard_error * sqrt(2))
        return np.fromiter(map(erf, within), float, len(within))


@dataclass(frozen=True, slots=True)
class Described:
    """Images with what votes say of them, by scale; some of them may have `enough` on none."""

    images: pa.RecordBatch
    figures: Mapping[str, Figures]

    def __len__(self) -> int:
        return len(self.images)


def described(source: Source, *columns: tuple[str, pa.DataType]) -> Iterator[Described]:
    """Yield the selected images, many at once, in the order of their import.

    `images` has the columns `NEEDED` and those that are asked for, as `Source.images` knows them.
    Raises RefusedError where no scores were ever made.
    """
    raters = Raters.load(source)
    least = source.selection.minimum_votes
    schema = pa.schema([*NEEDED, *columns])
    with scores.opened(source, raters) as kept:
        for some in judged(source, raters, scores.VOTES, schema, minimum_votes=1):
            if len(some):
                figures = {
                    name: _figures(some, scale, kept[name], least) for name, scale in SCALES.items()
                }
                yield Described(some.images, figures)


def tallied(some: Judged, scale: Scale) -> Tally:
    """Count the votes of each image on a scale."""
    answers = some.votes[scale.name]
    given = pc.is_valid(answers).to_numpy(zero_copy_only=False)
    return Tally.of(scale, some.image[given], pc.fill_null(answers, 0).to_numpy()[given], len(some))


def _figures(some: Judged, scale: Scale, kept: Scores, least: int) -> Figures:
    tally = tallied(some, scale)
    score, error = kept.of(some)
    return Figures(tally, score, error, tally.votes >= max(least, 1))
