"""Scores of images for the formats that tell them: those that are kept, or made for a selection.

A score is always one of exactly the votes that the selection has. Those of the database are of all
votes that count at the scorer's last run; an image whose votes are others by now is scored from
them by the formula of docs/scoring.md, with what that run found of its raters, as the database does
when a vote is taken out. A selection of fewer or more votes has all its scores made anew, and so
have imported votes: whoever gave them is in no score that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.datasets.exports.published import Judged, Raters, judged
from bot.datasets.exports.reading import NUMBER, Floats, Integers, fetch, find, stream
from bot.datasets.exports.source import RefusedError, Source
from bot.datasets.exports.streams import Along
from bot.rating.scales import SCALES, Scale
from bot.trust.scoring.estimate import estimate
from bot.trust.scoring.votes import Votes
from storage import exporting

VOTES = pa.schema(
    [("image_id", pa.int64()), ("rater", pa.int64())] + [(name, pa.int64()) for name in SCALES]
)
"""The columns of votes that scores are made of."""

HOMES = pa.schema([("image_id", pa.int64()), ("data_set_id", pa.int64())])
FRAME = pa.schema(
    [
        ("spread", pa.float64()),
        ("crowd_bias", pa.float64()),
        ("crowd_weight", pa.float64()),
        ("centre", pa.float64()),
        ("position", pa.int64()),
    ]
)
CENTRES = pa.schema([("data_set_id", pa.int64()), ("centre", pa.float64())])
OF_IMAGES = pa.schema(
    [
        ("image_id", pa.int64()),
        ("votes", pa.int64()),
        ("score", pa.float64()),
        ("standard_error", pa.float64()),
        ("difficulty", pa.float64()),
    ]
)


class Scores(Protocol):
    """Tells scores on one scale, of images that are asked for in ascending order."""

    def of(self, some: Judged) -> tuple[Floats, Floats]:
        """Return score and standard error of each of the images of `some`.

        `some` has the columns of `VOTES`, and image_id and data_set_id of images. What is told of
        an image without a vote on the scale says nothing.
        """


@contextmanager
def opened(source: Source, raters: Raters) -> Iterator[Mapping[str, Scores]]:
    """Give the scores of a selection, by scale. Raises RefusedError where none were ever made."""
    if source.selection.is_of_other_votes:
        yield _made(source, raters)
        return
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(_kept(source, raters, scale))
            for name, scale in SCALES.items()
        }


@dataclass(frozen=True, slots=True)
class Model:
    """What the last run found that images are scored with; `bias` and `weight` a rater's place."""

    scale: Scale
    spread: float
    centre: float
    centres: Mapping[int, float]
    bias: Floats
    weight: Floats

    @classmethod
    def load(cls, source: Source, raters: Raters, scale: Scale, frame: Mapping[str, float]) -> Self:
        """Read it; a rater who was never scored is taken as the crowd is."""
        centres = fetch(source.connection, exporting.SCORE_CENTRES, CENTRES, scale.name)
        found = raters.scored(
            source, scale.name, bias=frame["crowd_bias"], weight=frame["crowd_weight"]
        )
        return cls(
            scale=scale,
            spread=frame["spread"],
            centre=frame["centre"],
            centres=dict(zip(*(column.to_pylist() for column in centres.columns), strict=True)),
            bias=found["bias"],
            weight=found["weight"],
        )

    def score(self, some: Judged, difficulty: Floats) -> tuple[Floats, Floats]:
        """Return sum(w (y - b)) + g / t over sum(w) + 1 / t of each image, and its error."""
        given = pc.is_valid(some.votes[self.scale.name]).to_numpy(zero_copy_only=False)
        image, rater = some.image[given], some.votes["rater"].to_numpy()[given]
        answer = pc.fill_null(some.votes[self.scale.name], 0).to_numpy()[given]
        weight = self.weight[rater]
        homes = some.images["data_set_id"].to_pylist()
        centre = np.array([self.centres.get(home, self.centre) for home in homes], float)
        precision = np.bincount(image, weight, len(some)) + 1 / self.spread
        total = np.bincount(image, weight * (answer - self.bias[rater]), len(some))
        score = (total + centre / self.spread) / precision
        return np.clip(score, self.scale.low, self.scale.high), np.sqrt(difficulty / precision)


