"""The votes of a whole database as arrays. Slow to import, for children only."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from bot.rating.scales import SCALES
from bot.trust.scoring.ordering import ascending
from bot.trust.scoring.votes import Index, Votes
from storage import scored_votes
from storage import votes as vote_rows

Small = npt.NDArray[np.int8]
"""Scores of all scales fit; -1 says that one is not given."""

VOTE: Final = np.dtype(
    [("image", np.int64), ("rater", np.int64), *((scale, np.int8) for scale in vote_rows.SCALES)]
)
HOME: Final = np.dtype([("image", np.int64), ("data_set", np.int64)])

SPARSE: Final = 8
"""With gaps of more than that on average, ids are sorted instead of marked in a table."""


@dataclass(frozen=True, slots=True)
class Ballots:
    """Every vote that makes scores, in the order of images and then raters.

    `rater`, `item` and `group` are places in `raters`, `images` and `data_sets`, which ascend.
    `position` is that of the history up to which these votes go.
    """

    rater: Index
    item: Index
    scores: dict[str, Small]
    raters: Index
    images: Index
    group: Index
    data_sets: Index
    position: int

    @classmethod
    def read(cls, connection: Connection) -> Self:
        """Read all of one moment. Raises sqlite3.Error."""
        connection.execute("BEGIN")
        try:
            position = scored_votes.position(connection)
            rows = np.fromiter(scored_votes.votes(connection), VOTE)
            homes = np.fromiter(scored_votes.data_sets(connection), HOME)
        finally:
            connection.execute("ROLLBACK")
        images, item = _places(rows["image"])
        raters, rater = _places(rows["rater"])
        order = ascending(item * max(len(raters), 1) + rater)
        data_sets, group = _places(homes["data_set"])
        return cls(
            rater=rater[order],
            item=item[order],
            scores={scale: rows[scale][order] for scale in vote_rows.SCALES},
            raters=raters,
            images=images,
            group=group[np.searchsorted(homes["image"], images)],
            data_sets=data_sets,
            position=position,
        )

    def of(self, scale: str) -> Votes:
        """Return the votes on a scale, with one rater and one group more than there are.

        These have no votes and change nothing: what is found of them holds for newcomers.
        """
        score = self.scores[scale]
        given = score >= 0
        return Votes.of(
            self.rater[given],
            self.item[given],
            score[given],
            low=SCALES[scale].low,
            high=SCALES[scale].high,
            raters=len(self.raters) + 1,
            items=len(self.images),
            group=self.group,
            groups=len(self.data_sets) + 1,
        )


def _places(ids: Index) -> tuple[Index, Index]:
    """Return the distinct ids, which are above 0, in their order, and each one's place there."""
    most = int(ids.max(initial=0))
    if most > SPARSE * len(ids):
        distinct, place = np.unique(ids, return_inverse=True)
        return distinct, place
    there = np.zeros(most + 1, bool)
    there[ids] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[ids]
