"""What a run found is brought into the database: only what changed, in short turns.

A run may be stopped between any two turns: what is written stays and is of use, and the next run
writes the rest. Slow to import, for children only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isnan
from sqlite3 import Connection
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bot.trust.scoring import holding
from bot.trust.scoring.assessing import Assessment
from bot.trust.scoring.collecting import Ballots
from bot.trust.scoring.votes import Flags, Floats, Index, Votes
from storage import image_scores, rater_scores, score_runs, scored_votes
from storage.score_runs import Frame, Seen
from storage.turns import Turns

NOTICEABLE: Final = 0.005
"""A figure that moved by less, or by less than this share of it where it is above 1, is left as it
is: the whole crowd moves a little with each vote. It is compared with what is written, so it cannot
creep away by small steps."""

EXACT: Final = 2


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by an id, which ascends: figures that are compared, a column each, NaN for none.

    The first two columns count however little they differ.
    """

    ids: Index
    figures: Floats

    def changed(self, stored: Table) -> Index:
        """Return the places of the rows that are not stored, or differ noticeably."""
        place, there = stored.find(self.ids)
        new, old = self.figures[there], stored.figures[place[there]]
        least = NOTICEABLE * np.maximum(np.abs(old), 1.0)
        least[:, :EXACT] = 0.0
        moved = (np.abs(new - old) > least) | (np.isnan(new) != np.isnan(old))
        changed = ~there
        changed[there] = moved.any(1)
        return np.flatnonzero(changed)

    def gone(self, stored: Table) -> Index:
        """Return the stored ids that are no row's any more."""
        _, there = self.find(stored.ids)
        return stored.ids[~there]

    def find(self, wanted: Index) -> tuple[npt.NDArray[np.intp], Flags]:
        """Return the place of each wanted id, and whether it is there."""
        place = np.searchsorted(self.ids, wanted)
        there = place < len(self.ids)
        there[there] = self.ids[place[there]] == wanted[there]
        return place, there


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a run on a scale was written: rows that changed, or left."""

    images: int
    raters: int


class Keeping:
    """Writes runs over `ballots`, as of `now`, on one connection.

    Images whose votes changed since these were read are scored anew from their votes of the moment,
    in the same turn: what an erasure or a void has taken out never comes back.
    """

    def __init__(
        self, connection: Connection, turns: Turns, ballots: Ballots, now: datetime
    ) -> None:
        self._connection = connection
        self._turns = turns
        self._ballots = ballots
        self._now = now
        self._position = ballots.position
        self._touched: set[int] = set()
        self._kept: dict[str, Kept] = {}

    def keep(
        self, scale: str, votes: Votes, found: Assessment, seconds: float
    ) -> Iterator[tuple[int, int]]:
        """Write all of a run on a scale; yield after each turn the rows done, and how many change.

        Nobody is held whose gold is right. Raises sqlite3.Error.
        """
        found = replace(found, held=self._without_right_gold(scale, found.held))
        judged = np.flatnonzero(found.scores.votes)
        judges = np.flatnonzero(found.raters.votes)
        images = Table(self._ballots.images[judged], _of_images(found)[judged])
        raters = Table(self._ballots.raters[judges], _of_raters(found)[judges])
        old_images = _table(image_scores.stored(self._connection, scale), images.figures.shape[1])
        old_raters = _table(rater_scores.stored(self._connection, scale), raters.figures.shape[1])
        new_images, new_raters = images.changed(old_images), raters.changed(old_raters)
        gone_images, gone_raters = images.gone(old_images), raters.gone(old_raters)
        kept = Kept(len(new_images) + len(gone_images), len(new_raters) + len(gone_raters))
        del old_images, old_raters
        with self._turns.turn() as connection:
            score_runs.set_frame(connection, scale, self._frame(votes, found))
        done = 0
        for some in (
            self._write_raters(scale, raters, new_raters),
            self._remove_raters(scale, gone_raters),
            self._write_images(scale, images, new_images),
            self._remove_images(scale, gone_images),
        ):
            written = 0
            for written in some:
                yield done + written, kept.images + kept.raters
            done += written
        seen = Seen(
            self._now, self._ballots.position, len(votes), len(judged), len(judges), seconds
        )
        with self._turns.turn() as connection:
            holding.lift_in_vain(connection, self._now)
            score_runs.finish(connection, scale, seen)
        self._kept[scale] = kept

    def _without_right_gold(self, scale: str, held: Flags) -> Flags:
        """Return who is held, without those of whom gold says that they look."""
        rest = held.copy()
        for place in np.flatnonzero(held):
            number = int(self._ballots.raters[place])
            rest[place] = not holding.is_overruled(self._connection, number, scale)
        return rest

    def kept(self, scale: str) -> Kept:
        """Return what was written of a scale that is done."""
        return self._kept[scale]

    def _frame(self, votes: Votes, found: Assessment) -> Frame:
        """Return what scores single images; the last rater and group stand for newcomers."""
        model = found.model
        centres = zip(self._ballots.data_sets.tolist(), model.centre.tolist(), strict=False)
        return Frame(
            low=votes.low,
            high=votes.high,
            centre=float(model.centre[-1]),
            spread=model.between,
            crowd_bias=float(model.bias[-1]),
            crowd_weight=float(model.weight[-1]),
            centres=dict(centres),
        )

    def _write_raters(self, scale: str, raters: Table, places: Index) -> Iterator[int]:
        def unit(connection: Connection, some: Sequence[int]) -> None:
            chosen = places[some[0] : some[-1] + 1]
            ids, figures = raters.ids[chosen].tolist(), raters.figures[chosen]
            rows = [
                (number, int(votes), bool(held), tuple(None if isnan(x) else x for x in rest))
                for number, (votes, held, *rest) in zip(ids, figures.tolist(), strict=True)
            ]
            newly = rater_scores.write(connection, scale, rows, self._now)
            holding.place(connection, newly, self._now)

        return self._turns.write(range(len(places)), unit)

    def _remove_raters(self, scale: str, numbers: Index) -> Iterator[int]:
        return self._turns.write(
            numbers.tolist(), lambda c, some: rater_scores.remove(c, scale, some)
        )

    def _write_images(self, scale: str, images: Table, places: Index) -> Iterator[int]:
        def unit(connection: Connection, some: Sequence[int]) -> None:
            chosen = places[some[0] : some[-1] + 1]
            touched = self._rescore_touched(connection, images.ids[chosen].tolist())
            chosen = chosen[~np.isin(images.ids[chosen], touched)]
            votes, *rest = images.figures[chosen].T
            columns = images.ids[chosen], votes.astype(np.int64), *rest
            rows = zip(*(column.tolist() for column in columns), strict=True)
            image_scores.write(connection, scale, rows, self._now)

        return self._turns.write(range(len(places)), unit)

    def _remove_images(self, scale: str, ids: Index) -> Iterator[int]:
        def unit(connection: Connection, some: Sequence[int]) -> None:
            touched = self._rescore_touched(connection, some)
            image_scores.remove(connection, scale, list(set(some).difference(touched)))

        return self._turns.write(ids.tolist(), unit)

    def _rescore_touched(self, connection: Connection, ids: Sequence[int]) -> list[int]:
        """Score those anew whose votes are others by now; return them."""
        more, self._position = scored_votes.touched(connection, self._position)
        self._touched |= more
        touched = sorted(self._touched.intersection(ids))
        for image in touched:
            image_scores.rescore(connection, image, self._now)
        return touched


def _of_images(found: Assessment) -> Floats:
    scores = found.scores
    return np.column_stack(
        (
            scores.votes,
            scores.plain_mean,
            scores.score,
            scores.standard_error,
            found.model.difficulty,
        )
    )


def _of_raters(found: Assessment) -> Floats:
    raters = found.raters
    figures = [
        found.model.weight if name == "weight" else getattr(raters, name)
        for name in rater_scores.FIGURES
    ]
    return np.column_stack((raters.votes, found.held, *figures))


def _table(rows: Iterable[tuple[Any, ...]], width: int) -> Table:
    """Return rows of an id and so many figures, of which NULL is NaN."""
    columns = [("id", np.int64), *((str(place), np.float64) for place in range(width))]
    flat = np.fromiter(rows, np.dtype(columns))
    table = flat.view([("id", np.int64), ("figures", np.float64, (width,))])
    return Table(table["id"], table["figures"])