@dataclass(frozen=True, slots=True)
class KeptScores:
    """Those of the last run, and anew where votes are others by now."""

    model: Model
    kept: Along
    touched: Integers

    def of(self, some: Judged) -> tuple[Floats, Floats]:
        """Return score and standard error of each image."""
        image_ids = some.images["image_id"].to_numpy()
        known, rows = self.kept.find(image_ids)
        difficulty = np.ones(len(some))
        difficulty[known] = rows["difficulty"].to_numpy()
        score, error = self.model.score(some, difficulty)
        given = pc.is_valid(some.votes[self.model.scale.name]).to_numpy(zero_copy_only=False)
        votes = np.bincount(some.image[given], minlength=len(some))
        same = np.zeros(len(some), bool)
        same[known] = rows["votes"].to_numpy() == votes[known]
        same &= ~find(image_ids, self.touched)[0]
        score[same] = rows["score"].to_numpy()[same[known]]
        error[same] = rows["standard_error"].to_numpy()[same[known]]
        return score, error


@dataclass(frozen=True, slots=True)
class MadeScores:
    """Those that were made of a selection's votes."""

    image_ids: Integers
    score: Floats
    error: Floats

    def of(self, some: Judged) -> tuple[Floats, Floats]:
        """Return score and standard error of each image."""
        _, places = find(some.images["image_id"].to_numpy(), self.image_ids)
        return self.score[places], self.error[places]


@contextmanager
def _kept(source: Source, raters: Raters, scale: Scale) -> Iterator[KeptScores]:
    frames = fetch(source.connection, exporting.SCORE_RUN, FRAME, scale.name).to_pylist()
    if not frames:
        raise RefusedError("no scores were ever made of these votes: `jury scores` makes them")
    position = frames[0]["position"] or 0
    touched = fetch(source.connection, exporting.TOUCHED_SINCE, NUMBER, position)["number"]
    rows = stream(source.connection, exporting.IMAGE_SCORES, OF_IMAGES, scale.name)
    with closing(rows):
        model = Model.load(source, raters, scale, frames[0])
        yield KeptScores(model, Along(rows, OF_IMAGES), touched.to_numpy())


def _made(source: Source, raters: Raters) -> Mapping[str, Scores]:
    """Score exactly the selected votes; memory grows with them."""
    quiet = replace(source, progress=lambda _done, _most: None)
    read = list(judged(quiet, raters, VOTES, HOMES, minimum_votes=1))
    nothing = pa.RecordBatch.from_pylist([], VOTES)
    images = pa.concat_batches(
        [pa.RecordBatch.from_pylist([], HOMES), *(some.images for some in read)]
    )
    votes = pa.concat_batches([nothing, *(some.votes for some in read)])
    image_ids = images["image_id"].to_numpy()
    _, item = find(votes["image_id"].to_numpy(), image_ids)
    rater, many = raters.one_by_one(votes["rater"].to_numpy())
    homes, group = np.unique(images["data_set_id"].to_numpy(), return_inverse=True)
    made: dict[str, Scores] = {}
    for name, scale in SCALES.items():
        given = pc.is_valid(votes[name]).to_numpy(zero_copy_only=False)
        found = estimate(
            Votes.of(
                rater[given],
                item[given],
                pc.fill_null(votes[name], 0).to_numpy()[given],
                low=scale.low,
                high=scale.high,
                raters=many,
                items=len(image_ids),
                group=group,
                groups=max(len(homes), 1),
            )
        )
        made[name] = MadeScores(image_ids, found.score, found.error)
    return made
