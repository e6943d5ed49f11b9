"""Reads all figures in one pass over the votes; memory does not grow with them.

Votes, images and raters are those that exports publish: nothing that was voided, no gold, nothing
of raters who were erased. Where scores must be made for the selection, its votes are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final

import numpy as np
import pyarrow as pa

from bot.datasets.exports import scores
from bot.datasets.exports.figures import tallied
from bot.datasets.exports.published import Judged, Raters, judged
from bot.datasets.exports.reading import NUMBER, Floats, Integers, fetch
from bot.datasets.exports.scores import HOMES, VOTES, Scores
from bot.datasets.exports.source import RefusedError, Source
from bot.rating.scales import SCALES, Scale
from bot.statistics.anonymity import FEWEST, Band, coarse
from bot.statistics.figures import (
    ACTIVITY,
    DAY,
    MOST_ERRORS,
    SHARES,
    VOTE_BANDS,
    Figures,
    Month,
    ScaleFigures,
    Uncertainty,
)
from storage import statistics

TIMED_VOTES = VOTES.append(pa.field("created_at", pa.int64()))
MONTHS = pa.schema([("month", pa.int64()), ("amount", pa.int64()), ("raters", pa.int64())])

STEPS: Final = {"aesthetic": 0.5, "artifacts": 0.25}
"""How wide the steps are in which scores are told."""


def gather(source: Source) -> Figures:
    """Read the figures of a selection."""
    raters = Raters.load(source)
    by_rater = np.zeros(len(raters.numbers), np.int64)
    by_number = np.zeros(len(VOTE_BANDS), np.int64)
    by_day: dict[int, int] = {}
    with _scores(source, raters) as kept:
        scales = {name: _Scale(scale, kept.get(name)) for name, scale in SCALES.items()}
        for some in judged(source, raters, TIMED_VOTES, HOMES):
            if not len(some):
                continue
            by_rater += np.bincount(some.votes["rater"].to_numpy(), minlength=len(by_rater))
            by_number += _in_bands(some.counts, VOTE_BANDS)
            _count_days(by_day, some.votes["created_at"].to_numpy())
            for each in scales.values():
                each.add(some)
    active = by_rater[by_rater > 0]
    return Figures(
        data_sets=tuple(source.data_sets.values()),
        votes=int(active.sum()),
        images=_images(source),
        rated=int(by_number.sum()),
        raters=len(active) if len(active) >= FEWEST else None,
        days=dict(sorted(by_day.items())),
        image_votes=tuple(by_number.tolist()),
        activity=coarse(
            [
                Band(low, high, int(many))
                for (low, high), many in zip(ACTIVITY, _in_bands(active, ACTIVITY), strict=True)
            ]
        ),
        kudos=_kudos(source) if source.selection.is_of_whole_data_sets else None,
        scales={name: each.figures() for name, each in scales.items()},
    )


class _Scale:
    """Adds up what is told of one scale."""

    def __init__(self, scale: Scale, kept: Scores | None) -> None:
        self._scale = scale
        self._kept = kept
        self._answers = np.zeros(len(scale.values), np.int64)
        self._agreement = np.zeros(SHARES, np.int64)
        self._step = STEPS[scale.name]
        self._columns = round((scale.high - scale.low) / self._step)
        self._errors = np.zeros(self._columns)
        self._cells = np.zeros((MOST_ERRORS, self._columns), np.int64)

    def add(self, some: Judged) -> None:
        """Count the votes on whole images."""
        tally = tallied(some, self._scale)
        self._answers += tally.histogram.sum(0)
        shares = tally.agreement[tally.votes > 1]
        self._agreement += np.bincount(_steps(shares, 1 / SHARES, SHARES), minlength=SHARES)
        if self._kept is not None:
            score, error = (values[tally.votes > 0] for values in self._kept.of(some))
            self._place(score, error)

    def _place(self, score: Floats, error: Floats) -> None:
        column = _steps(score - self._scale.low, self._step, self._columns)
        row = _steps(error, self._step / 4, MOST_ERRORS)
        cells = np.bincount(row * self._columns + column, minlength=self._cells.size)
        self._cells += cells.reshape(self._cells.shape)
        self._errors += np.bincount(column, error, self._columns)

    def figures(self) -> ScaleFigures:
        """Return what was counted."""
        return ScaleFigures(
            answers=tuple(self._answers.tolist()),
            agreement=tuple(self._agreement.tolist()),
            uncertainty=Uncertainty(self._step, self._cells, tuple(self._errors.tolist())),
        )


@contextmanager
def _scores(source: Source, raters: Raters) -> Iterator[Mapping[str, Scores]]:
    """Give the scores by scale; none where none were ever made."""
    with ExitStack() as stack:
        try:
            kept = stack.enter_context(scores.opened(source, raters))
        except RefusedError:
            kept = {}
        yield kept


def _images(source: Source) -> int:
    sql, parameters = statistics.images(list(source.data_sets), safe=source.safe)
    number: int = fetch(source.connection, sql, NUMBER, *parameters)["number"][0].as_py()
    return number


def _kudos(source: Source) -> tuple[Month, ...]:
    sql, parameters = statistics.kudos(list(source.data_sets))
    rows = fetch(source.connection, sql, MONTHS, *parameters).to_pylist()
    return tuple(Month(row["month"], row["amount"]) for row in rows if row["raters"] >= FEWEST)


def _count_days(by_day: dict[int, int], created_at: Integers) -> None:
    days, counts = np.unique(created_at // DAY, return_counts=True)
    for day, count in zip(days.tolist(), counts.tolist(), strict=True):
        by_day[day] = by_day.get(day, 0) + count


def _steps(values: Floats, width: float, steps: int) -> Integers:
    """Return the step, from 0, in which each value is; whatever is above is in the last."""
    return np.clip((values / width + 1e-9).astype(np.int64), 0, steps - 1)


def _in_bands(values: Integers, bands: tuple[tuple[int, int | None], ...]) -> Integers:
    """Count values of 1 or more by their band."""
    lows = np.array([low for low, _ in bands])
    return np.bincount(np.searchsorted(lows, values, side="right") - 1, minlength=len(bands))
